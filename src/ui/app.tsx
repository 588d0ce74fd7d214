/** The routes of the viewer: which page an address shows. */
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { LiveProvider } from "./data/live-context.tsx";
import { DocsPage } from "./docs/lazy.ts";
import { decoded, paths } from "./pages.ts";
import { lazyPage, PageBoundary } from "./parts/page-errors.tsx";
import { NotFound } from "./shell/not-found.tsx";
import { Shell } from "./shell/shell.tsx";
import { TracesPage } from "./traces/page.tsx";

// The list of traces is in the main bundle, because most visits start there; other pages load on
// demand.
const TracePage = lazyPage("trace", async () => (await import("./trace/page.tsx")).TracePage);
const ComparePage = lazyPage(
  "compare",
  async () => (await import("./compare/page.tsx")).ComparePage,
);
const SessionsPage = lazyPage(
  "sessions",
  async () => (await import("./sessions/page.tsx")).SessionsPage,
);
const OverviewPage = lazyPage(
  "overview",
  async () => (await import("./overview/page.tsx")).OverviewPage,
);
const AgentsPage = lazyPage("agents", async () => (await import("./agents/page.tsx")).AgentsPage);
const PromptsPage = lazyPage(
  "prompts",
  async () => (await import("./prompts/page.tsx")).PromptsPage,
);
const SettingsPage = lazyPage(
  "settings",
  async () => (await import("./settings/page.tsx")).SettingsPage,
);

export function App({ client }: { client: QueryClient }) {
  const [path] = useLocation();
  return (
    <QueryClientProvider client={client}>
      <LiveProvider>
        <Shell>
          <PageBoundary key={path.split("/")[1]}>
            <Switch>
              <Route path={paths.start}>
                <Redirect to={paths.traces + location.search} replace />
              </Route>
              <Route path={paths.traces}>
                <TracesPage />
              </Route>
              <Route path={paths.trace}>
                {({ trace }) => <TracePage trace={decoded(trace)} key={trace} />}
              </Route>
              <Route path={paths.compare}>
                <ComparePage />
              </Route>
              <Route path={`${paths.session}?` as const}>
                {({ session }) => (
                  <SessionsPage session={session === undefined ? null : decoded(session)} />
                )}
              </Route>
              <Route path={paths.overview}>
                <OverviewPage />
              </Route>
              <Route path={paths.agents}>
                <AgentsPage />
              </Route>
              <Route path={paths.prompts}>
                {({ agent }) => <PromptsPage agent={decoded(agent)} key={agent} />}
              </Route>
              <Route path={paths.settings}>
                <SettingsPage />
              </Route>
              <Route path={`${paths.doc}?` as const}>
                {({ topic }) => <DocsPage topic={topic === undefined ? null : decoded(topic)} />}
              </Route>
              <Route>
                <NotFound />
              </Route>
            </Switch>
          </PageBoundary>
        </Shell>
      </LiveProvider>
    </QueryClientProvider>
  );
}

/** Which address shows which page. */
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { LiveProvider } from "./data/live-context.tsx";
import { Nothing } from "./parts/controls.tsx";
import { paths } from "./pages.ts";
import { PageBoundary } from "./parts/unloaded.tsx";
import { Shell } from "./shell/shell.tsx";
import { TracesPage } from "./traces/page.tsx";

// The list is what most come for; the rest is there when it is asked for.
const TracePage = lazy(async () => ({ default: (await import("./trace/page.tsx")).TracePage }));
const ComparePage = lazy(async () => ({
  default: (await import("./compare/page.tsx")).ComparePage,
}));
const SessionsPage = lazy(async () => ({
  default: (await import("./sessions/page.tsx")).SessionsPage,
}));
const OverviewPage = lazy(async () => ({
  default: (await import("./overview/page.tsx")).OverviewPage,
}));
const AgentsPage = lazy(async () => ({ default: (await import("./agents/page.tsx")).AgentsPage }));
const PromptsPage = lazy(async () => ({
  default: (await import("./prompts/page.tsx")).PromptsPage,
}));
const SettingsPage = lazy(async () => ({
  default: (await import("./settings/page.tsx")).SettingsPage,
}));

export function App({ client }: { client: QueryClient }) {
  const [path] = useLocation();
  return (
    <QueryClientProvider client={client}>
      <LiveProvider>
        <Shell>
          <PageBoundary key={path.split("/")[1]}>
            <Suspense fallback={null}>
              <Switch>
                <Route path={paths.start}>
                  <Redirect to={paths.traces + location.search} replace />
                </Route>
                <Route path={paths.traces}>
                  <TracesPage />
                </Route>
                <Route path={paths.trace}>
                  {({ trace }) => <TracePage trace={decodeURIComponent(trace)} key={trace} />}
                </Route>
                <Route path={paths.compare}>
                  <ComparePage />
                </Route>
                <Route path={`${paths.session}?` as const}>
                  {({ session }) => (
                    <SessionsPage
                      session={session === undefined ? null : decodeURIComponent(session)}
                    />
                  )}
                </Route>
                <Route path={paths.overview}>
                  <OverviewPage />
                </Route>
                <Route path={paths.agents}>
                  <AgentsPage />
                </Route>
                <Route path={paths.prompts}>
                  {({ agent }) => <PromptsPage agent={decodeURIComponent(agent)} key={agent} />}
                </Route>
                <Route path={paths.settings}>
                  <SettingsPage />
                </Route>
                <Route>
                  <Nothing>There is no such page.</Nothing>
                </Route>
              </Switch>
            </Suspense>
          </PageBoundary>
        </Shell>
      </LiveProvider>
    </QueryClientProvider>
  );
}

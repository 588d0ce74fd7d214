/** The manual for whoever comes without a token: it tells, too, how to get one. */
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { Route } from "wouter";
import { DocsPage } from "../docs/lazy.ts";
import { decoded, paths } from "../pages.ts";
import { Logo, ThemeIcon } from "../parts/icon.tsx";
import { toggleTheme } from "../state/prefs.ts";
import "./shell.css";

export function ManualAlone({ client }: { client: QueryClient }) {
  return (
    <QueryClientProvider client={client}>
      <div className="shell-head">
        <header className="shell-bar">
          {/* Asks for the token, so that all begins anew. */}
          <a className="shell-brand" href={paths.start} aria-label="Tealight: traces">
            <Logo />
            <span className="shell-name">tealight</span>
          </a>
          <span className="shell-title" aria-hidden="true">
            Manual
          </span>
          <div className="shell-bar-end">
            <button
              type="button"
              className="button is-quiet is-square"
              aria-label="Switch between light and dark"
              title="Light or dark"
              onClick={toggleTheme}
            >
              <ThemeIcon />
            </button>
          </div>
        </header>
      </div>
      <main className="page shell-page" id="page">
        <Route path={`${paths.doc}?` as const}>
          {({ topic }) => <DocsPage topic={topic === undefined ? null : decoded(topic)} />}
        </Route>
      </main>
    </QueryClientProvider>
  );
}

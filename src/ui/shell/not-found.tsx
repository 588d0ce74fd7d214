/** The page for an unknown address. */
import { Link } from "wouter";
import { useProject } from "../data/queries.ts";
import { hrefOf } from "../pages.ts";
import { EmptyState } from "../parts/controls.tsx";
import { useTitle } from "../state/title.ts";

export function NotFound() {
  useTitle("Page not found");
  const [project] = useProject();
  return (
    <EmptyState>
      <h1 className="strong">There is no such page</h1>
      <p className="shell-nopage">
        Nothing is at <code className="mono">{location.pathname}</code>.
      </p>
      <Link className="button" href={hrefOf("traces", { query: { project } })}>
        All traces
      </Link>
    </EmptyState>
  );
}

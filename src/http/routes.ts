/** All routes of operators, in the order of the document. */
import type { ReadDeps } from "./read.ts";
import type { Route } from "./route.ts";
import { statsRoutes } from "./stats.ts";

export function operatorRoutes(deps: ReadDeps): Route[] {
  return [...statsRoutes(deps)];
}

/** All routes of operators, in the order of the document. */
import type { ReadDeps } from "./read.ts";
import type { Route } from "./route.ts";

export function operatorRoutes(_deps: ReadDeps): Route[] {
  return [];
}

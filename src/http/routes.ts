/** All routes, in the order of the document. */
import { adminRoutes } from "./admin.ts";
import { compareRoutes } from "./compare.ts";
import { documentRoutes } from "./document.ts";
import { ingestRoutes, type IngestRouteDeps } from "./ingestroutes.ts";
import { liveRoutes, type Live } from "./live.ts";
import { messageRoutes } from "./messages.ts";
import { priceRoutes } from "./prices.ts";
import { promptRoutes } from "./prompts.ts";
import type { ReadDeps } from "./read.ts";
import { removeRoutes } from "./remove.ts";
import { rereadRoutes } from "./reread.ts";
import type { Route } from "./route.ts";
import { searchRoutes, type SearchDeps } from "./search.ts";
import { serverRoutes, type ServerDeps } from "./server.ts";
import { setupRoutes, type SetupDeps } from "./setup.ts";
import { statsRoutes } from "./stats.ts";
import { storageRoutes, type StorageDeps } from "./storage.ts";
import { traceRoutes } from "./trace.ts";
import { traceListRoutes } from "./traces.ts";
import { viewRoutes } from "./views.ts";

export interface RouteDeps
  extends ReadDeps, SearchDeps, ServerDeps, StorageDeps, SetupDeps, IngestRouteDeps {
  live: Live;
}

export function allRoutes(deps: RouteDeps): Route[] {
  const routes = apiRoutes(deps);
  return [...routes, ...documentRoutes(routes)];
}

/** With their types, which api.ts hands on to those that ask. */
export function apiRoutes(deps: RouteDeps) {
  return [
    ...ingestRoutes(deps),
    ...traceListRoutes(deps),
    ...traceRoutes(deps),
    ...messageRoutes(deps),
    ...compareRoutes(deps),
    ...statsRoutes(deps),
    ...promptRoutes(deps),
    ...removeRoutes(deps),
    ...liveRoutes(deps),
    ...viewRoutes(deps),
    ...searchRoutes(deps),
    ...adminRoutes(deps),
    ...priceRoutes(deps),
    ...rereadRoutes(deps),
    ...setupRoutes(deps),
    ...storageRoutes(deps),
    ...serverRoutes(deps),
  ];
}

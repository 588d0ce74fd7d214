/**
 * The whole HTTP surface on one screen: guard, error map, routes, in that order. Opens no port.
 *
 * No route lets Elysia parse or validate a body: it would do so before the route's own checks,
 * strip what it does not know, and echo rejected values in its errors.
 */
import { Elysia } from "elysia";
import { AppError } from "../errors.ts";
import { answerError, internalError, noRoute } from "./answer.ts";
import { declaredBytes } from "./body.ts";
import { ingestRoutes, type Guard } from "./guard.ts";
import { noteRefusal, preflight } from "./ingest.ts";
import { pathOf } from "./params.ts";
import { allRoutes, type RouteDeps } from "./routes.ts";
import { viewerRoutes } from "./viewer.ts";

export interface AppDeps extends Omit<RouteDeps, "ingest" | "keyring"> {
  guard: Guard;
  maxBodyBytes: number;
  onBug: (cause: unknown) => void;
}

export type App = ReturnType<typeof createApp>;

/** Whatever is refused here is kept with its reason. */
const doors = new Set([...ingestRoutes, "/api/import"]);

export function createApp(deps: AppDeps) {
  const { intake, guard, maxBodyBytes, onBug } = deps;
  const checkOperator = {
    beforeHandle: ({ request }: { request: Request }) => guard.checkOperator(request),
  };

  const app = new Elysia({ normalize: false, strictPath: true })
    .onError(({ code, error, request, path }) => {
      if (error instanceof AppError) {
        if (doors.has(path)) noteRefusal(declaredBytes(request), path, null, error, intake);
        return answerError(error);
      }
      if (code === "NOT_FOUND") return answerError(noRoute(request.method, path));
      onBug(error);
      return answerError(internalError());
    })
    .onRequest(({ request }) => {
      const path = pathOf(request);
      guard.checkOrigin(request, path);
      if (request.method === "OPTIONS" && ingestRoutes.has(path))
        return preflight(request, guard) ?? undefined;
    });
  const ingest = { intake, guard, maxBodyBytes, onBug };
  const routes = [...allRoutes({ ...deps, ingest, keyring: intake.keyring }), ...viewerRoutes()];
  for (const { method, path, access, serve } of routes) {
    const hook = access === "operator" ? checkOperator : {};
    app.route(method, path, ({ request }) => serve(request), hook);
  }
  return app;
}

/**
 * The whole HTTP surface on one screen: guard, error map, routes, in that order. Opens no port.
 *
 * No route lets Elysia parse or validate a body: it would do so before the route's own checks,
 * strip what it does not know, and echo rejected values in its errors.
 */
import { Elysia } from "elysia";
import { AppError } from "../errors.ts";
import { answerError, internalError, noOtlpRoute, noRoute } from "./answer.ts";
import { declaredBytes } from "./body.ts";
import type { Guard } from "./guard.ts";
import { noteRefusal, preflight } from "./ingest.ts";
import { encodingOf, refuseOverHttp } from "./otlp.ts";
import { pathOf } from "./params.ts";
import { ingestPaths, isOtlpPath, takesOtlp } from "./paths.ts";
import { isContainerHost } from "./peers.ts";
import { allRoutes, type RouteDeps } from "./routes.ts";
import { missingPage, viewerRoutes } from "./viewer.ts";

export interface AppDeps extends Omit<RouteDeps, "ingest" | "keyring"> {
  guard: Guard;
  maxBodyBytes: number;
  onBug: (cause: unknown) => void;
}

export type App = ReturnType<typeof createApp>;

/** What knows where a request came from. */
export interface Peers {
  requestIP(request: Request): { address: string } | null;
}

export function createApp(deps: AppDeps) {
  const { intake, guard, maxBodyBytes, onBug } = deps;
  const checkOperator = {
    beforeHandle: ({ request }: { request: Request }) => guard.checkOperator(request),
  };
  /** Of the few requests where it counts. */
  const peers = new WeakMap<Request, Peers>();

  /** Answers a failure of what was sent as spans, and lists it. */
  function refuse(request: Request, error: AppError, isOtlp: boolean): Response {
    noteRefusal(declaredBytes(request), pathOf(request), null, error, intake);
    return isOtlp ? refuseOverHttp(request, error, guard) : answerError(error);
  }

  const app = new Elysia({ normalize: false, strictPath: true })
    .onError(async ({ code, error, request }) => {
      const path = pathOf(request);
      const isOtlp = isOtlpPath(path);
      if (code === "NOT_FOUND" && !(error instanceof AppError)) {
        if (isOtlp || isProtobuf(request)) return refuse(request, noOtlp(request, path), true);
        const missing = noRoute(request.method, path);
        if (isExport(request)) return refuse(request, missing, false);
        return (await missingPage(request)) ?? answerError(missing);
      }
      if (!(error instanceof AppError)) onBug(error);
      const failure = error instanceof AppError ? error : internalError();
      const takesSpans = ingestPaths.has(path) || path === "/api/import";
      return isOtlp || takesSpans ? refuse(request, failure, isOtlp) : answerError(failure);
    })
    .onRequest(({ request }) => {
      const path = pathOf(request);
      guard.checkOrigin(request, path, () => peers.get(request)?.requestIP(request)?.address);
      if (request.method === "OPTIONS" && ingestPaths.has(path))
        return preflight(request, guard.corsHeaders(request)) ?? undefined;
    });
  const ingest = { intake, guard, maxBodyBytes, onBug };
  const routes = [...allRoutes({ ...deps, ingest, keyring: intake.keyring }), ...viewerRoutes()];
  for (const { method, path, aliases, access, serve } of routes) {
    const hook = access === "operator" ? checkOperator : {};
    for (const at of [path, ...aliases]) {
      app.route(method, at, ({ request }) => serve(request), hook);
    }
  }

  /** Answers requests of a socket. */
  function fetch(request: Request, from: Peers): Response | Promise<Response> {
    if (isContainerHost(request.headers.get("host") ?? "")) peers.set(request, from);
    return app.fetch(request);
  }

  return {
    fetch,
    /** On a port for OTLP alone: nothing else is served. */
    fetchOtlp(request: Request, from: Peers): Response | Promise<Response> {
      const path = pathOf(request);
      if (isOtlpPath(path)) return fetch(request, from);
      const missing = noOtlpRoute(request.method, path);
      return isExport(request) ? refuse(request, missing, true) : answerError(missing);
    },
    /** Answers a request of this process itself. */
    handle: (request: Request) => app.handle(request),
    routes,
  };
}

/** Whether it may be an export, to a path that is none: some exporters are to be given the whole of it. */
function isExport({ method, headers }: Request): boolean {
  return method === "POST" && encodingOf(headers.get("content-type")) !== null;
}

/** Only OTLP is sent so; JSON may be from whoever speaks ingest v1. */
function isProtobuf(request: Request): boolean {
  return isExport(request) && encodingOf(request.headers.get("content-type")) === "protobuf";
}

function noOtlp({ method }: Request, path: string): AppError {
  if (!takesOtlp(path)) return noOtlpRoute(method, path);
  return new AppError("method_not_allowed", `${method} is no method of ${path}`, {
    hint: "OTLP is sent with POST",
  });
}

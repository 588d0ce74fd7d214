/**
 * The whole HTTP surface on one screen: guard, error map, routes, in that order. Opens no port.
 *
 * No route lets Elysia parse or validate a body: it would do so before the route's own checks,
 * strip what it does not know, and echo rejected values in its errors.
 */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { AppError } from "../errors.ts";
import type { Intake } from "../ingest/intake.ts";
import type { Reader } from "../query/reader.ts";
import {
  createKey,
  createProject,
  listKeys,
  listProjects,
  renameProject,
  revokeKey,
} from "./admin.ts";
import { answer, answerError, internalError, noRoute } from "./answer.ts";
import { declaredBytes, readQuery } from "./body.ts";
import { ingestRoutes, type Guard } from "./guard.ts";
import { importBatch, ingest, noteRefusal, preflight } from "./ingest.ts";
import { exportOverHttp, type OtlpDeps } from "./otlp.ts";
import { pathOf } from "./params.ts";
import {
  dropBook,
  listPrices,
  readReprice,
  removePrice,
  setPrice,
  startReprice,
  updateBook,
} from "./prices.ts";
import {
  exportTrace,
  listRejects,
  listTraces,
  projectIdOf,
  readNews,
  readSpan,
  readTrace,
  traceKeyOf,
} from "./read.ts";
import { operatorRoutes } from "./routes.ts";

export interface AppDeps {
  intake: Intake;
  reader: Reader;
  guard: Guard;
  otlp: OtlpDeps;
  maxBodyBytes: number;
  /** What `GET /api/status` says of the process. */
  status: () => Promise<object>;
  /** Begins an orderly end; returns at once. */
  shutdown: () => void;
  onBug: (cause: unknown) => void;
}

export type App = ReturnType<typeof createApp>;

const ImportQuery = Type.Object(
  { project: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

/** Whatever is refused here is kept with its reason. */
const doors = new Set([...ingestRoutes, "/api/import"]);

export function createApp(deps: AppDeps) {
  const { intake, reader, guard, onBug } = deps;
  const { keyring } = intake;
  const ingestDeps = { intake, guard, maxBodyBytes: deps.maxBodyBytes, onBug };
  const reads = { reader, keyring };

  return new Elysia({ normalize: false, strictPath: true })
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
    })
    .get("/health", () => answer(200, { status: "ok", buffered: intake.buffered }))
    .post("/ingest", ({ request }) => ingest(request, ingestDeps))
    .post("/v1/traces", ({ request }) => exportOverHttp(request, "traces", deps.otlp))
    .post("/v1/logs", ({ request }) => exportOverHttp(request, "logs", deps.otlp))
    .post("/v1/metrics", ({ request }) => exportOverHttp(request, "metrics", deps.otlp))
    .group("/api", (api) =>
      api.guard({ beforeHandle: ({ request }) => guard.checkOperator(request) }, (operator) => {
        for (const { method, path, serve } of operatorRoutes(reads)) {
          operator.route(method, path.slice("/api".length), ({ request }) => serve(request));
        }
        return operator
          .get("/traces", ({ request }) => listTraces(request, reads))
          .get("/traces/:trace", ({ request }) => readTrace(request, reads))
          .delete("/traces/:trace", async ({ request }) => {
            const isDeleted = await intake.writer.call("deleteTrace", [
              await traceKeyOf(request, reads),
            ]);
            return answer(200, { deleted: isDeleted ? 1 : 0 });
          })
          .get("/traces/:trace/export", ({ request }) => exportTrace(request, reads))
          .get("/traces/:trace/spans/:span", ({ request }) => readSpan(request, reads))
          .get("/traces/:trace/spans/:span/new", ({ request }) => readNews(request, reads))
          .post("/import", ({ request }) => {
            const { project } = readQuery(request, ImportQuery);
            return importBatch(
              request,
              projectIdOf(project, keyring) ?? keyring.accounts().projects[0]!.id,
              ingestDeps,
            );
          })
          .get("/projects", () => listProjects(intake))
          .post("/projects", ({ request }) => createProject(request, intake))
          .patch("/projects/:project", ({ request }) => renameProject(request, intake))
          .get("/keys", () => listKeys(intake))
          .post("/keys", ({ request }) => createKey(request, intake))
          .delete("/keys/:key", ({ request }) => revokeKey(request, intake))
          .get("/prices", () => listPrices(intake))
          .post("/prices", ({ request }) => setPrice(request, intake))
          .delete("/prices/:rule", ({ request }) => removePrice(request, intake))
          .put("/prices/book", ({ request }) => updateBook(request, intake))
          .delete("/prices/book", () => dropBook(intake))
          .get("/reprice", () => readReprice(intake))
          .post("/reprice", ({ request }) => startReprice(request, intake))
          .get("/rejects", async ({ request }) => {
            await intake.writeNotes();
            return listRejects(request, reads);
          })
          .get("/status", async () => {
            await intake.writeNotes();
            return answer(200, await deps.status());
          })
          .post("/shutdown", () => {
            deps.shutdown();
            return answer(202, { status: "shutting down" });
          });
      }),
    );
}

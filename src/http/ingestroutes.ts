/** Where spans come in. These routes read their bodies by themselves, in the order of their contracts. */
import { Type } from "@sinclair/typebox";
import { defaultProjectId } from "../backend/store.ts";
import { ImportedPayload, Payload } from "../contract/v1.ts";
import { rejectedNames } from "../otlp/answer.ts";
import { signals, type Signal } from "../otlp/request.ts";
import { importBatch, ingest, type IngestDeps } from "./ingest.ts";
import { exportOverHttp, type OtlpDeps } from "./otlp.ts";
import { otlpPathsOf } from "./paths.ts";
import { projectIdOf } from "./read.ts";
import { closed, route } from "./route.ts";

export interface IngestRouteDeps {
  ingest: IngestDeps;
  otlp: OtlpDeps;
}

const Accepted = Type.Object({
  accepted: Type.Integer({ description: "Spans that are stored by now" }),
});

const Imported = Type.Object({
  ...Accepted.properties,
  newTraces: Type.Integer({ description: "Traces of which there was no span before" }),
  newSpans: Type.Integer({ description: "Spans that were not there, in any version" }),
});

function exportAnswerOf(signal: Signal) {
  const partialSuccess = Type.Object(
    {
      [rejectedNames[signal]]: Type.Optional(Type.String({ description: "How many, in decimal" })),
      errorMessage: Type.String(),
    },
    { description: "Where something was not taken, or is to be told" },
  );
  return Type.Object(
    { partialSuccess: Type.Optional(partialSuccess) },
    { description: "The response of OTLP, defined by OpenTelemetry" },
  );
}

const ImportQuery = closed({ project: Type.Optional(Type.String()) });

export function ingestRoutes({ ingest: deps, otlp }: IngestRouteDeps) {
  const { keyring } = deps.intake;
  return [
    route({
      method: "POST",
      path: "/ingest",
      summary: "Takes a batch of ingest v1",
      access: "ingest",
      protocol: "ingest",
      rawBody: { contentTypes: ["application/json"], schema: Payload },
      status: 202,
      answer: Accepted,
      handle: ({ request }) => ingest(request, deps),
    }),
    ...signals.map((signal) => {
      const [path, ...aliases] = otlpPathsOf(signal);
      return route({
        method: "POST",
        path,
        aliases,
        summary: `Takes ${signal} of OTLP`,
        access: "ingest",
        protocol: "otlp",
        rawBody: {
          contentTypes: ["application/json", "application/x-protobuf"],
          schema: Type.Object({}, { description: "A request of OTLP, defined by OpenTelemetry" }),
        },
        answer: exportAnswerOf(signal),
        handle: ({ request }) => exportOverHttp(request, signal, otlp),
      });
    }),
    route({
      method: "POST",
      path: "/api/import",
      summary: "Takes a batch of ingest v1 with what a full export adds",
      protocol: "ingest",
      query: ImportQuery,
      rawBody: { contentTypes: ["application/json"], schema: ImportedPayload },
      status: 202,
      answer: Imported,
      handle: ({ request, query: { project } }) =>
        importBatch(request, projectIdOf(project, keyring) ?? defaultProjectId, deps),
    }),
  ];
}

/** What an agent needs to send here, for whoever sets one up. */
import { Type, type Static } from "@sinclair/typebox";
import { nullable, oneOf } from "../schemas.ts";
import { route } from "./route.ts";

export interface SetupDeps {
  setup: () => Setup;
}

const Setup = Type.Object({
  url: Type.String({ description: "Of the viewer and the API" }),
  ingestUrl: Type.String({ description: "FOGLAMP_INGEST_URL" }),
  otlpUrl: Type.String({ description: "OTEL_EXPORTER_OTLP_ENDPOINT" }),
  otlpGrpcUrl: nullable(Type.String({ description: "Null where it is off" })),
  otlpAuth: oneOf(["open", "key"], "Whether programs need a key for OTLP"),
  apiKey: nullable(
    Type.String({ description: "Of the default project; null where it is revoked" }),
  ),
  keyFile: Type.String({ description: "Where that key is" }),
});
export type Setup = Static<typeof Setup>;

export function setupRoutes({ setup }: SetupDeps) {
  return [
    route({
      method: "GET",
      path: "/api/setup",
      summary: "What an agent needs to send here",
      answer: Setup,
      handle: () => setup(),
    }),
  ];
}

/** The server itself: whether it is there, what it holds and refused, and its end. */
import { Type, type Static } from "@sinclair/typebox";
import { RejectPage, StoreCounts } from "../backend/store.ts";
import { page } from "../limits.ts";
import { nullable } from "../schemas.ts";
import type { Intake } from "../threads/intake.ts";
import type { Reader } from "../threads/reader.ts";
import { closed, route } from "./route.ts";

export interface ServerDeps {
  intake: Intake;
  reader: Reader;
  /** What `GET /api/status` says of the process. */
  status: () => Promise<Status>;
  /** Proves to who asks under this Host that the server knows the operator's token. */
  prove: (host: string, nonce: string) => string;
  /** Begins an orderly end; returns at once. */
  shutdown: () => void;
}

/** What a look at the whole file of the store found. */
const StoreCheck = Type.Object({
  startedAt: Type.Integer({ description: "Epoch ms" }),
  finishedAt: nullable(Type.Integer(), "Null while it goes on"),
  problems: Type.Array(Type.String(), {
    description: "The first that SQLite found; none: all is well",
  }),
});

export const Status = Type.Object({
  version: Type.String(),
  pid: Type.Integer(),
  startedAt: Type.Integer({ description: "Epoch ms" }),
  dataDir: Type.String(),
  durability: Type.String(),
  buffered: Type.Integer({ description: "Spans that wait for their commit" }),
  storage: Type.Union([Type.Literal("ok"), Type.Literal("full"), Type.Literal("gone")], {
    description:
      "full: the disk has no room for new spans; gone: the data directory was removed or replaced",
  }),
  freeBytes: nullable(Type.Integer({ description: "Of the disk, for this user" })),
  stalls: Type.Integer({
    description: "How often the writer was busy with one thing for over a second; the log has each",
  }),
  ...StoreCounts.properties,
  storeBytes: Type.Integer(),
  logBytes: Type.Integer({ description: "Of the write-ahead log" }),
  memoryBytes: Type.Integer(),
  sqliteVersion: Type.String(),
  damage: Type.Object(
    {
      count: Type.Integer({
        description:
          "Texts, answers and kinds of work that met damage since the start, each counted once; the log names them",
      }),
      check: nullable(StoreCheck, "Null where the server before this one ended in order"),
    },
    { description: "What of the store cannot be read; all else is served" },
  ),
});
export type Status = Static<typeof Status>;

const RejectsQuery = closed({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: page.maxLimit })),
  cursor: Type.Optional(Type.String()),
});

/** Open to more fields: what asks for health adds some to get around caches. */
const HealthQuery = Type.Object({
  nonce: Type.Optional(
    Type.String({
      pattern: "^[\\w-]{16,64}$",
      description: "Asks for a proof that this server knows the operator's token",
    }),
  ),
});

export function serverRoutes({ intake, reader, status, prove, shutdown }: ServerDeps) {
  return [
    route({
      method: "GET",
      path: "/health",
      summary: "Whether the server is there",
      access: "public",
      query: HealthQuery,
      answer: Type.Object({
        status: Type.Literal("ok"),
        buffered: Type.Integer(),
        proof: Type.Optional(
          Type.String({
            description:
              'base64url of HMAC-SHA256, keyed with the token, of "tealight server\\n<Host>\\n<nonce>"',
          }),
        ),
      }),
      // Public and as cheap as the rest of the answer. The Host is one that is served, by the guard.
      handle: ({ request, query: { nonce } }) => ({
        status: "ok" as const,
        buffered: intake.buffered,
        ...(nonce !== undefined && { proof: prove(request.headers.get("host") ?? "", nonce) }),
      }),
    }),
    route({
      method: "GET",
      path: "/api/rejects",
      summary: "Refused requests and why, the newest first",
      query: RejectsQuery,
      answer: RejectPage,
      async handle({ query: { limit = page.defaultLimit, cursor } }) {
        await intake.writeNotes();
        return reader.call("rejects", [limit, cursor]);
      },
    }),
    route({
      method: "GET",
      path: "/api/status",
      summary: "The process and what is stored",
      answer: Status,
      async handle() {
        await intake.writeNotes();
        return status();
      },
    }),
    route({
      method: "POST",
      path: "/api/shutdown",
      summary: "Ends the server in order",
      status: 202,
      answer: Type.Object({ status: Type.Literal("shutting down") }),
      handle() {
        shutdown();
        return { status: "shutting down" as const };
      },
    }),
  ];
}

/** Stored spans mapped anew by the rules of this version. For operators. */
import { RereadStatus } from "../ingest/reread.ts";
import { nullable } from "../schemas.ts";
import type { Intake } from "../threads/intake.ts";
import { closed, route } from "./route.ts";
import { windowFields, windowOf } from "./window.ts";

export function rereadRoutes({
  intake: { keyring, writer },
}: {
  intake: Pick<Intake, "keyring" | "writer">;
}) {
  return [
    route({
      method: "GET",
      path: "/api/reread",
      summary: "How far the reading anew is that was begun last; null before the first",
      answer: nullable(RereadStatus),
      handle: () => writer.call("rereadStatus", []),
    }),
    route({
      method: "POST",
      path: "/api/reread",
      summary:
        "Begins to map stored spans of OTLP anew, as this version understands them, and answers at once",
      body: closed(windowFields),
      status: 202,
      answer: RereadStatus,
      handle: ({ body }) => writer.call("startReread", [windowOf(body, keyring)]),
    }),
  ];
}

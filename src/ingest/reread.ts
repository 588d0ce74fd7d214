/** Maps stored spans of OTLP anew by the rules of this version, in the background. */
import { Type, type Static } from "@sinclair/typebox";
import { AppError } from "../errors.ts";
import { rereadSpan } from "../otlp/reread.ts";
import type { SpanWriter } from "../sqlite/spans/spans.ts";
import type { Sweep, Window } from "./sweep.ts";

export const RereadStatus = Type.Object({
  startedAt: Type.Integer({ description: "Epoch ms" }),
  finishedAt: Type.Union([Type.Integer(), Type.Null()]),
  traceCount: Type.Integer(),
  doneTraceCount: Type.Integer(),
  spanCount: Type.Integer({ description: "Spans of OTLP that were looked at" }),
  changedSpanCount: Type.Integer(),
});
export type RereadStatus = Static<typeof RereadStatus>;

export interface Rereader {
  /** Begins. @throws AppError `conflict` */
  start(window: Window): RereadStatus;
  /** Of the last run; null where there was none since the start. */
  status(): RereadStatus | null;
}

export function createRereader(sweep: Sweep, spans: SpanWriter): Rereader {
  let current: RereadStatus | null = null;

  return {
    status: () => current,
    start(window) {
      if (current && current.finishedAt === null) {
        throw new AppError("conflict", "spans are being read anew already", {
          hint: "wait for it to end; GET /api/reread shows how far it is",
        });
      }
      const status: RereadStatus = { ...sweep.begin(window), spanCount: 0, changedSpanCount: 0 };
      current = status;
      sweep.run(window, status, (traceKey, from) => {
        const result = spans.reread(traceKey, from, rereadSpan);
        return {
          next: result.next,
          committed() {
            status.spanCount += result.spans;
            status.changedSpanCount += result.changedSpans;
          },
        };
      });
      return status;
    },
  };
}

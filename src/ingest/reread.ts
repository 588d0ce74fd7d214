/** Maps stored spans of OTLP anew by the rules of this version, in the background. */
import { Type, type Static } from "@sinclair/typebox";
import type { Progress, Window, Writer } from "../backend/writer.ts";
import { AppError } from "../errors.ts";
import { rereadSpan } from "../otlp/reread.ts";

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

export function createRereader(writer: Pick<Writer, "reread">): Rereader {
  /** The last run: what is counted here, and how far it is. */
  let counted: Omit<RereadStatus, keyof Progress> | null = null;
  let progress: Progress | null = null;

  const status = () => counted && progress && { ...counted, ...progress };

  return {
    status,
    start(window) {
      if (progress?.finishedAt === null) {
        throw new AppError("conflict", "spans are being read anew already", {
          hint: "wait for it to end; GET /api/reread shows how far it is",
        });
      }
      const sums = { spanCount: 0, changedSpanCount: 0 };
      progress = writer.reread(window, {
        mapAgain: rereadSpan,
        onStep(_, { spans, changedSpans }) {
          sums.spanCount += spans;
          sums.changedSpanCount += changedSpans;
        },
      });
      counted = sums;
      return status()!;
    },
  };
}

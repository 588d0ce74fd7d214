/**
 * Notes on suspicious times of a span: a missing start time, or a clock that differs from its parent's.
 */
import type { SpanView } from "../../backend/views.ts";
import type { SpanRow } from "../data/span-table.ts";
import { duration, textOf } from "../format.ts";

/** Start times have a resolution of 1 ms, and some senders round them. */
const toleranceMs = 1;

/** @param parent null for a root span. @param whole undefined while loading. */
export function clockNotes(
  { startTime }: Pick<SpanRow, "startTime">,
  parent: Pick<SpanRow, "startTime"> | null,
  whole: Pick<SpanView, "isStartMissing"> | undefined,
): string[] {
  const earlyMs = parent === null ? 0 : parent.startTime - startTime;
  return [
    ...(whole?.isStartMissing
      ? ["The start time was not sent: the span is shown at its end."]
      : []),
    ...(earlyMs > toleranceMs
      ? [
          `It begins ${textOf(duration(earlyMs))} before its parent: their clocks differ, so its position is uncertain.`,
        ]
      : []),
  ];
}

/**
 * Says in a few words how a span lies outside its parent's time; null if it does not. Tool spans are
 * children of the model call that requested them and run after it, and a running parent has no end yet:
 * neither counts.
 */
export function skewOf(
  span: Pick<SpanRow, "startTime" | "endTime">,
  above: Pick<SpanRow, "startTime" | "endTime" | "kind" | "isRunning">,
): string | null {
  if (above.startTime - span.startTime > toleranceMs) return "starts before its parent";
  if (above.kind === "llm" || above.isRunning) return null;
  return span.endTime - above.endTime > toleranceMs ? "ends after its parent" : null;
}

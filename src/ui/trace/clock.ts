/** What is odd about a span's times: a start that was not sent, a clock that differs from its parent's. */
import type { SpanView } from "../../backend/views.ts";
import { duration, textOf } from "../format.ts";
import type { SpanRow } from "./model.ts";

/** Starts are sent to the ms, and rounded by some. */
const toleranceMs = 1;

/** @param parent null at the top. @param whole undefined while it is read. */
export function clockNotes(
  { startTime }: Pick<SpanRow, "startTime">,
  parent: Pick<SpanRow, "startTime"> | null,
  whole: Pick<SpanView, "isStartMissing"> | undefined,
): string[] {
  const earlyMs = parent === null ? 0 : parent.startTime - startTime;
  return [
    ...(whole?.isStartMissing ? ["Its start was not sent: it is shown where it ended."] : []),
    ...(earlyMs > toleranceMs
      ? [
          `It begins ${textOf(duration(earlyMs))} before its parent: their clocks differ, so its place is uncertain.`,
        ]
      : []),
  ];
}

/**
 * In a few words where a span stands outside of the one above it; null where that is as it should be. What a
 * model call led to stands below it and runs after it, and what still runs has no end yet.
 */
export function skewOf(
  span: Pick<SpanRow, "startTime" | "endTime">,
  above: Pick<SpanRow, "startTime" | "endTime" | "kind" | "isRunning">,
): string | null {
  if (above.startTime - span.startTime > toleranceMs) return "starts before its parent";
  if (above.kind === "llm" || above.isRunning) return null;
  return span.endTime - above.endTime > toleranceMs ? "ends after its parent" : null;
}

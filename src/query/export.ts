/** The export of a trace: ingest v1 that gives the same trace in an empty store. */
import { cutsOf } from "../backend/cuts.ts";
import type { Reader } from "../backend/reader.ts";
import type { TraceRef } from "../backend/traces.ts";
import type { ImportedSpan, TraceHeader } from "../contract/v1.ts";
import { exportChunkBytes, wire } from "../limits.ts";

export interface ExportPage {
  /** Entries for `traces` of an ingest v1 document, as JSON. */
  entries: string[];
  /** Pass it as `after` for the next page; null after the last. */
  next: number | null;
  /** Texts in place of which stands a note that they are damaged. */
  damagedTexts: number;
  /** Texts that were cut before they were stored. */
  cutTexts: number;
}

/**
 * One page of a trace as ingest v1: entries that share the trace id, each with the trace-level
 * fields that its spans came with. An entry obeys v1's limits in count and, as long as its spans
 * arrived under them, in bytes.
 *
 * @param after the key of the last span of the page before, null for the first page.
 * @param full adds what v1 lacks under `x`, which only an import reads.
 */
export function exportPage(
  reader: Reader,
  ref: TraceRef,
  after: number | null,
  full: boolean,
  nowMs: number,
): ExportPage {
  const { key: traceKey, summary } = reader.findTrace(ref, nowMs);
  // Spans that name nobody show the trace's own names again, so that these are the same at the end.
  const { traceName, agentName } = summary;
  const unnamed = agentName ? { agentName } : { traceName: traceName || "trace" };
  const groups: { header: TraceHeader; spans: string[] }[] = [];
  let bytes = 0;
  let count = 0;
  let last: number | null = null;
  let isFull = false;
  let damagedTexts = 0;
  let cutTexts = 0;
  for (const { key, span, x, header, damaged } of reader.wholeSpans(
    traceKey,
    after,
    wire.spansPerTrace,
  )) {
    const json = JSON.stringify(full ? ({ ...span, x } satisfies ImportedSpan) : span);
    bytes += Buffer.byteLength(json);
    isFull = last !== null && bytes > exportChunkBytes;
    if (isFull) break;
    last = key;
    count++;
    damagedTexts += damaged.length;
    cutTexts += cutsOf(span, x).length;
    const group = groups.at(-1);
    if (group?.header === header) group.spans.push(json);
    else groups.push({ header, spans: [json] });
  }
  const isLast = !isFull && count < wire.spansPerTrace;
  return {
    entries: groups.map(({ header, spans }) =>
      toEntry(summary.traceId, named(header, unnamed), spans, full),
    ),
    next: isLast ? null : last,
    damagedTexts,
    cutTexts,
  };
}

/** A header that v1 admits: with a name. */
function named(header: TraceHeader, names: TraceHeader): TraceHeader {
  return header.traceName || header.agentName ? header : { ...header, ...names };
}

function toEntry(
  traceId: string,
  { x, ...header }: TraceHeader,
  spansJson: string[],
  full: boolean,
): string {
  const head = JSON.stringify({ traceId, ...header, ...(full && x && { x }) });
  return `${head.slice(0, -1)},"spans":[${spansJson.join(",")}]}`;
}

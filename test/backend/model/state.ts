/**
 * A store in memory, by the words of its rules: what was sent, and nothing that follows from it. Slow and
 * plain, and without a line of any engine. See ../model.ts.
 */
import type { Batch, SentSpan } from "../../../src/backend/batch.ts";
import type {
  Accounts,
  Reject,
  StoredRule,
  StoredView,
  UnknownNote,
} from "../../../src/backend/store.ts";
import type { Cost, Meaning } from "../../../src/backend/writer.ts";
import type { ImportedSpan, TraceHeader } from "../../../src/contract/v1.ts";
import { plainly, wins, withLogs, withModelFromAbove } from "./rules.ts";

/** The version of a span that counts. */
export interface Kept {
  key: number;
  /** As it was sent. */
  sent: ImportedSpan;
  header: TraceHeader;
  source: string;
  receivedAt: number;
  /** With what log records say, and the model that it has from above. */
  span: ImportedSpan;
  /** By the prices of when it was written, or priced anew; undefined until it is. */
  cost: Cost | null | undefined;
}

export interface ModelTrace {
  key: number;
  projectId: number;
  traceId: string;
  source: string;
  receivedAt: number;
  lastReceivedAt: number;
  isPinned: boolean;
  /** In the order in which they came. */
  spans: Kept[];
  /** Grows with each change of the store. */
  version: number;
}

export class State {
  accounts: Accounts = { projects: [], keys: [] };
  rules: StoredRule[] = [];
  book: { json: string; broughtAt: number } | null = null;
  views: StoredView[] = [];
  rejects: Reject[] = [];
  rejectCounts: Record<string, number> = {};
  unknown: UnknownNote[] = [];
  /** In the order in which they came. */
  traces: ModelTrace[] = [];
  /** Log records of spans, come or not. */
  logs: { projectId: number; traceId: string; spanId: string; json: string }[] = [];
  /** The last number that was given: it grows with each change of a trace. */
  last = 0;

  /** A number that was never given before. */
  next(): number {
    return ++this.last;
  }

  find(projectId: number, traceId: string): ModelTrace | undefined {
    return this.traces.find((trace) => trace.projectId === projectId && trace.traceId === traceId);
  }

  projectName(id: number): string {
    return this.accounts.projects.find((project) => project.id === id)!.name;
  }
}

/** @returns whether the trace and the span were not there before, and whether anything is otherwise now. */
export function receive(
  state: State,
  { projectId, receivedAt, source }: Batch,
  traceId: string,
  { span, header }: SentSpan,
): { trace: ModelTrace; isNewTrace: boolean; isNewSpan: boolean; isChanged: boolean } {
  let trace = state.find(projectId, traceId);
  const isNewTrace = !trace;
  if (!trace) {
    const times = { receivedAt, lastReceivedAt: receivedAt };
    const key = state.next();
    const rest = { spans: [], isPinned: false, version: state.next() };
    trace = { key, projectId, traceId, source, ...times, ...rest };
    state.traces.push(trace);
  }
  const sent = plainly(span);
  const of = { sent, header, source: span.x?.source ?? source };
  const known = trace.spans.find((kept) => kept.sent.spanId === span.spanId);
  const isChanged = !known || wins(of, known);
  if (isChanged) {
    const at = span.x?.receivedAt ?? receivedAt;
    const version = { ...of, receivedAt: at, span: sent, cost: undefined };
    if (known) Object.assign(known, version);
    else trace.spans.push({ key: state.next(), ...version });
    trace.lastReceivedAt = Math.max(trace.lastReceivedAt, at);
  }
  return { trace, isNewTrace, isNewSpan: !known, isChanged };
}

/** Says anew what follows of spans from others and from log records, and what they cost where that is new. */
export function follow(state: State, trace: ModelTrace, { costOf, readLogs }: Meaning): void {
  const all = trace.spans.map(({ sent }) => sent);
  for (const kept of trace.spans) {
    const own = state.logs.filter(
      (log) =>
        log.projectId === trace.projectId &&
        log.traceId === trace.traceId &&
        log.spanId === kept.sent.spanId,
    );
    const texts = own.map(({ json }) => json);
    const span = withModelFromAbove(withLogs(kept.sent, texts, readLogs), all);
    const isSame = kept.cost !== undefined && Bun.deepEquals(span, kept.span);
    kept.span = span;
    if (!isSame) kept.cost = costOf(span);
  }
}

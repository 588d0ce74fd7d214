/** Changes a store in memory. */
import type { Batch, Fresh } from "../../../src/backend/batch.ts";
import type { Change, Meaning, Progress, Window, Writer } from "../../../src/backend/writer.ts";
import { accountWrites } from "./accounts.ts";
import { isCall, plainly, reportsUsage } from "./rules.ts";
import { follow, receive, type ModelTrace, type State } from "./state.ts";
import { viewOf } from "./summary.ts";

export function modelWriter(
  state: State,
  defaultKeyHash: Uint8Array,
  meaning: Meaning,
  onChange: (change: Change) => void,
): Writer {
  const accounts = accountWrites(state);
  if (state.accounts.projects.length === 0) {
    state.accounts.projects.push({ id: 1, name: "default", createdAt: Date.now() });
    accounts.createKey(1, "default", defaultKeyHash);
  }

  function commit(changed: Iterable<ModelTrace>, gone: number[] = []): void {
    const keys: number[] = [];
    for (const trace of changed) {
      trace.version = state.next();
      keys.push(trace.key);
    }
    state.next();
    if (keys.length + gone.length > 0) onChange({ changed: keys, gone });
  }

  function store(batch: Batch): Fresh {
    const { projectId, receivedAt } = batch;
    const fresh: Fresh = { traces: 0, spans: 0 };
    const changed = new Set<ModelTrace>();
    for (const { traceId, spans, logs = [] } of batch.traces) {
      for (const sent of spans) {
        const { trace, isNewTrace, isNewSpan, isChanged } = receive(state, batch, traceId, sent);
        if (isNewTrace) fresh.traces++;
        if (isNewSpan) fresh.spans++;
        if (isChanged) changed.add(trace);
      }
      for (const { spanId, json } of logs) {
        const isSame = (log: State["logs"][number]) =>
          log.json === json &&
          log.spanId === spanId &&
          log.traceId === traceId &&
          log.projectId === projectId;
        if (state.logs.some(isSame)) continue;
        state.logs.push({ projectId, traceId, spanId, json });
        const trace = state.find(projectId, traceId);
        if (!trace?.spans.some(({ span }) => span.spanId === spanId)) continue;
        trace.lastReceivedAt = Math.max(trace.lastReceivedAt, receivedAt);
        changed.add(trace);
      }
    }
    for (const trace of changed) follow(state, trace, meaning);
    commit(changed);
    return fresh;
  }

  function remove(key: number): boolean {
    const trace = state.traces.find((each) => each.key === key);
    if (!trace) return false;
    const { projectId, traceId } = trace;
    state.traces = state.traces.filter((each) => each !== trace);
    state.logs = state.logs.filter((log) => log.projectId !== projectId || log.traceId !== traceId);
    commit([], [key]);
    return true;
  }

  function tracesIn({ projectId, since = 0, until = Infinity }: Window): ModelTrace[] {
    return state.traces.filter((trace) => {
      const start = Math.min(...trace.spans.map(({ span }) => span.startTime));
      const isOfProject = projectId === undefined || trace.projectId === projectId;
      return isOfProject && start >= since && start < until;
    });
  }

  function sweep(window: Window, visit: (trace: ModelTrace) => void): Progress {
    const found = tracesIn(window);
    for (const trace of found) visit(trace);
    const nowMs = Date.now();
    const counts = { traceCount: found.length, doneTraceCount: found.length };
    return { startedAt: nowMs, finishedAt: nowMs, ...counts };
  }

  return {
    ...accounts,
    apply: async (batches) =>
      batches.map((batch) => ({ status: "fulfilled", value: store(batch) })),
    deleteTrace: remove,
    deleteTraces(keys, withPinned) {
      const pinned = keys.filter(
        (key) => !withPinned && state.traces.some((each) => each.key === key && each.isPinned),
      );
      const others = keys.filter((key) => !pinned.includes(key));
      const deleted = others.filter(remove).length;
      return { seen: keys.length, deleted, pinnedKept: pinned.length };
    },
    pin(key, isPinned) {
      const trace = state.traces.find((each) => each.key === key);
      if (!trace) return false;
      trace.isPinned = isPinned;
      commit([trace]);
      return true;
    },
    reprice(window, { isMeant, isDry, onStep }) {
      return sweep(window, (trace) => {
        const { calls } = viewOf(state, trace, meaning, 0);
        const did = { spans: 0, changedSpans: 0, before: 0n, after: 0n };
        let isChanged = false;
        for (const kept of trace.spans) {
          const { span, cost } = kept;
          if (!(isCall(span) || reportsUsage(span)) || !isMeant(span)) continue;
          const now = meaning.costOf(span);
          const isOther = !Bun.deepEquals(now, cost);
          if (calls.countsWhole(span)) {
            did.spans++;
            did.changedSpans += Number(isOther);
            did.before += cost?.amount ?? 0n;
            did.after += now?.amount ?? 0n;
          }
          if (isDry || !isOther) continue;
          kept.cost = now;
          isChanged = true;
        }
        commit(isChanged ? [trace] : []);
        onStep(trace.key, did);
      });
    },
    reread(window, { mapAgain, onStep }) {
      return sweep(window, (trace) => {
        const did = { spans: 0, changedSpans: 0 };
        for (const kept of trace.spans) {
          const { source, receivedAt } = kept;
          const whole = { ...kept.sent, x: { ...kept.sent.x, source, receivedAt } };
          const mapped = mapAgain(whole, trace.traceId);
          if (!mapped) continue;
          did.spans++;
          const now = { sent: plainly(mapped.span), header: mapped.header };
          if (Bun.deepEquals(now, { sent: kept.sent, header: kept.header })) continue;
          did.changedSpans++;
          Object.assign(kept, now);
        }
        if (did.changedSpans > 0) follow(state, trace, meaning);
        commit(did.changedSpans > 0 ? [trace] : []);
        onStep(trace.key, did);
      });
    },
    // It never ends.
    storageAfter: ({ state: seen, isRefusing }) => {
      const status = { state: "ok", isRefusing: false, freeBytes: null, message: "" } as const;
      return seen === "ok" && !isRefusing ? new Promise(() => {}) : Promise.resolve(status);
    },
    rest() {},
    close() {},
  };
}

/** A store under test, by the interfaces of src/backend alone. */
import type { Batch, Fresh } from "../../../src/backend/batch.ts";
import type { Reader, ReadBackend } from "../../../src/backend/reader.ts";
import type { Hit, Search, SearchQuery } from "../../../src/backend/search.ts";
import type { SpanRecord, WholeSpan } from "../../../src/backend/spans.ts";
import type { TraceListQuery, TraceRecord } from "../../../src/backend/traces.ts";
import type { Change, Meaning, Progress, Writer } from "../../../src/backend/writer.ts";
import { usageColumns } from "../../../src/contract/fields.ts";
import type { ImportedSpan, TraceHeader } from "../../../src/contract/v1.ts";
import { parseFilter } from "../../../src/filter/parse.ts";

/** What an engine gives who opens a store of it. */
export interface Store {
  writer: Writer;
  reads: ReadBackend;
  search: Search;
  close(): void;
}

export interface Engine {
  /**
   * Opens the store of a place, making it at need.
   *
   * @param dir a directory of this test alone, which the test removes.
   */
  open(
    dir: string,
    defaultKeyHash: Uint8Array,
    meaning: Meaning,
    onChange: (change: Change) => void,
  ): Store;
  /** The engine's own limits: small ones let a few traces take every way that it has. */
  limits?: {
    /** @param seed chooses among them. */
    choose(seed: number): void;
    reset(): void;
  };
}

export const defaultKeyHash = new Uint8Array(32).fill(7);

/** All fields of a span's record. */
export const spanFields = [
  ...["key", "spanId", "parentSpanId", "spanType", "status", "startTime", "durationMs", "name"],
  ...["provider", "modelId", "errorMessage", "ttftMs", ...usageColumns, "reportsUsage", "metadata"],
  ...["cost", "isCostEstimated", "price", "repeats", "shownBy", "wholeLengths", "isRuntime"],
  "texts",
] as (keyof SpanRecord)[];

/** A span of which a test says only what it is about. */
export function toSpan(fields: Partial<ImportedSpan> = {}): ImportedSpan {
  const base = { spanId: "1", spanType: "llm", name: "chat", startTime: 1000, endTime: 2000 };
  return { ...base, ...fields } as ImportedSpan;
}

/** Spans of one trace that came together. */
export function toBatch(
  traceId: string,
  spans: Partial<ImportedSpan>[],
  header: TraceHeader = {},
  more: Partial<Batch> = {},
): Batch {
  const sent = spans.map((span) => ({ span: toSpan(span), header }));
  const base = { projectId: 1, receivedAt: 1, source: "foglamp" };
  return { ...base, traces: [{ traceId, spans: sent }], ...more };
}

/** Prices in pico-dollars by model, which a test may change. */
export class Prices implements Meaning {
  pico: Record<string, bigint> = { m1: 5n, big: 2n ** 60n };
  readonly previews = {
    input: (text: string) => text.slice(0, 40) || null,
    output: (text: string) => text.slice(0, 40) || null,
  };

  readonly costOf: Meaning["costOf"] = ({ modelId = "" }) => {
    const amount = this.pico[modelId];
    const isEstimated = modelId === "big";
    return amount === undefined ? null : { price: `{"of":"${amount}"}`, amount, isEstimated };
  };

  readonly readLogs: Meaning["readLogs"] = (logs) => {
    const said = (logs as { said?: string }[]).findLast(({ said }) => said !== undefined)?.said;
    return said === undefined ? {} : { output: said };
  };

  readonly makeSpan: Meaning["makeSpan"] = () => {
    throw new Error("no record of these tests is a span of its own");
  };
}

export class Bench {
  readonly engine: Engine;
  readonly dir: string;
  readonly prices = new Prices();
  /** What was told after each commit. */
  changes: Change[] = [];
  store: Store;
  nowMs = 1_000_000;

  constructor(engine: Engine, dir: string) {
    this.engine = engine;
    this.dir = dir;
    this.store = this.#open();
  }

  #open(): Store {
    const { engine, dir, prices } = this;
    return engine.open(dir, defaultKeyHash, prices, (change) => this.changes.push(change));
  }

  reopen(): void {
    this.close();
    this.store = this.#open();
  }

  get writer(): Writer {
    return this.store.writer;
  }

  read<T>(work: (reader: Reader) => T): T {
    return this.store.reads.read(work);
  }

  /** @throws what the first batch failed with. */
  async send(...batches: Batch[]): Promise<Fresh[]> {
    const results = await this.writer.apply(batches, 10_000);
    return results.map((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
  }

  /** All traces, page after page. */
  list(query: Partial<Omit<TraceListQuery, "filter">> & { filter?: string } = {}): TraceRecord[] {
    const found: TraceRecord[] = [];
    const filter = parseFilter(query.filter ?? "", this.nowMs);
    let cursor: readonly number[] | null = null;
    do {
      const whole = { since: 0, until: Infinity, sort: "startTime" as const, limit: 100 };
      const page = this.read((reader) =>
        reader.listTraces({ ...whole, ...query, filter, cursor }, this.nowMs),
      );
      found.push(...page.traces);
      cursor = page.next;
    } while (cursor !== null);
    return found;
  }

  /** The sender's ids of the traces that match. */
  idsOf(filter: string): string[] {
    return this.list({ filter }).map(({ summary }) => summary.traceId);
  }

  trace(traceId: string, projectId?: number): TraceRecord {
    return this.read((reader) => reader.findTrace({ traceId, projectId }, this.nowMs));
  }

  spans(traceId: string): SpanRecord[] {
    const { key: traceKey } = this.trace(traceId);
    return this.read((reader) => [...reader.spans({ traceKey }, spanFields)]);
  }

  whole(traceId: string): WholeSpan[] {
    const { key } = this.trace(traceId);
    return this.read((reader) => [...reader.wholeSpans(key, null, 1000)]);
  }

  /** All hits, page after page. */
  find(text: string, more: Partial<SearchQuery> = {}): Hit[] {
    const found: Hit[] = [];
    const whole = { filter: [], since: 0, until: Infinity, limit: 3 };
    let cursor: readonly number[] | null = null;
    do {
      const page = this.store.search.search({ ...whole, ...more, text, cursor }, this.nowMs);
      found.push(...page.hits);
      cursor = page.next;
    } while (cursor !== null);
    return found;
  }

  /** Waits until nothing of what is stored is about to be written anew. */
  async settle(): Promise<void> {
    while (this.list().some(({ version }) => version === null)) await Bun.sleep(1);
  }

  /** Waits until work in the background is done. */
  async end(progress: Progress): Promise<Progress> {
    while (progress.finishedAt === null) await Bun.sleep(1);
    return progress;
  }

  /** Takes all traces away. */
  clear(): void {
    const keys = this.list().map(({ key }) => key);
    for (let left = keys; left.length > 0;)
      left = left.slice(this.writer.deleteTraces(left, true).seen);
    this.changes = [];
  }

  close(): void {
    this.store.close();
  }
}

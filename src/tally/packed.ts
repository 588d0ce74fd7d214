/**
 * The facts of a large trace's spans in columns: some 100 bytes a span, where an object with its texts takes
 * 500 and as much again until it is collected. A span is an object only while someone looks at it.
 */
import type { TraceHeader } from "../contract/v1.ts";
import {
  Chunk,
  chunkBits,
  chunkRows,
  inChunk,
  none,
  PackedSpan,
  shapeFields,
  type Shape,
} from "./packedspan.ts";
import { markBit, Records, usageBit, type Numbers } from "./records.ts";
import type { SpanFacts } from "./spanfacts.ts";
import { TextArena } from "./textarena.ts";

/** The engine would let what so many spans leave behind grow to several times what is kept of them. */
const rowsPerCleanup = 16_384;

/** As many as agents alternate between. */
const mostRecent = 16;

const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;

export class PackedFacts {
  readonly #chunks: Chunk[] = [];
  readonly #texts = new TextArena();
  /** Rows + 1, at the first free place from that of the id's hash on. */
  #index = new Int32Array(4 * chunkRows);
  readonly #shapes = new Dictionary<Shape>();
  readonly #headers = new Dictionary<TraceHeader>();
  #lastHeader: { sent: TraceHeader; kept: TraceHeader } | null = null;
  /** Shapes that came last. */
  readonly #recent: number[] = [];
  readonly #tools = new Dictionary<string>();
  readonly records = new Records();
  /** By row, amounts beyond what a number holds. */
  readonly #amounts = { cost: new Map<number, bigint>(), reportedCost: new Map<number, bigint>() };
  #rows = 0;
  #size = 0;
  /** Rows from here on are as if they were not there. */
  #end = Infinity;

  get size(): number {
    return this.#size;
  }

  get(id: string): SpanFacts | undefined {
    const row = this.#find(id, hashOf(id));
    return row === none || row >= this.#end || this.#isGone(row) ? undefined : this.#at(row);
  }

  *values(): Generator<SpanFacts> {
    for (let row = 0; row < Math.min(this.#rows, this.#end); row++) {
      if (!this.#isGone(row)) yield this.#at(row);
      if ((row + 1) % rowsPerCleanup === 0) Bun.gc(true);
    }
  }

  /** Adds a span, or puts it in the place of the one of the same id. @returns a look at it. */
  set(span: SpanFacts): SpanFacts {
    const hash = hashOf(span.spanId);
    let row = this.#find(span.spanId, hash);
    if (row === none) row = this.#addRow(span.spanId, hash);
    const chunk = this.#chunks[row >> chunkBits]!;
    const at = row & inChunk;
    if (chunk.shapes[at] === none) this.#size++;
    chunk.keys[at] = span.key;
    chunk.starts[at] = span.startTime;
    chunk.ends[at] = span.endTime;
    chunk.parents[at] = this.#parentOf(span.parentSpanId);
    chunk.shapes[at] = this.#shapeOf(span);
    chunk.tools[at] =
      span.toolName === undefined ? none : this.#tools.idOf(span.toolName, span.toolName);
    this.#record(row, span);
    return this.#at(row);
  }

  delete(id: string): boolean {
    const row = this.#find(id, hashOf(id));
    if (row === none || this.#isGone(row)) return false;
    this.#chunks[row >> chunkBits]!.shapes[row & inChunk] = none;
    this.#size--;
    return true;
  }

  /** Gives one span after the other, each as if those after it had not come yet. */
  replay(add: (span: SpanFacts) => void): void {
    const size = this.#size;
    this.#size = 0;
    try {
      for (let row = 0; row < this.#rows; row++) {
        this.#end = row + 1;
        if (this.#isGone(row)) continue;
        this.#size++;
        add(this.#at(row));
        if ((row + 1) % rowsPerCleanup === 0) Bun.gc(true);
      }
    } finally {
      this.#end = Infinity;
      this.#size = size;
    }
  }

  #at(row: number): SpanFacts {
    return new PackedSpan(this, this.#chunks[row >> chunkBits]!, row);
  }

  #isGone(row: number): boolean {
    return this.#chunks[row >> chunkBits]!.shapes[row & inChunk] === none;
  }

  #addRow(id: string, hash: number): number {
    const row = this.#rows++;
    if ((row & inChunk) === 0) this.#chunks.push(new Chunk());
    const chunk = this.#chunks.at(-1)!;
    const at = row & inChunk;
    chunk.hashes[at] = hash;
    chunk.ids[at] = this.#texts.add(id);
    chunk.shapes[at] = none;
    chunk.records[at] = none;
    if (2 * this.#rows > this.#index.length) {
      this.#index = new Int32Array(2 * this.#index.length);
      for (let each = 0; each < row; each++) this.#enter(each);
    }
    this.#enter(row);
    if (this.#rows % rowsPerCleanup === 0) Bun.gc(true);
    return row;
  }

  #enter(row: number): void {
    const last = this.#index.length - 1;
    let place = this.#chunks[row >> chunkBits]!.hashes[row & inChunk]! & last;
    while (this.#index[place] !== 0) place = (place + 1) & last;
    this.#index[place] = row + 1;
  }

  #find(id: string, hash: number): number {
    const last = this.#index.length - 1;
    for (let place = hash & last; ; place = (place + 1) & last) {
      const row = this.#index[place]! - 1;
      if (row === none) return none;
      if (this.#chunks[row >> chunkBits]!.hashes[row & inChunk] === hash && this.idAt(row) === id)
        return row;
    }
  }

  #parentOf(id: string | undefined): number {
    if (id === undefined) return none;
    const row = this.#find(id, hashOf(id));
    return row === none ? -2 - this.#texts.add(id) : row;
  }

  #shapeOf(span: SpanFacts): number {
    const header = this.#headerOf(span);
    const known = this.#recent.find((id) => isOfShape(span, header, this.#shapes.at(id)));
    if (known !== undefined) return known;
    const fields = shapeFields.map((field) => [field, span[field]]);
    const shape = { ...Object.fromEntries(fields), header } as Shape;
    const id = this.#shapes.idOf(JSON.stringify(Object.values(shape)), shape);
    this.#recent.unshift(id);
    if (this.#recent.length > mostRecent) this.#recent.pop();
    return id;
  }

  /** Each request has an object of its own that says the same. */
  #headerOf({ header }: SpanFacts): TraceHeader {
    if (header !== this.#lastHeader?.sent) {
      const id = this.#headers.idOf(JSON.stringify(header), header);
      this.#lastHeader = { sent: header, kept: this.#headers.at(id) };
    }
    return this.#lastHeader!.kept;
  }

  #record(row: number, span: SpanFacts): void {
    const { usage, mark, ttftMs, responseId, toolCallId } = span;
    const numbers: Numbers = { ...usage };
    if (ttftMs !== undefined) numbers.ttftMs = ttftMs;
    for (const field of ["cost", "reportedCost"] as const) {
      const amount = span[field];
      this.#amounts[field].delete(row);
      if (amount === undefined) continue;
      if (BigInt.asUintN(53, amount) === amount) numbers[field] = Number(amount);
      else this.#amounts[field].set(row, amount);
    }
    if (mark?.repeats != null) numbers.repeats = mark.repeats;
    if (mark?.shownBy != null) numbers.shownBy = mark.shownBy;
    if (responseId !== undefined) numbers.responseId = this.#texts.add(responseId);
    if (toolCallId !== undefined) numbers.toolCallId = this.#texts.add(toolCallId);
    const flags = (usage ? usageBit : 0) | (mark ? markBit : 0);
    const chunk = this.#chunks[row >> chunkBits]!;
    const at = row & inChunk;
    chunk.records[at] = this.records.put(chunk.records[at]!, numbers, flags);
  }

  // What follows is for the spans.

  idAt(row: number): string {
    return this.#texts.get(this.#chunks[row >> chunkBits]!.ids[row & inChunk]!);
  }

  parentAt(parent: number): string | undefined {
    if (parent === none) return undefined;
    return parent >= 0 ? this.idAt(parent) : this.#texts.get(-2 - parent);
  }

  shapeAt(shape: number): Shape {
    return this.#shapes.at(shape);
  }

  toolAt(tool: number): string | undefined {
    return tool === none ? undefined : this.#tools.at(tool);
  }

  textAt(record: number, field: "responseId" | "toolCallId"): string | undefined {
    const place = this.records.get(record, field);
    return place === undefined ? undefined : this.#texts.get(place);
  }

  amountAt(row: number, record: number, field: "cost" | "reportedCost"): bigint | undefined {
    const amount = this.records.get(record, field);
    return amount === undefined ? this.#amounts[field].get(row) : BigInt(amount);
  }
}

/** Values that come again and again, each once. */
class Dictionary<T> {
  readonly #ids = new Map<string, number>();
  readonly #values: T[] = [];

  idOf(key: string, value: T): number {
    let id = this.#ids.get(key);
    if (id === undefined) this.#ids.set(key, (id = this.#values.push(value) - 1));
    return id;
  }

  at(id: number): T {
    return this.#values[id]!;
  }
}

function isOfShape(span: SpanFacts, header: TraceHeader, shape: Shape): boolean {
  return shape.header === header && shapeFields.every((field) => span[field] === shape[field]);
}

function hashOf(id: string): number {
  return Bun.hash.xxHash32(id, seed);
}

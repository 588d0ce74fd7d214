/** A span of a large trace, as a look at its row in the columns. */
import type { TraceHeader, Usage } from "../contract/v1.ts";
import type { PackedFacts } from "./packed.ts";
import type { CallMark, SpanFacts } from "./spanfacts.ts";

export const chunkBits = 12;
export const chunkRows = 1 << chunkBits;
export const inChunk = chunkRows - 1;
export const none = -1;

/** What many spans of a trace have in common: kept once for all of them. */
export const shapeFields = [
  "spanType",
  "status",
  "provider",
  "modelId",
  "isModelInherited",
  "requestModelId",
  "instrumentation",
  "toolCallKey",
  "hasInput",
  "hasOutput",
  "isRuntime",
  "isCostEstimated",
] as const satisfies (keyof SpanFacts)[];

export type Shape = Pick<SpanFacts, (typeof shapeFields)[number] | "header">;

export class Chunk {
  readonly keys = new Float64Array(chunkRows);
  readonly starts = new Float64Array(chunkRows);
  readonly ends = new Float64Array(chunkRows);
  readonly hashes = new Uint32Array(chunkRows);
  /** Places of texts. */
  readonly ids = new Uint32Array(chunkRows);
  /** Of the parent the row, or -2 and less for the place of its id, as -2 - place. */
  readonly parents = new Int32Array(chunkRows);
  /** None of a span that was removed. */
  readonly shapes = new Int32Array(chunkRows);
  readonly tools = new Int32Array(chunkRows);
  /** Places of records. */
  readonly records = new Int32Array(chunkRows);
}

/** Looks at a row. */
export class PackedSpan implements SpanFacts {
  readonly #facts: PackedFacts;
  readonly #chunk: Chunk;
  readonly #row: number;
  #shape: Shape;

  constructor(facts: PackedFacts, chunk: Chunk, row: number) {
    this.#facts = facts;
    this.#chunk = chunk;
    this.#row = row;
    this.#shape = facts.shapeAt(chunk.shapes[row & inChunk]!);
  }

  get #record(): number {
    return this.#chunk.records[this.#row & inChunk]!;
  }
  get key(): number {
    return this.#chunk.keys[this.#row & inChunk]!;
  }
  get spanId(): string {
    return this.#facts.idAt(this.#row);
  }
  get parentSpanId(): string | undefined {
    return this.#facts.parentAt(this.#chunk.parents[this.#row & inChunk]!);
  }
  get startTime(): number {
    return this.#chunk.starts[this.#row & inChunk]!;
  }
  get endTime(): number {
    return this.#chunk.ends[this.#row & inChunk]!;
  }
  get toolName(): string | undefined {
    return this.#facts.toolAt(this.#chunk.tools[this.#row & inChunk]!);
  }
  get spanType(): string {
    return this.#shape.spanType;
  }
  get status(): string {
    return this.#shape.status;
  }
  get provider(): string | undefined {
    return this.#shape.provider;
  }
  get modelId(): string | undefined {
    return this.#shape.modelId;
  }
  get isModelInherited(): boolean {
    return this.#shape.isModelInherited;
  }
  get requestModelId(): string | undefined {
    return this.#shape.requestModelId;
  }
  get instrumentation(): string | undefined {
    return this.#shape.instrumentation;
  }
  get toolCallKey(): string | undefined {
    return this.#shape.toolCallKey;
  }
  get hasInput(): boolean {
    return this.#shape.hasInput;
  }
  get hasOutput(): boolean {
    return this.#shape.hasOutput;
  }
  get isRuntime(): boolean {
    return this.#shape.isRuntime;
  }
  get isCostEstimated(): boolean {
    return this.#shape.isCostEstimated;
  }
  get header(): TraceHeader {
    return this.#shape.header;
  }
  get ttftMs(): number | undefined {
    return this.#facts.records.get(this.#record, "ttftMs");
  }
  get responseId(): string | undefined {
    return this.#facts.textAt(this.#record, "responseId");
  }
  get toolCallId(): string | undefined {
    return this.#facts.textAt(this.#record, "toolCallId");
  }
  get cost(): bigint | undefined {
    return this.#facts.amountAt(this.#row, this.#record, "cost");
  }
  get reportedCost(): bigint | undefined {
    return this.#facts.amountAt(this.#row, this.#record, "reportedCost");
  }
  get usage(): Usage | undefined {
    return this.#facts.records.usage(this.#record);
  }
  get mark(): CallMark | undefined {
    return this.#facts.records.mark(this.#record);
  }

  set isCostEstimated(isCostEstimated: boolean) {
    this.#change({ isCostEstimated });
  }
  set cost(cost: bigint | undefined) {
    this.#change({ cost });
  }
  set mark(mark: CallMark | undefined) {
    this.#change({ mark });
  }

  #change(change: Partial<SpanFacts>): void {
    this.#facts.set({ ...plainOf(this), ...change });
    this.#shape = this.#facts.shapeAt(this.#chunk.shapes[this.#row & inChunk]!);
  }
}

function plainOf(span: SpanFacts): SpanFacts {
  return {
    key: span.key,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    spanType: span.spanType,
    status: span.status,
    startTime: span.startTime,
    endTime: span.endTime,
    ttftMs: span.ttftMs,
    toolName: span.toolName,
    provider: span.provider,
    modelId: span.modelId,
    isModelInherited: span.isModelInherited,
    requestModelId: span.requestModelId,
    responseId: span.responseId,
    instrumentation: span.instrumentation,
    toolCallId: span.toolCallId,
    toolCallKey: span.toolCallKey,
    usage: span.usage,
    hasInput: span.hasInput,
    hasOutput: span.hasOutput,
    isRuntime: span.isRuntime,
    cost: span.cost,
    isCostEstimated: span.isCostEstimated,
    reportedCost: span.reportedCost,
    header: span.header,
    mark: span.mark,
  };
}

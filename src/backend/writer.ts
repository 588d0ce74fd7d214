/**
 * What a backend does for who changes a store. All changes of one store go through one writer. A method that
 * changes something returns once the change is durable, and changes all of what it is for or nothing.
 *
 * What the store or its disk cannot do is an AppError: `storage_unavailable` and `buffer_full` pass,
 * `store_damaged` does not.
 */
import type { UnitKind } from "../contract/units.ts";
import type { ImportedSpan, LogReport, TraceHeader } from "../contract/v1.ts";
import type { Place } from "../joining/assemble.ts";
import type { Batch, Fresh } from "./batch.ts";
import type {
  Accounts,
  NewView,
  Reject,
  StorageKind,
  StorageStatus,
  StoredRule,
  StoredView,
  UnknownNote,
} from "./store.ts";

/** What a span cost in pico-dollars, and by which price, as JSON. */
export interface Cost {
  price: string;
  amount: bigint;
  /** True where it may be billed otherwise. */
  isEstimated: boolean;
}

/**
 * Of a span of any type: whether its usage counts is known only with the spans below.
 *
 * @returns null where the span has no price, or none is known.
 */
export type CostOf = (span: ImportedSpan) => Cost | null;

/** @returns null where nothing of the span can be mapped again. */
export type MapAgain = (
  span: ImportedSpan,
  traceId: string,
) => { span: ImportedSpan; header: TraceHeader } | null;

/** @param logs parsed records, the earliest first. */
export type ReadLogs = (logs: object[], spanType: ImportedSpan["spanType"]) => LogReport;

/** A unit as the room that reads records needs it, to make a span of it. */
export interface UnitRecords extends Place {
  agent: string;
  kind: UnitKind;
  parentSpanId: string | undefined;
  startMs: number;
  endMs: number;
  /** Records as they are kept, the earliest first. */
  logs: string[];
  /** Resource and scope of the first. */
  resource: string;
}

/** @returns the span without its records. */
export type MakeSpan = (unit: UnitRecords) => { span: ImportedSpan; header: TraceHeader };

/** What lists show of an input and of an output, null where that is nothing. */
export type Previews = Record<"input" | "output", (text: string) => string | null>;

/** What a writer asks of what it stores. */
export interface Meaning {
  costOf: CostOf;
  previews: Previews;
  /** What log records say of their span. */
  readLogs: ReadLogs;
  /** What they say alone. */
  makeSpan: MakeSpan;
}

/** `full`: the disk has it before each answer, so that a power cut loses nothing. */
export type Durability = "process" | "full";

export interface WriterSettings {
  durability: Durability;
  /** Spans are refused below so much free space; null: a default by the size of the disk. */
  minFreeBytes: number | null;
  /** SHA-256 of the default project's first key. */
  defaultKeyHash: Uint8Array;
}

/** What a writer tells. */
export interface WriterEvents {
  /** After each commit. */
  onChange(change: Change): void;
  /** What is damaged, in words. */
  onDamage(what: string): void;
  /** What is free; null where the system does not tell. */
  onFreeBytes(bytes: number | null): void;
  /** Does a piece of work, and says what it was where it took long. */
  timed: <T>(what: string, work: () => T) => T;
}

/** Keys of traces that a commit changed, and that it took away. */
export interface Change {
  changed: number[];
  gone: number[];
}

/** Requests that were refused, uses of keys, and fields of newer clients since the last time. */
export interface Notes {
  rejects: Reject[];
  /** How many more were refused with each code, beyond those in `rejects`. */
  dropped: { code: string; status: number; count: number }[];
  uses: { keyId: number; atMs: number }[];
  unknown: UnknownNote[];
}

/** What became of a list of traces. */
export interface Deletion {
  /** So many of them were looked at. */
  seen: number;
  deleted: number;
  pinnedKept: number;
}

/** Some of the stored traces. */
export interface Window {
  projectId?: number | undefined;
  /** Epoch ms; a trace belongs to the window in which it started. */
  since?: number | undefined;
  until?: number | undefined;
}

/** Of work that goes through a window in the background; it is kept up to date. */
export interface Progress {
  startedAt: number;
  /** Null while it goes on. */
  finishedAt: number | null;
  traceCount: number;
  doneTraceCount: number;
}

export interface Repricing {
  spans: number;
  changedSpans: number;
  /** Pico-dollars of the spans looked at; what has no price counts as none. */
  before: bigint;
  after: bigint;
}

export interface Rereading {
  spans: number;
  changedSpans: number;
}

export interface RepriceWork {
  /** Which spans to look at. */
  isMeant: (span: ImportedSpan) => boolean;
  /** True: only says what would change. */
  isDry: boolean;
  /** Told what each step did once it is committed. A trace may take several. */
  onStep: (traceKey: number, did: Repricing) => void;
}

export interface RereadWork {
  mapAgain: MapAgain;
  onStep: (traceKey: number, did: Rereading) => void;
}

export interface Writer {
  /**
   * Stores several batches, each whole. Any batch may come any number of times, in any order: the same
   * spans and totals follow. To be called once the call before is answered.
   *
   * @param bytes about what they take.
   * @returns for each what of it is new, or why it was not stored.
   */
  apply(batches: readonly Batch[], bytes: number): Promise<PromiseSettledResult<Fresh>[]>;

  accounts(): Accounts;
  createProject(name: string): Accounts;
  renameProject(id: number, name: string): Accounts;
  /** @returns whether the project is gone; if not, it has traces left that must be deleted first. */
  dropProject(id: number): { isGone: boolean; accounts: Accounts };
  createKey(projectId: number, name: string, hash: Uint8Array): Accounts;
  revokeKey(id: number): Accounts;

  /** The newest first. */
  priceRules(): StoredRule[];
  /** Adds a rule in the place of one of the same patterns. @returns its id. */
  putPriceRule(rule: Omit<StoredRule, "id">): number;
  /** False where there is none. */
  removePriceRule(id: number): boolean;
  /** The list prices that the user brought, null where the bundled ones hold. */
  priceBook(): { json: string; broughtAt: number } | null;
  writePriceBook(book: { json: string; broughtAt: number } | null): void;

  putView(id: number | null, view: NewView): StoredView;
  removeView(id: number): void;
  /** @returns the notes of fields that were never seen before. */
  note(notes: Notes): UnknownNote[];

  /** Takes a trace out of sight. False where there is none. */
  deleteTrace(key: number): boolean;
  /** Deletes as many of these traces, from the first on, as fit into one short step. */
  deleteTraces(keys: readonly number[], withPinned: boolean): Deletion;
  /** Marks a trace as one to keep, or as any other. False where there is none. */
  pin(key: number, isPinned: boolean): boolean;

  /**
   * Begins to reckon the costs of stored spans anew, in the background and in short steps. What comes in
   * meanwhile is not looked at.
   */
  reprice(window: Window, work: RepriceWork): Progress;
  /** Likewise maps stored spans anew, from what was kept of them. What a user set stays as it is. */
  reread(window: Window, work: RereadWork): Progress;

  /** Answered once the storage is otherwise than that. */
  storageAfter(seen: StorageKind): Promise<StorageStatus>;
  /** Lets go of what is kept only to be fast. */
  rest(): void;
  close(): void;
}

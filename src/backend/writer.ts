/**
 * What a backend does for who changes a store. All changes of one store go through one writer. A method that
 * changes something returns once the change is durable, and changes all of what it is for or nothing.
 */
import type { ImportedSpan, TraceHeader } from "../contract/v1.ts";
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

/** Keys of traces that were changed, and that are gone. */
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

export interface Writer {
  /**
   * Stores several batches, each whole. Any batch may come any number of times, in any order: the same
   * spans and totals follow.
   *
   * @returns for each what of it is new, or why it was not stored.
   */
  apply(batches: readonly Batch[]): Promise<PromiseSettledResult<Fresh>[]>;

  accounts(): Accounts;
  createProject(name: string): Accounts;
  renameProject(id: number, name: string): Accounts;
  /** @returns whether the project is gone; if not, it has traces left that must be deleted first. */
  dropProject(id: number): { isGone: boolean; accounts: Accounts };
  createKey(projectId: number, name: string, hash: Uint8Array): Accounts;
  revokeKey(id: number): Accounts;

  priceRules(): StoredRule[];
  putPriceRule(rule: Omit<StoredRule, "id">): number;
  removePriceRule(id: number): boolean;
  priceBook(): { json: string; broughtAt: number } | null;
  writePriceBook(book: { json: string; broughtAt: number } | null): void;

  putView(id: number | null, view: NewView): StoredView;
  removeView(id: number): void;
  /** @returns the notes of fields that were never seen before. */
  note(notes: Notes): UnknownNote[];

  deleteTrace(key: number): boolean;
  /** Deletes as many of these traces, from the first on, as fit into one short step. */
  deleteTraces(keys: readonly number[], withPinned: boolean): Deletion;
  pin(key: number, isPinned: boolean): boolean;

  /** Answered once the storage is otherwise than that. */
  storageAfter(seen: StorageKind): Promise<StorageStatus>;
  /** Lets go of what is kept only to be fast. */
  rest(): void;
  close(): void;
}

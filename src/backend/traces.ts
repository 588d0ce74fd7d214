/** Traces as a backend finds and lists them. */
import type { Filter } from "../filter/parse.ts";
import type { Figure } from "../tally/figure.ts";
import type { Summary } from "./views.ts";

/** A trace by the key of its summary, or by the sender's id and, where needed, the project. */
export type TraceRef = { key: number } | { traceId: string; projectId?: number | undefined };

/** What lists can be sorted by. */
export const sortFields = ["startTime", "duration", "cost", "tokens", "errors"] as const;
export type SortField = (typeof sortFields)[number];

/** Newest or greatest first, `-` in front for the reverse. */
export type TraceSort = SortField | `-${SortField}`;

/** All that is known of a trace without its spans. */
export interface TraceRecord {
  key: number;
  projectId: number;
  summary: Summary;
  metadata: Record<string, string> | null;
  /** In pico-dollars. */
  cost: Figure | null;
  /**
   * Changes with everything that changes the trace, so that what was read of it may be kept under this
   * number; null while the trace is so young that it may change at any moment.
   */
  version: number | null;
}

/** Which traces. Times in epoch ms: a trace belongs to the range in which it started. */
export interface TraceScope {
  filter: Filter;
  projectId?: number | undefined;
  /** Included. */
  since: number;
  /** Excluded; Infinity for no end. */
  until: number;
}

export interface TraceListQuery extends TraceScope {
  sort: TraceSort;
  limit: number;
  /** `next` of the page before; null for the first. */
  cursor: readonly number[] | null;
}

export interface TraceList {
  traces: TraceRecord[];
  /** Goes on behind this page, for the same query; null on the last one. */
  next: number[] | null;
  /** The time ended before the page was full. */
  partial: boolean;
}

/** Where a part of a list of keys ended. */
export interface KeysPosition {
  startTime: number;
  key: number;
}

/** A part of the keys of traces; `next` null behind the last part. */
export interface KeysPart {
  keys: number[];
  next: KeysPosition | null;
}

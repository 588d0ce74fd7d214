/**
 * Agents' work as described by log records, passed from otlp/ to the store: records of a unit (a turn, a
 * model call, a tool call), and spans that may report the same unit.
 */

export type UnitKind = "turn" | "call" | "tool";

/** What both log records and spans say about a unit. Times are ms since the epoch. */
interface UnitFacts {
  kind: UnitKind;
  /** The id of the answer or of the tool call. */
  id?: string | undefined;
  /** The id of the prompt that the unit belongs to. */
  prompt?: string | undefined;
  startMs: number;
  endMs: number;
  model?: string | undefined;
  /** Input and output tokens as counted by the sender: "120/60". */
  counts?: string | undefined;
  /** The name of a tool. */
  name?: string | undefined;
}

/** One log record, with what links it to its unit. */
export interface PieceFacts extends UnitFacts {
  agent: string;
  /** The event's name: a unit has one record per event, except for events that are sent twice. */
  event: string;
  /**
   * `whole`: sufficient for a span. `answer`: sufficient if no whole record arrives; belongs to the unit
   * that ends at that time. `start`, `end`: part of the unit that starts or ends at that time. `before`:
   * part of the unit that ends next.
   */
  role: "whole" | "answer" | "start" | "end" | "before";
  /** Identifies copies of a whole record without an id. */
  mark?: string | undefined;
  /** Whether it contains the final text of the turn, if it is the last record. */
  saysAnswer?: boolean | undefined;
  /** For a prompt or a tool: the next call answers it, and that call's records do not repeat it. */
  isAnswered?: boolean | undefined;
  /**
   * For calls outside the conversation, such as for a title or summary: the turn does not end with their
   * answer.
   */
  isAside?: boolean | undefined;
}

export interface LogPiece {
  session: string;
  /** Empty if the record names no span. */
  traceId: string;
  spanId: string;
  facts: PieceFacts;
  /** The record, as stored among a span's events. */
  json: string;
  /** Resource and scope as JSON. */
  resource: string;
}

/** A span that may report the same unit as log records. */
export interface Claim extends UnitFacts {
  agent: string;
  /** Absent if unknown: the span then belongs to the sessions whose records name its trace. */
  session?: string | undefined;
  parentSpanId?: string | undefined;
}

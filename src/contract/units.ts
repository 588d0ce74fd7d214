/**
 * What agents say in log records, between the room that reads OTLP and the store: pieces of a unit (a turn,
 * a model call, a tool call), and the spans that may say the same.
 */

export type UnitKind = "turn" | "call" | "tool";

/** What either of both says of a unit. Times are ms since the epoch. */
interface UnitFacts {
  kind: UnitKind;
  /** The id of the answer or of the tool call. */
  id?: string | undefined;
  /** The id of the prompt that it is of. */
  prompt?: string | undefined;
  startMs: number;
  endMs: number;
  model?: string | undefined;
  /** Input and output tokens as the sender counts them, "120/60". */
  counts?: string | undefined;
  /** Of a tool. */
  name?: string | undefined;
}

/** One log record, as far as it says to which unit it belongs. */
export interface PieceFacts extends UnitFacts {
  agent: string;
  /** A unit has one record of each event, but for those that are sent twice. */
  event: string;
  /**
   * `whole`: enough for a span. `answer`: enough where nothing whole comes, and belongs to what ends then.
   * `start`, `end`: part of what starts or ends then. `before`: part of what ends next.
   */
  role: "whole" | "answer" | "start" | "end" | "before";
  /** Two whole records of one unit have the same, where they have no id. */
  mark?: string | undefined;
  /** Whether it has the text that the turn ends with, if it is the last. */
  saysAnswer?: boolean | undefined;
  /** Of a prompt or a tool: the next call answers it, and its own records do not repeat it. */
  isAnswered?: boolean | undefined;
  /** Calls beside the conversation, for a title or a summary: the turn does not end with their answer. */
  isAside?: boolean | undefined;
}

export interface LogPiece {
  session: string;
  /** Empty where the record names no span. */
  traceId: string;
  spanId: string;
  facts: PieceFacts;
  /** The record, as it is kept among a span's events. */
  json: string;
  /** Resource and scope as JSON. */
  resource: string;
}

/** A span that may say what log records say. */
export interface Claim extends UnitFacts {
  agent: string;
  /** Absent where the span does not say it: then it is of the sessions whose records name its trace. */
  session?: string | undefined;
  parentSpanId?: string | undefined;
}

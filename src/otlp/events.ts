/**
 * Log records in which agents describe their work, with helpers for the reader of each agent's records.
 */
import type { Claim, PieceFacts, UnitKind } from "../contract/units.ts";
import type { Usage } from "../contract/v1.ts";
import { wire } from "../limits.ts";
import type { Attributes, Instant, SpanRecord, Value } from "./records.ts";
import { countOf, isPresent, numberOf, textOf, toText } from "./values.ts";

/** A log record, as received or as stored. */
export interface AgentEvent {
  /** Without the agent's prefix. */
  name: string;
  time: Instant;
  attributes: Attributes;
  body: Value;
}

/** How the records of one agent are read. */
export interface AgentLogs {
  agent: string;
  /** @returns the name without prefix; null if the record is not from this agent. */
  nameOf(name: string, body: Value, scopeName: string, serviceName: string): string | null;
  /** @param resource attributes. @returns null for a record that belongs to no unit. */
  pieceOf(event: AgentEvent, resource: Attributes): AgentPiece | null;
  /** @param events of one unit, earliest first. */
  read(kind: UnitKind, events: AgentEvent[]): Reading;
  /** @returns what the span and log records may both report; null for all other spans. */
  claimOf(span: SpanRecord, resource: Attributes): AgentClaim | null;
}

export type AgentPiece = Omit<PieceFacts, "agent"> & { session: string | undefined };
export type AgentClaim = Omit<Claim, "agent" | "startMs" | "endMs">;

/** What the records of a unit report. */
export interface Reading {
  status?: "error" | "aborted";
  error?: string;
  name?: string;
  model?: string;
  provider?: string;
  usage?: Usage;
  ttftMs?: number;
  costUsd?: number;
  responseId?: string;
  input?: string;
  output?: string;
  toolCatalog?: string;
}

/** The start and end of an event that reports a duration. */
export function span(event: AgentEvent, durationKeys = ["duration_ms"]) {
  const endMs = event.time.ms;
  const durationMs = numberOf(event.attributes, durationKeys) ?? 0;
  return { startMs: Math.max(0, Math.round(endMs - durationMs)), endMs };
}

/** An id short enough for the store's keys. */
export function idIn(attributes: Attributes, keys: readonly string[]): string | undefined {
  const id = textOf(attributes, keys);
  return id === undefined ? undefined : id.toWellFormed().slice(0, wire.idLength);
}

/** Input and output tokens as counted by the sender. */
export function countsText(
  attributes: Attributes,
  input: readonly string[],
  output: readonly string[],
): string | undefined {
  const [from, to] = [countOf(attributes, input), countOf(attributes, output)];
  return from === undefined && to === undefined ? undefined : `${from ?? 0}/${to ?? 0}`;
}

/** The last text among the events. */
export function lastText(events: AgentEvent[], keys: readonly string[]): string | undefined {
  for (const { attributes } of events.toReversed()) {
    const text = contentIn(attributes, keys);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** A text or a structure as a payload. */
export function contentIn(attributes: Attributes, keys: readonly string[]): string | undefined {
  const key = keys.find((key) => isPresent(attributes[key]));
  return key === undefined ? undefined : toText(attributes[key]!).slice(0, wire.payloadLength);
}

/** A message of the assistant in the format of the conventions. */
export function answerOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: text }] }]);
}

/** The sender's own timestamp: equal in both copies of an event that is sent twice. */
export function momentOf(event: AgentEvent): string {
  return textOf(event.attributes, ["event.timestamp"]) ?? `${event.time.ms}.${event.time.nanos}`;
}

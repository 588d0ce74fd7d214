/**
 * The agents whose log records describe their work, and how a record is recognised as one of theirs.
 */
import type { Claim, LogPiece, UnitKind } from "../contract/units.ts";
import { wire } from "../limits.ts";
import type { AgentEvent, AgentLogs, Reading } from "./events.ts";
import { fromNanosText, type Attributes, type LogRecord, type SpanRecord } from "./records.ts";
import { claudeCodeLogs } from "./senders/claude-code.logs.ts";
import { codexLogs } from "./senders/codex.logs.ts";
import { copilotLogs } from "./senders/copilot.logs.ts";
import { geminiCliLogs, qwenCodeLogs } from "./senders/gemini-cli.logs.ts";
import { isMap, textOf } from "./values.ts";

const agents: AgentLogs[] = [claudeCodeLogs, codexLogs, geminiCliLogs, qwenCodeLogs, copilotLogs];
const byName = new Map(agents.map((agent) => [agent.agent, agent]));

/** The source of a group of records or spans. */
export interface GroupSource {
  scopeName: string;
  serviceName: string;
  resource: Attributes;
}

/** @param name of the event. @param json the record as stored. */
export function pieceOf(
  record: LogRecord,
  name: string,
  { scopeName, serviceName, resource }: GroupSource,
): { agent: string; piece: Omit<LogPiece, "json" | "resource"> } | null {
  for (const logs of agents) {
    const own = logs.nameOf(name, record.body, scopeName, serviceName);
    if (own === null) continue;
    const { time, attributes, body, traceId, spanId } = record;
    const found = logs.pieceOf({ name: own, time, attributes, body }, resource);
    if (!found) return null;
    const { session = traceId || undefined, ...facts } = found;
    if (session === undefined) return null;
    const piece = {
      session: `${logs.agent} ${session}`,
      traceId,
      spanId,
      facts: { ...facts, agent: logs.agent },
    };
    return { agent: logs.agent, piece };
  }
  return null;
}

/**
 * @returns the function that reads claims from a group's spans; null if the agent sends no log records.
 */
export function claimReaderOf({ scopeName, serviceName, resource }: GroupSource) {
  const logs = agentOfSpans(scopeName, serviceName);
  if (!logs) return null;
  return (span: SpanRecord): Claim | undefined => {
    const found = logs.claimOf(span, resource);
    if (!found) return undefined;
    const { session, ...facts } = found;
    return {
      ...facts,
      agent: logs.agent,
      startMs: span.start.ms,
      endMs: Math.max(span.start.ms, span.end.ms),
      ...(session !== undefined && { session: `${logs.agent} ${session}` }),
    };
  };
}

function agentOfSpans(scopeName: string, serviceName: string): AgentLogs | undefined {
  if (scopeName.startsWith("com.anthropic.claude_code")) return claudeCodeLogs;
  if (/^codex/.test(scopeName) || /^codex[_-]/.test(serviceName)) return codexLogs;
  if (/^(copilot|github[.-]copilot)/.test(scopeName)) return copilotLogs;
  if (/^(copilot-|github[.-]copilot)/.test(serviceName)) return copilotLogs;
  return byName.get(scopeName) ?? byName.get(serviceName);
}

/** @param entries stored records of the agent. */
export function readUnit(agent: string, kind: UnitKind, entries: Attributes[]): Reading {
  const logs = byName.get(agent);
  if (!logs) return {};
  const events = entries.flatMap(({ name, attributes, body, timeUnixNano }): AgentEvent[] => {
    if (typeof name !== "string") return [];
    const own = logs.nameOf(name, body ?? null, "", agent) ?? name;
    const time = fromNanosText(timeUnixNano);
    return [
      { name: own, time, attributes: isMap(attributes) ? attributes : {}, body: body ?? null },
    ];
  });
  const reading = logs.read(kind, events);
  const { inputTokens, outputTokens } = reading.usage ?? {};
  if (inputTokens !== undefined && outputTokens !== undefined) {
    reading.usage = { totalTokens: inputTokens + outputTokens, ...reading.usage };
  }
  return reading;
}

/** Attributes that identify the source of records. */
const identity = [
  "session.id",
  "conversation.id",
  "gen_ai.conversation.id",
  "user.id",
  "user.email",
  "user.account_uuid",
  "user.account_id",
  "organization.id",
  "installation.id",
  "terminal.type",
  "app.version",
  "originator",
  "auth_mode",
  "auth_type",
  "prompt.id",
  "prompt_id",
  "query_source",
  "speed",
  "effort",
  "attempt",
  "role",
  "subagent_name",
  "mcp_server",
  "mcp_server_name",
  "tool_source",
  "tool_type",
  "permission_mode",
];

const sessions = ["gen_ai.conversation.id", "session.id", "conversation.id"];

export function identityOf(entries: Attributes[]): Attributes {
  const found: Attributes = {};
  for (const { attributes } of entries) {
    if (!isMap(attributes)) continue;
    for (const key of identity) {
      const text = textOf(attributes, [key]);
      if (text !== undefined && text.length <= wire.mapValueLength) found[key] ??= attributes[key]!;
    }
  }
  const session = textOf(found, sessions);
  return { ...found, ...(session !== undefined && { "gen_ai.conversation.id": session }) };
}

/**
 * The versions of an agent's system prompt: its newest traces, grouped by what the prompt says when ids,
 * dates, paths and numbers in it are masked. Which version a settled trace has is remembered, so that only
 * the first look has to read the prompts.
 */
import { Type, type Static } from "@sinclair/typebox";
import { usdOf } from "../backend/costs.ts";
import { findPrompt, promptSpans } from "../backend/prompt.ts";
import type { Reader } from "../backend/reader.ts";
import type { KeysPart, KeysPosition, TraceRecord } from "../backend/traces.ts";
import { Budget } from "../budget.ts";
import { AppError } from "../errors.ts";
import { quote } from "../filter/caret.ts";
import { described, nullable } from "../schemas.ts";
import { toScope } from "./lists.ts";
import { diffTexts, TextDiff } from "./textdiff.ts";

/** Traces of an agent that are looked at, and for how long at a time. */
export const maxPromptTraces = 10_000;
const readMs = 2000;

const Use = Type.Object({
  traceKey: Type.Integer(),
  traceId: Type.String(),
  startTime: described("Epoch ms"),
});

export const PromptVersion = Type.Object({
  id: Type.String({
    description:
      "The same for the same text, whatever other versions there are; prompt: filters by it",
  }),
  number: described("From 1 on, by the first use of those that are listed"),
  length: described("Of its text as it was used last, in UTF-16 code units"),
  firstUse: Use,
  lastUse: Use,
  traceCount: Type.Integer(),
  days: Type.Array(
    Type.Object({
      startTime: described("Of the day, in UTC"),
      traceCount: Type.Integer(),
      failedCount: Type.Integer(),
    }),
    { description: "Those on which traces began, the first first" },
  ),
  failedCount: described("Traces that ended with an error"),
  errorCount: described("Traces in which anything failed, with those"),
  medianDurationMs: Type.Number(),
  costUsd: nullable(
    Type.String(),
    "Of all its traces together, a decimal; null where none is priced",
  ),
  medianCostUsd: nullable(Type.String(), "Of a trace that is priced"),
});

export const PromptVersions = Type.Object({
  versions: Type.Array(PromptVersion, { description: "The newest first" }),
  traceCount: described("Traces that were looked at, the newest"),
  withoutPromptCount: described("Of these, those that have no system prompt"),
  partial: Type.Boolean({
    description: "There are older traces, or the time ended first: asked again, it goes further",
  }),
});

export const PromptDiff = Type.Object({
  from: PromptVersion,
  to: PromptVersion,
  diff: Type.Intersect([TextDiff], { description: "A: from, B: to, each as it was used last" }),
});

export type PromptVersion = Static<typeof PromptVersion>;
export type PromptVersions = Static<typeof PromptVersions>;
export type PromptDiff = Static<typeof PromptDiff>;

export interface PromptQuery {
  agent: string;
  projectId?: number | undefined;
  /** Traces that are looked at. */
  limit: number;
}

type PromptReader = Pick<Reader, "listKeys" | "traces" | "promptOf">;

/** The runs of a version, the newest first. */
interface Version {
  traces: TraceRecord[];
  /** Of the text as it was used last. */
  length: number;
}

/**
 * @param budgetMs how long prompts are read for.
 */
export function listPromptVersions(
  reader: PromptReader,
  query: PromptQuery,
  nowMs: number,
  budgetMs: number = readMs,
): PromptVersions {
  const budget = new Budget(budgetMs);
  const { keys, isWhole } = newestKeys(reader, query, nowMs);
  const byVersion = new Map<string, Version>();
  let traceCount = 0;
  let withoutPromptCount = 0;
  for (const trace of reader.traces(keys, nowMs)) {
    if (budget.spend()) break;
    traceCount++;
    const used = reader.promptOf(trace);
    if (used === null) withoutPromptCount++;
    else if (!byVersion.get(used.id)?.traces.push(trace))
      byVersion.set(used.id, { traces: [trace], length: used.length });
  }
  const versions = [...byVersion]
    .sort(([, a], [, b]) => byStart(a.traces.at(-1)!, b.traces.at(-1)!))
    .map(([id, version], i) => toVersion(id, i + 1, version))
    .reverse();
  const partial = !isWhole || traceCount < keys.length;
  return { versions, traceCount, withoutPromptCount, partial };
}

/**
 * @param from a version's id or number, likewise `to`.
 * @throws AppError `not_found`.
 */
export function readPromptDiff(
  reader: PromptReader & Pick<Reader, "spans" | "textOf">,
  query: PromptQuery,
  { from, to, unit }: { from: string; to: string; unit?: TextDiff["unit"] | undefined },
  nowMs: number,
): PromptDiff {
  const { versions } = listPromptVersions(reader, query, nowMs);
  const find = (name: string): PromptVersion => {
    const found = versions.find(({ id, number }) => id === name || String(number) === name);
    if (found) return found;
    throw new AppError("not_found", `the agent has no version ${name} of its prompt`, {
      hint: "versions have the ids and numbers that /api/agents/:agent/prompts lists",
    });
  };
  const [old, young] = [find(from), find(to)];
  const textOf = ({ lastUse: { traceKey } }: PromptVersion) =>
    findPrompt(
      reader.spans({ traceKey, ...promptSpans }, ["spanType", "texts"]),
      ({ texts }, field) => reader.textOf(texts, field),
    );
  return { from: old, to: young, diff: diffTexts(textOf(old), textOf(young), unit) };
}

function newestKeys(reader: PromptReader, { agent, projectId, limit }: PromptQuery, nowMs: number) {
  const scope = toScope({ filter: `agent:${quote(agent)}`, projectId }, nowMs);
  const keys: number[] = [];
  let after: KeysPosition | null = null;
  do {
    const wanted = limit - keys.length;
    const part: KeysPart = reader.listKeys(scope, after, wanted, nowMs);
    keys.push(...part.keys);
    after = part.next;
  } while (after && keys.length < limit);
  return { keys, isWhole: after === null };
}

const byStart = (a: TraceRecord, b: TraceRecord) =>
  a.summary.startTime - b.summary.startTime || a.key - b.key;

const dayMs = 86_400_000;

/** How many began on each day, the first day first. @param traces the newest first. */
function daysOf(traces: readonly TraceRecord[]): PromptVersion["days"] {
  const days: PromptVersion["days"] = [];
  for (const { summary } of traces.toReversed()) {
    const { startTime, status } = summary;
    const start = startTime - (startTime % dayMs);
    if (days.at(-1)?.startTime !== start)
      days.push({ startTime: start, traceCount: 0, failedCount: 0 });
    const day = days.at(-1)!;
    day.traceCount++;
    if (status === "error") day.failedCount++;
  }
  return days;
}

function toVersion(id: string, number: number, { traces, length }: Version): PromptVersion {
  const useOf = ({ key, summary: { traceId, startTime } }: TraceRecord) => ({
    traceKey: key,
    traceId,
    startTime,
  });
  const costs = traces.flatMap(({ cost }) => (cost === null ? [] : [BigInt(cost)]));
  const summaries = traces.map(({ summary }) => summary);
  const durations = summaries.map(({ durationMs }) => BigInt(durationMs));
  return {
    id,
    number,
    length,
    firstUse: useOf(traces.at(-1)!),
    lastUse: useOf(traces[0]!),
    traceCount: traces.length,
    days: daysOf(traces),
    failedCount: summaries.filter(({ status }) => status === "error").length,
    errorCount: summaries.filter(({ status, errorCount }) => status === "error" || errorCount > 0)
      .length,
    medianDurationMs: Number(medianOf(durations)!),
    costUsd: costs.length === 0 ? null : usdOf(String(costs.reduce((sum, cost) => sum + cost, 0n))),
    medianCostUsd: costs.length === 0 ? null : usdOf(String(medianOf(costs)!)),
  };
}

/** Of an even number of values the lower of the two in the middle: one that was measured. */
function medianOf(values: bigint[]): bigint | undefined {
  const sorted = values.sort((a, b) => (a < b ? -1 : Number(a > b)));
  return sorted[(sorted.length - 1) >> 1];
}

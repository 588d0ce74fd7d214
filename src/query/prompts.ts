/**
 * The versions of an agent's system prompt: its newest traces, grouped by what the prompt says when ids,
 * dates, paths and numbers in it are masked. Which version a settled trace has is remembered, so that only
 * the first look has to read the prompts.
 */
import { Type, type Static } from "@sinclair/typebox";
import { AppError } from "../errors.ts";
import { quote } from "../filter/caret.ts";
import { described, nullable } from "../schemas.ts";
import { fromCell, type Cell } from "../sqlite/db/cells.ts";
import { type Figure } from "../tally/figure.ts";
import { Budget } from "../budget.ts";
import { usdOf } from "../backend/costs.ts";
import { createPrompts, promptOf, type PromptRow } from "../sqlite/list/promptof.ts";
import { diffTexts, TextDiff } from "./textdiff.ts";
import type { Source } from "../sqlite/trace/trace.ts";
import { listMatchingKeys, type KeysPosition } from "../sqlite/list/traces.ts";

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

interface Row extends PromptRow {
  traceId: Cell;
  startTime: number;
  endTime: number;
  status: string;
  errorCount: number;
  cost: Figure | null;
}

/** The runs of a version, the newest first. */
interface Version {
  rows: Row[];
  /** Of the text as it was used last. */
  length: number;
}

/**
 * @param budgetMs how long prompts are read for.
 */
export function listPromptVersions(
  source: Source,
  query: PromptQuery,
  nowMs: number,
  budgetMs: number = readMs,
): PromptVersions {
  const budget = new Budget(budgetMs);
  const { keys, isWhole } = newestKeys(source, query, nowMs);
  const promptIn = createPrompts(source);
  const byVersion = new Map<string, Version>();
  let traceCount = 0;
  let withoutPromptCount = 0;
  for (const row of rowsOf(source, keys)) {
    if (budget.spend()) break;
    traceCount++;
    const used = promptIn(row);
    if (used === null) withoutPromptCount++;
    else if (!byVersion.get(used.id)?.rows.push(row))
      byVersion.set(used.id, { rows: [row], length: used.length });
  }
  const versions = [...byVersion]
    .sort(([, a], [, b]) => compareRows(a.rows.at(-1)!, b.rows.at(-1)!))
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
  source: Source,
  query: PromptQuery,
  { from, to, unit }: { from: string; to: string; unit?: TextDiff["unit"] | undefined },
  nowMs: number,
): PromptDiff {
  const { versions } = listPromptVersions(source, query, nowMs);
  const find = (name: string): PromptVersion => {
    const found = versions.find(({ id, number }) => id === name || String(number) === name);
    if (found) return found;
    throw new AppError("not_found", `the agent has no version ${name} of its prompt`, {
      hint: "versions have the ids and numbers that /api/agents/:agent/prompts lists",
    });
  };
  const [old, young] = [find(from), find(to)];
  const textOf = ({ lastUse }: PromptVersion) => promptOf(source, lastUse.traceKey);
  return { from: old, to: young, diff: diffTexts(textOf(old), textOf(young), unit) };
}

function newestKeys(source: Source, { agent, projectId, limit }: PromptQuery, nowMs: number) {
  const keys: number[] = [];
  let after: KeysPosition | null = null;
  do {
    const wanted = limit - keys.length;
    const part: ReturnType<typeof listMatchingKeys> = listMatchingKeys(
      source,
      { filter: `agent:${quote(agent)}`, projectId },
      after,
      wanted,
      nowMs,
    );
    keys.push(...part.keys);
    after = part.next;
  } while (after && keys.length < limit);
  return { keys, isWhole: after === null };
}

/** The newest first. */
function rowsOf({ sqlite }: Source, keys: readonly number[]): Row[] {
  return sqlite
    .query<Row, [string]>(
      `SELECT key, traceId, startTime, endTime, status, errorCount, cost, isSettled, settledStep FROM traces
       WHERE key IN (SELECT value FROM json_each(?))`,
    )
    .all(JSON.stringify(keys))
    .sort((a, b) => compareRows(b, a));
}

const compareRows = (a: Row, b: Row) => a.startTime - b.startTime || a.key - b.key;

const dayMs = 86_400_000;

/** How many began on each day, the first day first. @param rows the newest first. */
function daysOf(rows: readonly Row[]): PromptVersion["days"] {
  const days: PromptVersion["days"] = [];
  for (const { startTime, status } of rows.toReversed()) {
    const start = startTime - (startTime % dayMs);
    if (days.at(-1)?.startTime !== start)
      days.push({ startTime: start, traceCount: 0, failedCount: 0 });
    const day = days.at(-1)!;
    day.traceCount++;
    if (status === "error") day.failedCount++;
  }
  return days;
}

function toVersion(id: string, number: number, { rows, length }: Version): PromptVersion {
  const useOf = ({ key, traceId, startTime }: Row) => ({
    traceKey: key,
    traceId: fromCell(traceId),
    startTime,
  });
  const costs = rows.flatMap(({ cost }) => (cost === null ? [] : [BigInt(cost)]));
  const durations = rows.map(({ startTime, endTime }) => BigInt(endTime - startTime));
  return {
    id,
    number,
    length,
    firstUse: useOf(rows.at(-1)!),
    lastUse: useOf(rows[0]!),
    traceCount: rows.length,
    days: daysOf(rows),
    failedCount: rows.filter(({ status }) => status === "error").length,
    errorCount: rows.filter(({ status, errorCount }) => status === "error" || errorCount > 0)
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

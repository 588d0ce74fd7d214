/**
 * The versions of an agent's system prompt: its newest traces, grouped by what the prompt says when ids,
 * dates, paths and numbers in it are masked. Which version a settled trace has is remembered, so that only
 * the first look has to read the prompts.
 */
import type { Database } from "bun:sqlite";
import { Type, type Static } from "@sinclair/typebox";
import { spanTypes } from "../contract/v1.ts";
import { AppError } from "../errors.ts";
import { quote } from "../filter/caret.ts";
import { instructionsIn } from "../messages/gist.ts";
import { maskPrompt } from "../messages/mask.ts";
import { readMessages } from "../messages/read.ts";
import { described, nullable } from "../schemas.ts";
import { fromCell, type Cell, type Figure } from "../store/codec.ts";
import { spanKeyRange } from "../store/rows.ts";
import { Budget } from "./budget.ts";
import { readText } from "./compare.ts";
import { usdOf } from "./costs.ts";
import { diffTexts, TextDiff } from "./textdiff.ts";
import type { Source } from "./trace.ts";
import { listMatchingKeys, type KeysPosition } from "./traces.ts";

/** Traces of an agent that are looked at, for how long at a time, and of how many the version is remembered. */
export const maxPromptTraces = 10_000;
const readMs = 2000;
const cachedTraces = 50_000;

const Use = Type.Object({
  traceKey: Type.Integer(),
  traceId: Type.String(),
  startTime: described("Epoch ms"),
});

export const PromptVersion = Type.Object({
  id: Type.String({ description: "The same for the same text, whatever other versions there are" }),
  number: described("From 1 on, by the first use of those that are listed"),
  firstUse: Use,
  lastUse: Use,
  traceCount: Type.Integer(),
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

interface Row {
  key: number;
  traceId: Cell;
  startTime: number;
  endTime: number;
  status: string;
  errorCount: number;
  cost: Figure | null;
  isSettled: number;
  settledStep: number | null;
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
  const versionOf = createVersions(source);
  const byVersion = new Map<string, Row[]>();
  let traceCount = 0;
  let withoutPromptCount = 0;
  for (const row of rowsOf(source, keys)) {
    if (budget.spend()) break;
    traceCount++;
    const id = versionOf(row);
    if (id === null) withoutPromptCount++;
    else if (!byVersion.get(id)?.push(row)) byVersion.set(id, [row]);
  }
  const versions = [...byVersion]
    .map(([id, rows]) => ({ id, rows }))
    .sort((a, b) => compareRows(a.rows.at(-1)!, b.rows.at(-1)!))
    .map(({ id, rows }, i) => toVersion(id, i + 1, rows))
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
  { from, to }: { from: string; to: string },
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
  return { from: old, to: young, diff: diffTexts(textOf(old), textOf(young)) };
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

/** @param rows the newest first. */
function toVersion(id: string, number: number, rows: readonly Row[]): PromptVersion {
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
    firstUse: useOf(rows.at(-1)!),
    lastUse: useOf(rows[0]!),
    traceCount: rows.length,
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

/** Which version a settled trace has; a trace that changes is settled anew. Keys are never used again. */
const caches = new WeakMap<Database, Map<number, { settledStep: number; id: string | null }>>();

function createVersions(source: Source): (row: Row) => string | null {
  const cache = caches.getOrInsertComputed(source.sqlite, () => new Map());
  /** Many traces have the very same text, which is masked once. */
  const ids = new Map<number | bigint, string>();
  const idOf = (prompt: string) =>
    ids.getOrInsertComputed(Bun.hash(prompt), () => versionId(prompt));
  return ({ key, isSettled, settledStep }) => {
    const known = cache.get(key);
    if (known && isSettled === 1 && known.settledStep === settledStep) return known.id;
    const prompt = promptOf(source, key);
    const id = prompt === null ? null : idOf(prompt);
    if (isSettled === 1 && settledStep !== null) {
      cache.delete(key);
      cache.set(key, { settledStep, id });
      if (cache.size > cachedTraces) cache.delete(cache.keys().next().value!);
    }
    return id;
  };
}

function versionId(prompt: string): string {
  const hash = new Bun.CryptoHasher("sha256").update(maskPrompt(prompt)).digest("hex");
  return hash.slice(0, 12);
}

const llm = spanTypes.indexOf("llm");
const agent = spanTypes.indexOf("agent");

/** The system prompt that a trace begins with; null where it has none. */
function promptOf(source: Source, traceKey: number): string | null {
  const spans = source.sqlite
    .query<
      { key: number; spanType: number; lists: Uint8Array | null },
      [number, number, number, number]
    >(
      `SELECT key, spanType, lists FROM spans
       WHERE key BETWEEN ? AND ? AND spanType IN (?, ?)
       ORDER BY startTime, spanType, key LIMIT 8`,
    )
    .all(...spanKeyRange(traceKey), agent, llm);
  for (const span of spans) {
    const own = readText(source, span, "systemPrompt");
    if (own) return own;
    if (span.spanType !== llm) continue;
    const said = instructionsIn(readMessages(readText(source, span, "input") ?? "", "input"));
    if (said !== null) return said;
  }
  return null;
}

/**
 * Completion of a filter as it is written: keys, and the values that stored traces really have, those of
 * most traces first. Values come from the facets, so a trace counts two seconds after its last span; those
 * that have none, as metadata, from the newest traces. What takes longer than the time there is is left
 * out.
 */
import { Type, type Static } from "@sinclair/typebox";
import { exactly, findCaret, quote, type Caret } from "../../filter/caret.ts";
import { keys, type Key } from "../../filter/keys.ts";
import { complete as limits } from "../../limits.ts";
import { facetFields, facetNumber, type FacetField } from "../rollups/facets.ts";
import { latestFields } from "../rollups/latest.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { Budget } from "../../budget.ts";
import { createPrompts, type PromptRow } from "./promptof.ts";
import type { Source } from "../trace/trace.ts";
import { namesFrom, valuesOf } from "./where.ts";

export interface CompleteQuery {
  filter: string;
  /** Where the caret stands, in UTF-16 code units; at the end where it is absent. */
  position?: number | undefined;
  projectId?: number | undefined;
}

export const Completion = Type.Object({
  position: Type.Integer({ description: "Where the completed text begins, UTF-16 code units" }),
  length: Type.Integer({ description: "How much of the filter it replaces" }),
  items: Type.Array(
    Type.Object({
      text: Type.String({ description: "As it is shown" }),
      insert: Type.String({ description: "As it is written into the filter" }),
      summary: Type.Union([Type.String(), Type.Null()]),
      count: Type.Union([Type.Integer(), Type.Null()], {
        description: "Traces that have it; null where they are not counted",
      }),
      isCapped: Type.Boolean({ description: "There may be more than counted" }),
    }),
  ),
  partial: Type.Boolean({ description: "The time did not suffice for all values" }),
});

export type Completion = Static<typeof Completion>;
type Item = Completion["items"][number];

export function complete(source: Source, query: CompleteQuery): Completion {
  const { filter } = query;
  const position = Math.min(query.position ?? filter.length, filter.length);
  const caret = findCaret(filter, position);
  if (!caret) return { position, length: 0, items: [], partial: false };
  const budget = new Budget(limits.budgetMs);
  const items = itemsOf(source, caret, query.projectId, budget)
    .sort((a, b) => (b.count ?? -1) - (a.count ?? -1))
    .slice(0, limits.values);
  return { position: caret.at, length: caret.length, items, partial: budget.isSpent };
}

function itemsOf(
  source: Source,
  caret: Caret,
  projectId: number | undefined,
  budget: Budget,
): Item[] {
  const begins = beginning(caret.prefix);
  if (caret.kind === "key") return keys.filter(({ name }) => begins(name)).map(keyItem);
  if (caret.kind === "name") {
    const sampled = sample(source, caret.key, null, projectId, budget);
    return countedItems(sampled, begins, (name) => `${quote(name)}:`);
  }
  const { key, name } = caret;
  if (key.values) return key.values.filter(begins).map((value) => plainItem(value));
  if (key.kind === "presence") {
    return keys
      .filter(({ kind }) => kind === "text" || kind === "count" || kind === "money")
      .filter((one) => begins(one.name))
      .map((one) => ({ ...keyItem(one), insert: one.isOpen ? `${one.name}.` : one.name }));
  }
  if (key.kind !== "text") return [];
  if (key.name === "project") {
    return source.sqlite
      .query<{ name: string }, []>("SELECT name FROM projects ORDER BY name")
      .all()
      .filter((project) => begins(project.name))
      .map((project) => plainItem(project.name));
  }
  if (facetFields.some((field) => field === key.name)) {
    return facetItems(source, key.name as FacetField, caret.prefix, projectId, budget);
  }
  const values = sample(source, key, name, projectId, budget);
  return countedItems(values, begins, (text) => exactly(key, text));
}

function beginning(prefix: string): (text: string) => boolean {
  const wanted = prefix.toLowerCase();
  return (text) => text.toLowerCase().startsWith(wanted);
}

function keyItem({ name, isOpen, summary }: Key): Item {
  const insert = isOpen ? `${name}.` : `${name}:`;
  return { text: insert, insert, summary, count: null, isCapped: false };
}

function plainItem(text: string): Item {
  return { text, insert: quote(text), summary: null, count: null, isCapped: false };
}

function countedItems(
  counts: ReadonlyMap<string, number>,
  begins: (text: string) => boolean,
  write: (text: string) => string,
): Item[] {
  return [...counts]
    .filter(([text]) => begins(text))
    .map(([text, count]) => ({ text, insert: write(text), summary: null, count, isCapped: true }));
}

function facetItems(
  { sqlite, names }: Source,
  field: FacetField,
  prefix: string,
  projectId: number | undefined,
  budget: Budget,
): Item[] {
  const begins = beginning(prefix);
  const count = sqlite.query<{ n: number; ofProject: number }, (number | null)[]>(
    `SELECT count(*) AS n, total(?1 IS NULL OR projectId = ?1) AS ofProject FROM (
       SELECT traceKey FROM facets WHERE field = ?2 AND value = ?3
       ORDER BY startTime DESC LIMIT ?4
     ) LEFT JOIN traces ON ?1 IS NOT NULL AND key = traceKey`,
  );
  const items: Item[] = [];
  for (const id of candidates(field)) {
    if (budget.spend()) break;
    const text = names.nameOf(id);
    if (!begins(text)) continue;
    const counted = count.get(projectId ?? null, facetNumber(field), id, limits.countedTraces + 1)!;
    const isCapped = counted.n > limits.countedTraces;
    const ofProject = Math.min(counted.ofProject, limits.countedTraces);
    if (ofProject > 0) items.push({ ...plainItem(text), count: ofProject, isCapped });
  }
  return items;

  function* candidates(field: FacetField): Generator<number> {
    const known = namesFrom(sqlite, prefix, limits.scannedNames);
    // However they are spelt: what is written in another case comes behind.
    if (known) yield* known;
    const others = latestFields.some((one) => one === field)
      ? newestOf(field)
      : valuesOf(sqlite, field, limits.scannedNames);
    const seen = new Set(known);
    for (const id of others) if (!seen.has(id)) yield id;
  }

  /** Of sessions and the like there are too many to go through: those used last. */
  function* newestOf(field: FacetField): Generator<number> {
    const rows = sqlite
      .query<{ value: number }, [number, number]>(
        "SELECT value FROM latest WHERE field = ? ORDER BY startTime DESC, traceKey DESC LIMIT ?",
      )
      .all(facetNumber(field), limits.scannedNames);
    for (const { value } of rows) yield value;
  }
}

/** The values, or with null the names, that the newest traces have under a key without facets. */
function sample(
  source: Source,
  key: Key,
  name: string | null,
  projectId: number | undefined,
  budget: Budget,
): Map<string, number> {
  const { sqlite, payloads } = source;
  const counts = new Map<string, number>();
  const promptIn = createPrompts(source);
  const rows = sqlite
    .query<SampledTrace, number[]>(
      `SELECT key, isSettled, settledStep, metadata, coalesce(traceName, agentName) AS name FROM traces
       ${projectId === undefined ? "" : "WHERE projectId = ?"}
       ORDER BY startTime DESC, key DESC LIMIT ?`,
    )
    .all(...(projectId === undefined ? [] : [projectId]), limits.sampledTraces);
  const selectSpans = sqlite.query<SampledSpan, [number, number]>(
    "SELECT key, metadata, lists FROM spans WHERE key BETWEEN ? AND ?",
  );
  for (const row of rows) {
    if (budget.spend()) break;
    const texts = new Set(textsOf(row));
    for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;

  function textsOf(row: SampledTrace): string[] {
    if (key.name === "name") return typeof row.name === "string" ? [row.name] : [];
    if (key.name === "prompt") return [promptIn(row)?.id ?? ""].filter(Boolean);
    if (key.name === "meta") return entriesOf(row.metadata);
    if (key.name !== "attr") return [];
    const found: string[] = [];
    for (const span of selectSpans.iterate(...spanKeyRange(row.key))) {
      if (budget.spend()) break;
      const { attributes = null, traceAttributes = null } = payloads.get(
        span.key,
        span.lists,
      ).texts;
      for (const json of [span.metadata, attributes, traceAttributes])
        found.push(...entriesOf(json));
    }
    return found;
  }

  function entriesOf(json: string | null): string[] {
    if (json === null) return [];
    const map = JSON.parse(json) as Record<string, unknown>;
    if (name === null) return Object.keys(map);
    const value = Object.hasOwn(map, name) ? map[name] : null;
    return value === null || typeof value === "object" ? [] : [String(value)];
  }
}

interface SampledTrace extends PromptRow {
  metadata: string | null;
  name: string | Uint8Array | null;
}

interface SampledSpan {
  key: number;
  metadata: string | null;
  lists: Uint8Array | null;
}

/**
 * The values that stored traces have under a key. They come from the facets, so a trace counts two seconds
 * after its last span; those that have none, as metadata, from the newest traces. What takes longer than
 * the time there is is left out.
 */
import type { StoredValues, ValuesQuery } from "../../backend/completion.ts";
import { latestFields } from "../../backend/stats.ts";
import { Budget } from "../../budget.ts";
import { complete as limits } from "../../limits.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { facetFields, facetNumber, type FacetField } from "../rollups/facets.ts";
import type { Source } from "../source.ts";
import { createPrompts } from "./promptof.ts";
import { versionOf } from "./records.ts";
import { namesFrom, valuesOf } from "./where.ts";

type Values = StoredValues["values"];

export function readValues(source: Source, query: ValuesQuery): StoredValues {
  const budget = new Budget(limits.budgetMs);
  const values = valuesIn(source, query, budget);
  return { values, partial: budget.isSpent };
}

function valuesIn(source: Source, query: ValuesQuery, budget: Budget): Values {
  const { key, prefix } = query;
  const begins = beginning(prefix);
  if (key.name === "project") {
    return source.sqlite
      .query<{ name: string }, []>("SELECT name FROM projects ORDER BY name")
      .all()
      .filter(({ name }) => begins(name))
      .map(({ name }) => ({ text: name, count: null, isCapped: false }));
  }
  const isFacet = facetFields.some((field) => field === key.name);
  if (isFacet) return facetValues(source, key.name as FacetField, query, budget);
  return [...sample(source, query, budget)]
    .filter(([text]) => begins(text))
    .map(([text, count]) => ({ text, count, isCapped: true }));
}

function beginning(prefix: string): (text: string) => boolean {
  const wanted = prefix.toLowerCase();
  return (text) => text.toLowerCase().startsWith(wanted);
}

function facetValues(
  { sqlite, names }: Source,
  field: FacetField,
  { prefix, projectId }: ValuesQuery,
  budget: Budget,
): Values {
  const begins = beginning(prefix);
  const count = sqlite.query<{ n: number; ofProject: number }, (number | null)[]>(
    `SELECT count(*) AS n, total(?1 IS NULL OR projectId = ?1) AS ofProject FROM (
       SELECT traceKey FROM facets WHERE field = ?2 AND value = ?3
       ORDER BY startTime DESC LIMIT ?4
     ) LEFT JOIN traces ON ?1 IS NOT NULL AND key = traceKey`,
  );
  const found: Values = [];
  for (const id of candidates(field)) {
    if (budget.spend()) break;
    const text = names.nameOf(id);
    if (!begins(text)) continue;
    const counted = count.get(projectId ?? null, facetNumber(field), id, limits.countedTraces + 1)!;
    const isCapped = counted.n > limits.countedTraces;
    const ofProject = Math.min(counted.ofProject, limits.countedTraces);
    if (ofProject > 0) found.push({ text, count: ofProject, isCapped });
  }
  return found;

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
  { key, name, projectId }: ValuesQuery,
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
    if (key.name === "prompt")
      return [promptIn({ key: row.key, version: versionOf(row) })?.id ?? ""].filter(Boolean);
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

interface SampledTrace {
  key: number;
  isSettled: number;
  settledStep: number | null;
  metadata: string | null;
  name: string | Uint8Array | null;
}

interface SampledSpan {
  key: number;
  metadata: string | null;
  lists: Uint8Array | null;
}

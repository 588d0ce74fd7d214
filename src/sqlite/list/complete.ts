/**
 * The values that stored traces have under a key. They come from the facets, so a trace counts two seconds
 * after its last span; those that have none, as metadata, from the newest traces. What takes longer than
 * the time there is is left out.
 */
import type { Database } from "bun:sqlite";
import type { StoredValues, ValuesQuery } from "../../backend/completion.ts";
import { latestFields } from "../../backend/stats.ts";
import { Budget } from "../../budget.ts";
import type { KeyName } from "../../filter/keys.ts";
import { complete as limits } from "../../limits.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { isComplete } from "../rollups/facets.ts";
import type { Source } from "../source.ts";
import { askingOf } from "./match.ts";
import type { MatchRow } from "./rows.ts";
import {
  spanColumns,
  storedKeyOf,
  type Facet,
  type SpanRow,
  type StoredKey,
} from "./storedkeys.ts";
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
  const { facet } = storedKeyOf(key.name);
  if (facet && isComplete(source.sqlite, facet)) return facetValues(source, facet, query, budget);
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
  facet: Facet,
  { key, prefix, projectId }: ValuesQuery,
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
  for (const id of candidates(sqlite, key.name, facet, prefix)) {
    if (budget.spend()) break;
    const text = names.nameOf(id);
    if (!begins(text)) continue;
    const counted = count.get(projectId ?? null, facet.number, id, limits.countedTraces + 1)!;
    const isCapped = counted.n > limits.countedTraces;
    const ofProject = Math.min(counted.ofProject, limits.countedTraces);
    if (ofProject > 0) found.push({ text, count: ofProject, isCapped });
  }
  return found;
}

/** Ids of names that may begin so, each once. */
function* candidates(
  db: Database,
  keyName: KeyName,
  facet: Facet,
  prefix: string,
): Generator<number> {
  const known = namesFrom(db, prefix, limits.scannedNames);
  // However they are spelt: what is written in another case comes behind.
  if (known) yield* known;
  const others = latestFields.some((field) => field === keyName)
    ? newestOf(db, facet)
    : valuesOf(db, facet, limits.scannedNames);
  // Several projects may have the same session.
  yield* new Set(others).difference(new Set(known));
}

/** Of sessions and the like there are too many to go through: those used last. */
function newestOf(db: Database, { number }: Facet): number[] {
  return db
    .query<{ value: number }, [number, number]>(
      "SELECT value FROM latest WHERE field = ? ORDER BY startTime DESC, traceKey DESC LIMIT ?",
    )
    .all(number, limits.scannedNames)
    .map(({ value }) => value);
}

/** The values, or the names of an open key, that the newest traces have, each with how many of these have it. */
function sample(
  source: Source,
  { key, name, projectId }: ValuesQuery,
  budget: Budget,
): Map<string, number> {
  const counts = new Map<string, number>();
  const textsOf = createOffers(source, key.name, name, budget);
  for (const row of newestRows(source, storedKeyOf(key.name), projectId)) {
    if (budget.spend()) break;
    for (const text of new Set(textsOf(row)))
      if (text !== "") counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

function newestRows({ sqlite }: Source, stored: StoredKey, projectId: number | undefined) {
  const columns = new Set(["key", "projectId", ...(stored.of === "spans" ? [] : stored.columns)]);
  return sqlite
    .query<MatchRow, number[]>(
      `SELECT ${[...columns]} FROM traces ${projectId === undefined ? "" : "WHERE projectId = ?"}
       ORDER BY startTime DESC, key DESC LIMIT ?`,
    )
    .all(...(projectId === undefined ? [] : [projectId]), limits.sampledTraces);
}

/** @returns what a trace has to offer. */
function createOffers(
  source: Source,
  keyName: KeyName,
  name: string | null,
  budget: Budget,
): (row: MatchRow) => string[] {
  const stored = storedKeyOf(keyName);
  const asking = askingOf(source, Date.now());
  if (stored.of === "number") return () => [];
  if (stored.of === "row") {
    const { offered = stored.texts } = stored;
    return (row) => offered(row, name, asking);
  }
  const { offered = stored.texts } = stored;
  const select = source.sqlite.query<SpanRow, [number, number]>(
    `SELECT ${spanColumns} FROM spans WHERE key BETWEEN ? AND ?`,
  );
  return (row) => {
    const found: string[] = [];
    for (const span of select.iterate(...spanKeyRange(row.key))) {
      if (budget.spend()) break;
      found.push(...offered(span, name, asking));
    }
    return found;
  };
}

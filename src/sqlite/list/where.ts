/**
 * Where to look for the traces of a filter: the facets of its rarest condition, or all traces. Whatever
 * is found there is still tested (match.ts), so this decides only how much has to be looked at.
 */
import type { Database } from "bun:sqlite";
import type { Filter, Term, Test } from "../../filter/parse.ts";
import { traces as limits } from "../../limits.ts";
import { fits, isExact, type Pattern } from "../../pattern.ts";
import { toCell, type Cell } from "../db/cells.ts";
import { isComplete } from "../rollups/facets.ts";
import type { TimeRange } from "../rollups/rollup.ts";
import type { Source } from "../source.ts";
import { storedTracePattern } from "./ids.ts";
import { storedKeyOf, type Facet, type FacetRange } from "./storedkeys.ts";

/** Facets of one field from one value to another, both inside. */
export interface Posting {
  field: number;
  min: number;
  max: number;
}

export type Plan =
  /** All traces, in the order asked for. */
  | { kind: "all" }
  /** The settled traces of these postings, each of a single value. */
  | { kind: "postings"; postings: Posting[] }
  /** These traces: few enough to be sorted. */
  | { kind: "few"; keys: number[] };

export interface Scope {
  projectId: number | undefined;
  /** When the traces started. */
  range: TimeRange;
}

const anyTime: TimeRange = { since: 0, until: Infinity };

/** @param isByStart whether they are asked for by their start, which is how postings are sorted. */
export function planWalk(
  source: Source,
  filter: Filter,
  { projectId, range }: Scope,
  isByStart: boolean,
): Plan {
  const { sqlite } = source;
  for (const term of filter) {
    const keys = namedTraces(sqlite, term);
    if (keys) return { kind: "few", keys };
  }
  if (!hasFewUnsettled(sqlite)) return { kind: "all" };
  const best = rarest(source, filter, range);
  if (best?.isListed && isByStart) return { kind: "postings", postings: best.postings };
  if (best && best.count <= limits.fewTraces)
    return { kind: "few", keys: keysOf(sqlite, best.postings, range) };
  if (isByStart) return { kind: "all" };
  const keys = startedIn(sqlite, projectId, range, limits.fewTraces + 1);
  return keys && keys.length <= limits.fewTraces ? { kind: "few", keys } : { kind: "all" };
}

interface Condition {
  postings: Posting[];
  /** Whether each of them is of one value, and so sorted by start. */
  isListed: boolean;
  /** Exact up to a limit. */
  count: number;
}

/** The condition of those that facets answer that fewest settled traces of the range pass. */
function rarest(source: Source, filter: Filter, range: TimeRange): Condition | null {
  const known = filter.flatMap(({ isNegated, tests }) => {
    const postings = isNegated ? postingsOfNone(source, tests) : postingsOf(source, tests);
    return postings ? [postings] : [];
  });
  const most = known.length > 1 ? limits.comparedTraces : limits.fewTraces + 1;
  let best: Condition | null = null;
  for (const postings of known) {
    const isListed = postings.every(({ min, max }) => min === max);
    const wanted: number = best ? Math.min(most, best.count + 1) : most;
    const count = countTraces(source.sqlite, postings, range, wanted);
    const isBetter = !best || count < best.count || (count === best.count && isListed);
    if (isBetter) best = { postings, isListed, count };
  }
  return best;
}

/** The project and the time that a query and its filter leave: both have indexes of their own. */
export function narrowScope({ sqlite }: Source, scope: Scope, filter: Filter): Scope {
  let { projectId } = scope;
  let { since, until } = scope.range;
  for (const { isNegated, tests } of filter) {
    const [test] = tests;
    if (isNegated || tests.length > 1 || test?.kind === "free") continue;
    const { kind, name } = test!.key;
    if (test!.kind === "range") {
      if (kind === "since") since = Math.max(since, test!.min);
      if (kind === "until") until = Math.min(until, test!.max);
    } else if (name === "project" && isExact(test!.pattern)) {
      projectId ??= sqlite
        .query<{ id: number }, [string]>("SELECT id FROM projects WHERE name = ?")
        .get(test!.pattern[0])?.id;
    }
  }
  return { projectId, range: { since, until } };
}

/** The traces that a term names by their exact ids; null where it does not. */
function namedTraces(db: Database, { isNegated, tests }: Term): number[] | null {
  const select = db.query<{ key: number }, [Cell]>("SELECT key FROM traces WHERE traceId = ?");
  const keys: number[] = [];
  for (const test of tests) {
    if (isNegated || test.kind !== "text" || test.key.name !== "trace") return null;
    const pattern = storedTracePattern(db, test.pattern);
    if (!isExact(pattern)) return null;
    keys.push(...select.all(toCell(pattern[0])).map(({ key }) => key));
  }
  return keys;
}

/** What is not settled has no facets, and is looked at on the spot. */
function hasFewUnsettled(db: Database): boolean {
  const { n } = db
    .query<{ n: number }, [number]>(
      `SELECT count(*) AS n FROM (
         SELECT 1 FROM traces INDEXED BY unsettledTraces WHERE isSettled = 0 LIMIT ?
       )`,
    )
    .get(limits.unsettledTraces + 1)!;
  return n <= limits.unsettledTraces;
}

/** All settled traces that pass one of the tests have one of these facets; null where none say it. */
function postingsOf(source: Source, tests: readonly Test[]): Posting[] | null {
  const postings: Posting[] = [];
  for (const test of tests) {
    const found = postingsOfTest(source, test);
    if (!found) return null;
    postings.push(...found);
  }
  return postings;
}

function postingsOfTest(source: Source, test: Test): Posting[] | null {
  if (test.kind === "free") return null;
  const { facet, rangeOf } = storedKeyOf(test.key.name);
  if (test.kind === "range") {
    return facet ? postingsIn(source, { facet, min: Math.max(0, test.min), max: test.max }) : null;
  }
  const range = rangeOf ? rangeOf(test.pattern[0]) : "named";
  if (range !== "named") return range && postingsIn(source, range);
  if (!facet || test.isContained || !isComplete(source.sqlite, facet)) return null;
  const ids = findNames(source, facet, test.pattern);
  return ids && ids.map((id) => ({ field: facet.number, min: id, max: id }));
}

/** The same for traces that pass none of the tests: one that all of them have is enough. */
function postingsOfNone(source: Source, tests: readonly Test[]): Posting[] | null {
  for (const test of tests) {
    if (test.kind !== "text") continue;
    const range = storedKeyOf(test.key.name).rangeOfOthers?.(test.pattern[0]);
    if (range) return postingsIn(source, range);
  }
  return null;
}

function postingsIn({ sqlite }: Source, { facet, min, max }: FacetRange): Posting[] | null {
  return isComplete(sqlite, facet) ? [{ field: facet.number, min, max }] : null;
}

/** The ids of the names that fit; null where these are too many. */
function findNames({ sqlite, names }: Source, facet: Facet, pattern: Pattern): number[] | null {
  const [prefix] = pattern;
  if (isExact(pattern)) {
    const id = names.findId(prefix);
    return id === null ? [] : [id];
  }
  const found: number[] = [];
  const most = limits.scannedNames;
  const known = namesFrom(sqlite, prefix, most + 1) ?? [...valuesOf(sqlite, facet, most + 1)];
  if (known.length > most) return null;
  for (const id of known) if (fits(pattern, names.nameOf(id))) found.push(id);
  return found.length <= limits.wildcardNames ? found : null;
}

/** At most so many of the names that begin so; null where no index says which these are. */
export function namesFrom(db: Database, prefix: string, most: number): number[] | null {
  // Texts that are not well-formed are stored otherwise, and may begin so all the same.
  if (prefix === "" || !prefix.isWellFormed() || hasOddNames(db)) return null;
  return db
    .query<{ id: number }, [string, string, number]>(
      "SELECT id FROM names WHERE text >= ? AND text < ? LIMIT ?",
    )
    .all(prefix, `${prefix}\u{10ffff}`, most)
    .map(({ id }) => id);
}

/** Blobs sort behind all texts. */
function hasOddNames(db: Database): boolean {
  return db.query("SELECT 1 FROM names WHERE text >= x'' LIMIT 1").get() !== null;
}

/** The different values of a facet, each found by a seek. */
export function* valuesOf(db: Database, { number }: Facet, most: number): Generator<number> {
  const next = db.query<{ value: number | null }, [number, number]>(
    "SELECT min(value) AS value FROM facets WHERE field = ? AND value > ?",
  );
  let value = -Infinity;
  for (let i = 0; i < most; i++) {
    const found = next.get(number, value)!.value;
    if (found === null) return;
    yield (value = found);
  }
}

/**
 * What of the facets a posting stands for: those of one value are sorted by start, so that of them only the
 * range is looked at; of several values all are.
 */
function facetsOf({ field, min, max }: Posting, { since, until }: TimeRange) {
  return min === max
    ? {
        where: "field = ? AND value = ? AND startTime >= ? AND startTime < ?",
        bound: [field, min, since, until],
      }
    : { where: "field = ? AND value >= ? AND value <= ?", bound: [field, min, max] };
}

/** @returns at most `most`. */
function countTraces(
  db: Database,
  postings: readonly Posting[],
  range: TimeRange,
  most: number,
): number {
  let sum = 0;
  for (const posting of postings) {
    if (sum >= most) break;
    const { where, bound } = facetsOf(posting, range);
    sum += db
      .query<{ n: number }, number[]>(
        `SELECT count(*) AS n FROM (SELECT 1 FROM facets WHERE ${where} LIMIT ?)`,
      )
      .get(...bound, most - sum)!.n;
  }
  return sum;
}

function keysOf(db: Database, postings: readonly Posting[], range: TimeRange): number[] {
  return postings.flatMap((posting) => {
    const { where, bound } = facetsOf(posting, range);
    return db
      .query<{ traceKey: number }, number[]>(`SELECT traceKey FROM facets WHERE ${where}`)
      .all(...bound)
      .map(({ traceKey }) => traceKey);
  });
}

/** Null where it would be all. */
function startedIn(
  db: Database,
  projectId: number | undefined,
  { since, until }: TimeRange,
  most: number,
): number[] | null {
  if (projectId === undefined && since === anyTime.since && until === anyTime.until) return null;
  const select = db.query<{ key: number }, number[]>(
    `SELECT key FROM traces
     WHERE ${projectId === undefined ? "" : "projectId = ? AND"} startTime >= ? AND startTime < ?
     LIMIT ?`,
  );
  const ofProject = projectId === undefined ? [] : [projectId];
  return select.all(...ofProject, since, until, most).map(({ key }) => key);
}

/**
 * What traces can be asked for without a look at their rows. A facet's value is the id of a name, or
 * for what lists are sorted by a number; -1 stands for an unknown number, behind all others.
 */
import type { Database } from "bun:sqlite";
import type { Cells } from "../db/columns.ts";
import type { facets as facetsTable } from "../db/schema.ts";
import { ownFacets, storedKeys, type Facet, type SettledTrace } from "../list/storedkeys.ts";
import type { TraceState } from "../spans/traces.ts";

type Stored = typeof storedKeys;
type KeyWithFacet = {
  [K in keyof Stored]: Stored[K] extends { facet: Facet } ? K : never;
}[keyof Stored];

export type FacetField = KeyWithFacet | keyof typeof ownFacets;

export const facets: ReadonlyMap<FacetField, Facet> = new Map(
  [
    ...Object.entries(storedKeys).flatMap(([name, key]) =>
      "facet" in key ? [[name, key.facet as Facet] as const] : [],
    ),
    ...Object.entries(ownFacets),
  ].map(([name, facet]) => [name as FacetField, facet]),
);

export const facetNumber = (field: FacetField): number => facets.get(field)!.number;

/** Whether all settled traces have this facet: one that is new to the store is still being added to them. */
export function isComplete(db: Database, { number }: Facet): boolean {
  return (
    db
      .query<null, [number]>("SELECT 1 FROM facetFields WHERE field = ? AND afterKey IS NULL")
      .get(number) !== null
  );
}

export type FacetRow = Cells<typeof facetsTable>;

/** The rows of a trace for these facets, from its spans. */
export function facetRows(
  { key, source, tally }: TraceState,
  settledStep: number,
  idOf: (text: string) => number,
  wanted: Iterable<Facet>,
): FacetRow[] {
  const trace: SettledTrace = { row: tally.row(), source, settledStep };
  const rows: FacetRow[] = [];
  const add = (facet: Facet, value: number) =>
    rows.push({ field: facet.number, value, startTime: trace.row.startTime, traceKey: key });
  const addTexts = (facet: Facet, texts: Iterable<string>) => {
    for (const text of texts) add(facet, idOf(text));
  };
  const ofSpans: [facet: Facet & { kind: "spans" }, texts: Set<string>][] = [];
  for (const facet of wanted) {
    if (facet.kind === "number") add(facet, Number(facet.of(trace) ?? -1));
    else if (facet.kind === "spans") ofSpans.push([facet, new Set()]);
    else
      addTexts(
        facet,
        facet.of(trace).filter((text) => text !== null),
      );
  }
  if (ofSpans.length > 0) {
    for (const span of tally.facts()) {
      for (const [facet, texts] of ofSpans) {
        const text = facet.of(span);
        if (text) texts.add(text);
      }
    }
  }
  for (const [facet, texts] of ofSpans) addTexts(facet, texts);
  return rows;
}

export function byPlace(a: FacetRow, b: FacetRow): number {
  return (
    a.field - b.field || a.value - b.value || a.startTime - b.startTime || a.traceKey - b.traceKey
  );
}

/**
 * Settling: a trace that was quiet for a while gets its facets and its part of the statistics; before
 * it changes again, or goes, both are taken back. So they are always exact, and a trace that is sent
 * span by span costs what one sent at once does. Readers look at the few traces in between themselves.
 */
import type { Database, SQLQueryBindings } from "bun:sqlite";
import { latestFields } from "../../backend/stats.ts";
import { settle as limits } from "../../limits.ts";
import { valuesOf } from "../../tally/contribution.ts";
import { sumKnown, type Figure } from "../../tally/figure.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import type { Names } from "../db/names.ts";
import { isDamage, SetAside } from "../db/trouble.ts";
import type { TraceState, TraceStates } from "../spans/traces.ts";
import { facetNumber, type FacetField } from "./facets.ts";
import { createLatestWriter, type Member } from "./latest.ts";
import { createRollupWriter } from "./rollup.ts";

export interface Settler {
  /** To be called before a trace changes or goes. */
  unsettle(state: TraceState): void;
  /** Leaves a trace alone that is changed step by step, and no other; null: none. */
  pause(traceKey: number | null): void;
  /** Whether a trace is quiet and not settled. */
  hasWork(nowMs: number): boolean;
  /** Settles some of the traces that are quiet. */
  step(nowMs: number): void;
  /** Writes the statistics. To be called before the commit. */
  flush(): void;
  /** Forgets what a transaction that is gone would have written. */
  forget(): void;
}

type Facet = [field: number, value: number, startTime: number, traceKey: number];

export function createSettler(db: Database, names: Names, traces: TraceStates): Settler {
  const rollups = createRollupWriter(db, names);
  const latest = createLatestWriter(db);
  const selectQuiet = db.query<
    { key: number; projectId: number; traceId: Cell },
    [quietMs: number, nowMs: number, sameNowMs: number, count: number]
  >(
    // What came later than now came before the clock was set back.
    `SELECT key, projectId, traceId FROM traces
     WHERE isSettled = 0
       AND (lastReceivedAt + ? + spanCount <= ? OR lastReceivedAt > ?)
     ORDER BY key LIMIT ?`,
  );
  const mark = db.query<null, SQLQueryBindings[]>(
    "UPDATE traces SET isSettled = ?, settledStep = ? WHERE key = ?",
  );
  const takePlace = db.query<{ last: number }, []>(
    "UPDATE settling SET last = last + 1 RETURNING last",
  );
  const addFacet = db.query<null, Facet>(
    "INSERT INTO facets (field, value, startTime, traceKey) VALUES (?, ?, ?, ?)",
  );
  const removeFacet = db.query<null, Facet>(
    "DELETE FROM facets WHERE field = ? AND value = ? AND startTime = ? AND traceKey = ?",
  );

  /** Traces with damaged rows, which stay as they are. */
  const damaged = new SetAside();
  let paused: number | null = null;

  function quietTraces(nowMs: number, count: number) {
    const found = selectQuiet.all(limits.quietMs, nowMs, nowMs, count + damaged.size + 1);
    return found.filter(({ key }) => key !== paused && !damaged.has(key)).slice(0, count);
  }

  /** Sets a trace aside where damage is in its way. */
  function passing<T>(traceKey: number, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (isDamage(cause)) damaged.add(traceKey);
      throw cause;
    }
  }

  function facetsOf(state: TraceState, settledStep: number): Facet[] {
    const row = state.tally.row();
    const { all: _, ...texts } = valuesOf(row.header);
    const tools = new Set<string>();
    const providers = new Set<string>();
    for (const { toolName, provider } of state.tally.facts()) {
      if (toolName) tools.add(toolName);
      if (provider) providers.add(provider);
    }
    const named: [FacetField, Iterable<string>][] = [
      ...Object.entries(texts).map(
        ([field, text]) => [field as FacetField, text === null ? [] : [text]] as const,
      ),
      ["model", row.models],
      ["tool", tools],
      ["provider", providers],
      ["source", [state.source]],
      ["status", row.status === "ok" ? [] : [row.status]],
    ] as [FacetField, Iterable<string>][];
    const numbers: [FacetField, Figure | null][] = [
      ["duration", row.endTime - row.startTime],
      ["cost", row.cost],
      ["tokens", sumKnown(row.usage.inputTokens, row.usage.outputTokens)],
      ["errors", row.errorCount],
      ["settled", settledStep],
      ["internal", Number(row.isInternal)],
    ];
    const facet = (field: FacetField, value: number): Facet => [
      facetNumber(field),
      value,
      row.startTime,
      state.key,
    ];
    return [
      ...named.flatMap(([field, values]) =>
        [...values].map((value) => facet(field, names.idOf(value))),
      ),
      ...numbers.map(([field, value]) => facet(field, value === null ? -1 : Number(value))),
    ];
  }

  function membersOf(state: TraceState): Member[] {
    const { header, startTime } = state.tally.row();
    const values = valuesOf(header);
    const { projectId, key: traceKey } = state;
    return latestFields.flatMap((field) => {
      const text = values[field];
      if (text === null) return [];
      return { field, value: names.idOf(text), projectId, startTime, traceKey };
    });
  }

  return {
    unsettle(state) {
      if (state.settledStep === null) return;
      for (const facet of facetsOf(state, state.settledStep)) removeFacet.run(...facet);
      for (const member of membersOf(state)) latest.remove(member);
      rollups.add(state.tally, state.projectId, -1);
      mark.run(0, null, state.key);
      state.settledStep = null;
    },
    pause(traceKey) {
      paused = traceKey;
    },
    hasWork: (nowMs) => quietTraces(nowMs, 1).length > 0,
    step(nowMs) {
      const settledStep = takePlace.get()!.last;
      const facets: Facet[] = [];
      let spans = 0;
      for (const { key, projectId, traceId } of quietTraces(nowMs, limits.tracesPerStep)) {
        passing(key, () => {
          const state = traces.peek(projectId, fromCell(traceId))!;
          if (state.isOld) traces.save(state);
          facets.push(...facetsOf(state, settledStep));
          rollups.add(state.tally, state.projectId, 1);
          for (const member of membersOf(state)) latest.add(member);
          mark.run(1, settledStep, state.key);
          state.settledStep = settledStep;
          spans += state.tally.size;
        });
        if (spans > limits.spansPerStep) break;
      }
      // Side by side in the tree: half the time of one trace after the other.
      for (const facet of facets.sort(byPlace)) passing(facet[3], () => addFacet.run(...facet));
    },
    flush: rollups.flush,
    forget: rollups.forget,
  };
}

function byPlace(a: Facet, b: Facet): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

/** The number of the last step: what settles from now on has a greater one. To be read in a transaction. */
export function lastSettled(db: Database): number {
  return db.query<{ last: number }, []>("SELECT last FROM settling").get()!.last;
}

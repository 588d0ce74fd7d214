/**
 * Settling: a trace that was quiet for a while gets its facets and its part of the statistics; before
 * it changes again, or goes, both are taken back. So they are always exact, and a trace that is sent
 * span by span costs what one sent at once does. Readers look at the few traces in between themselves.
 */
import type { Database } from "bun:sqlite";
import { latestFields } from "../../backend/stats.ts";
import { settle as limits } from "../../limits.ts";
import { valuesOf } from "../../tally/contribution.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { columnsBut, prepareInsert, prepareUpdate } from "../db/columns.ts";
import type { Names } from "../db/names.ts";
import { facets as facetsTable, traces as tracesTable } from "../db/schema.ts";
import { isDamage, SetAside } from "../db/trouble.ts";
import type { TraceState, TraceStates } from "../spans/traces.ts";
import { createBackfill } from "./backfill.ts";
import { byPlace, facetRows, facets, type FacetRow } from "./facets.ts";
import { createLatestWriter, type Member } from "./latest.ts";
import { createRollupWriter } from "./rollup.ts";

export interface Settler {
  /** To be called before a trace changes or goes. */
  unsettle(state: TraceState): void;
  /** Leaves a trace alone that is changed step by step, and no other; null: none. */
  pause(traceKey: number | null): void;
  /** Whether a trace is quiet and not settled, or lacks a facet. */
  hasWork(nowMs: number): boolean;
  /** Settles some of the traces that are quiet, or adds what facets are new to others. */
  step(nowMs: number): void;
  /** Writes the statistics. To be called before the commit. */
  flush(): void;
  /** Forgets what a transaction that is gone would have written. */
  forget(): void;
}

export function createSettler(db: Database, names: Names, traces: TraceStates): Settler {
  const rollups = createRollupWriter(db, names);
  const latest = createLatestWriter(db);
  const backfill = createBackfill(db, names, traces);
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
  const mark = prepareUpdate(db, tracesTable, ["isSettled", "settledStep"], "key");
  const takePlace = db.query<{ last: number }, []>(
    "UPDATE settling SET last = last + 1 RETURNING last",
  );
  const addFacet = prepareInsert(db, facetsTable, columnsBut(facetsTable, []));
  const removeFacet = db.query<null, FacetRow[keyof FacetRow][]>(
    "DELETE FROM facets WHERE field = ? AND value = ? AND startTime = ? AND traceKey = ?",
  );

  /** Traces with damaged rows, which stay as they are. */
  const damaged = new SetAside();
  let paused: number | null = null;
  let isBackfilling = false;

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

  const facetsOf = (state: TraceState, settledStep: number) =>
    facetRows(state, settledStep, names.idOf, facets.values());

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
      for (const { field, value, startTime, traceKey } of facetsOf(state, state.settledStep)) {
        removeFacet.run(field, value, startTime, traceKey);
      }
      for (const member of membersOf(state)) latest.remove(member);
      rollups.add(state.tally, state.projectId, -1);
      mark({ isSettled: 0, settledStep: null, key: state.key });
      state.settledStep = null;
    },
    pause(traceKey) {
      paused = traceKey;
    },
    hasWork: (nowMs) => quietTraces(nowMs, 1).length > 0 || backfill.hasWork(),
    step(nowMs) {
      const quiet = quietTraces(nowMs, limits.tracesPerStep);
      // By turns, so that neither waits for the other.
      isBackfilling = backfill.hasWork() && (quiet.length === 0 || !isBackfilling);
      if (isBackfilling) return backfill.step();
      const settledStep = takePlace.get()!.last;
      const rows: FacetRow[] = [];
      let spans = 0;
      for (const { key, projectId, traceId } of quiet) {
        passing(key, () => {
          const state = traces.peek(projectId, fromCell(traceId))!;
          if (state.isOld) traces.save(state);
          rows.push(...facetsOf(state, settledStep));
          rollups.add(state.tally, state.projectId, 1);
          for (const member of membersOf(state)) latest.add(member);
          mark({ isSettled: 1, settledStep, key: state.key });
          state.settledStep = settledStep;
          spans += state.tally.size;
        });
        if (spans > limits.spansPerStep) break;
      }
      // Side by side in the tree: half the time of one trace after the other.
      for (const row of rows.sort(byPlace)) passing(row.traceKey, () => addFacet(row));
    },
    flush: rollups.flush,
    forget() {
      rollups.forget();
      backfill.forget();
    },
  };
}

/** The number of the last step: what settles from now on has a greater one. To be read in a transaction. */
export function lastSettled(db: Database): number {
  return db.query<{ last: number }, []>("SELECT last FROM settling").get()!.last;
}

/**
 * A naive model of a store, in memory: the interfaces of src/backend as their words read, by filters and
 * sorts over all that was sent. It is what engines are held against (contract.ts).
 */
import type { Change, Meaning } from "../../src/backend/writer.ts";
import type { Engine, Store } from "./contract/bench.ts";
import { accountReads } from "./model/accounts.ts";
import { modelSearch } from "./model/search.ts";
import { spanReads } from "./model/spans.ts";
import { State } from "./model/state.ts";
import { statsReads } from "./model/stats.ts";
import { viewOf, type View } from "./model/summary.ts";
import { traceReads, type Listings } from "./model/traces.ts";
import { modelWriter } from "./model/writer.ts";

/** @param state of a store that was open before. */
function openModel(
  defaultKeyHash: Uint8Array,
  meaning: Meaning,
  onChange: (change: Change) => void,
  state: State,
): Store {
  const listings: Listings = [];
  /** As long as nothing changes, all questions see the same. */
  let known: { nowMs: number; last: number; views: View[] } | null = null;
  const views = (nowMs: number): View[] => {
    if (known?.nowMs !== nowMs || known.last !== state.last) {
      const all = state.traces.map((trace) => viewOf(state, trace, meaning, nowMs));
      known = { nowMs, last: state.last, views: all };
    }
    return known.views;
  };
  const traces = traceReads(views, listings);
  const reader = {
    ...traces,
    ...spanReads(views, traces.findTrace),
    ...statsReads(views),
    ...accountReads(state),
  };
  return {
    writer: modelWriter(state, defaultKeyHash, meaning, onChange),
    reads: { read: (work) => work(reader), rest() {}, close() {} },
    search: modelSearch(views, (ref) => traces.findTrace(ref, 0).key),
    close() {},
  };
}

/** By their directories, so that they can be opened again. */
const states = new Map<string, State>();

/** As an engine: its stores are gone with the process. */
export const modelEngine: Engine = {
  open(dir, defaultKeyHash, meaning, onChange) {
    const state = states.getOrInsertComputed(dir, () => new State());
    return openModel(defaultKeyHash, meaning, onChange, state);
  },
};

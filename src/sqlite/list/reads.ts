/** The traces of a store: found, listed, matched, and what completes a filter of them. */
import type { Reader } from "../../backend/reader.ts";
import type { Source } from "../source.ts";
import { readValues } from "./complete.ts";
import { createPrompts } from "./promptof.ts";
import { findTrace, readRows, toRecord } from "./records.ts";
import { listKeys, listTraces, matchingOf } from "./traces.ts";

export function createListReads(
  source: Source,
): Pick<
  Reader,
  "findTrace" | "traces" | "listTraces" | "listKeys" | "matching" | "complete" | "promptOf"
> {
  return {
    findTrace: (ref, nowMs) => toRecord(findTrace(source.db, ref), nowMs),
    traces: (keys, nowMs) => readRows(source, keys).map((row) => toRecord(row, nowMs)),
    listTraces: (query, nowMs) => listTraces(source, query, nowMs),
    listKeys: (scope, after, limit, nowMs) => listKeys(source, scope, after, limit, nowMs),
    matching: (keys, filter, nowMs) => matchingOf(source, keys, filter, nowMs),
    complete: (query) => readValues(source, query),
    promptOf: createPrompts(source),
  };
}

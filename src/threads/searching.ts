/** The searching thread. Answers leave as JSON text, which crosses threads for less than a tree of objects. */
import type { Search } from "../backend/search.ts";
import type { TraceRef } from "../backend/traces.ts";
import { toJson } from "../query/json.ts";
import { searchTrace, searchTraces, type SearchRequest } from "../query/search.ts";
import { openSearch } from "../sqlite/backend/search.ts";
import { giveNotice, serveThread } from "./host.ts";

export type SearchMethods = typeof methods;

let search: Search | null = null;

function opened(): Search {
  if (!search) throw new Error("the store is not open");
  return search;
}

const methods = {
  open(dataDir: string): void {
    search = openSearch(dataDir, giveNotice);
  },
  search: (request: SearchRequest) => toJson(searchTraces(opened(), request, Date.now())),
  searchTrace: (ref: TraceRef, q: string, limit: number, cursor: string | undefined) =>
    toJson(searchTrace(opened(), ref, q, limit, cursor)),
  status: () => toJson(opened().status()),
  pause: (isPaused: boolean) => opened().pause(isPaused),
  rebuild: () => opened().rebuild(),
  close: () => search?.close(),
};

serveThread(methods, () => search?.rest());

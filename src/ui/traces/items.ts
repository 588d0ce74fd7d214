/** The items of the list: loaded traces, and headings as plain texts above the traces they group. */
import type { Summary } from "../../backend/views.ts";
import { dayName } from "../format.ts";
import type { ListPage } from "./pages.ts";

export interface Items {
  items: readonly (Summary | string)[];
  traces: readonly Summary[];
  /** The index in `items` by trace key. */
  placeOf: ReadonlyMap<number, number>;
  /** The number of the trace at an index of `items`, not counting headings. */
  numberOf: (place: number) => number;
}

/** @param isByDay with the newest first: running traces come first, then a heading for each day. */
export function toItems(pages: readonly ListPage[], isByDay: boolean, now: number): Items {
  const items: (Summary | string)[] = [];
  const traces: Summary[] = [];
  const headings: number[] = [];
  const placeOf = new Map<number, number>();
  const head = (text: string) => headings.push(items.push(text) - 1);
  const add = (trace: Summary) => {
    placeOf.set(trace.key, items.push(trace) - 1);
    traces.push(trace);
  };
  const running = pages[0]?.running ?? [];
  if (running.length > 0) {
    head("Running now");
    running.forEach(add);
  }
  let [dayStart, dayEnd] = [Infinity, Infinity];
  for (const page of pages) {
    for (const trace of page.traces) {
      // A trace that changed between two requests can be on two pages.
      if (placeOf.has(trace.key)) continue;
      if (isByDay && !(trace.startTime >= dayStart && trace.startTime < dayEnd)) {
        [dayStart, dayEnd] = dayOf(trace.startTime);
        head(dayName(trace.startTime, now));
      }
      add(trace);
    }
  }
  const numberOf = (place: number) => place - headings.filter((heading) => heading < place).length;
  return { items, traces, placeOf, numberOf };
}

function dayOf(ms: number): [start: number, end: number] {
  const day = new Date(ms);
  day.setHours(0, 0, 0, 0);
  const start = day.getTime();
  day.setDate(day.getDate() + 1);
  return [start, day.getTime()];
}

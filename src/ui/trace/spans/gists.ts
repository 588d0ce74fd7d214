/** Short summaries of spans for the table: requested for rows in view, and cached. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { byKey, type AnswerOf } from "../../../api.ts";
import { ask } from "../../data/client.ts";
import type { SpanTable } from "../../data/span-table.ts";

export type Gist = AnswerOf<"GET /api/traces/:trace/gists">["gists"][number];

interface Known extends Gist {
  /** When the trace had last received something, at the time of the request. */
  at: number;
}

/** Waits for scrolling to rest before a request. */
const restMs = 40;

/** @param rows the rows in view. @returns the summary of a row; undefined while loading. */
export function useGists(
  table: SpanTable,
  rows: readonly number[],
): (row: number) => Gist | undefined {
  const client = useQueryClient();
  const { key: traceKey, lastReceivedAt } = table.trace;
  const queryKey = ["gists", traceKey];
  const { data } = useQuery<ReadonlyMap<number, Known>>({
    queryKey,
    queryFn: () => client.getQueryData(queryKey) ?? new Map(),
    staleTime: Infinity,
    structuralSharing: false,
  });
  const asked = useRef(new Set<number>());
  const keys = rows.flatMap((row) => keyWithText(table, row) ?? []);
  const isMissing = (key: number) => {
    const gist = data?.get(key);
    return !gist || (gist.text === null && gist.at !== lastReceivedAt);
  };
  const missing = data ? keys.filter((key) => isMissing(key) && !asked.current.has(key)) : [];
  useEffect(() => {
    if (missing.length === 0) return;
    const timer = setTimeout(async () => {
      for (const key of missing) asked.current.add(key);
      try {
        const { gists } = await ask("GET /api/traces/:trace/gists", {
          at: { trace: byKey(traceKey) },
          query: { spans: missing.join() },
        });
        const said = new Map(gists.map((gist) => [gist.key, gist]));
        client.setQueryData<ReadonlyMap<number, Known>>(queryKey, (before) => {
          const after = new Map(before);
          for (const key of missing) {
            after.set(key, { key, text: null, ...said.get(key), at: lastReceivedAt });
          }
          return after;
        });
      } catch {
        // The table works without summaries; scrolling there again repeats the request.
      } finally {
        for (const key of missing) asked.current.delete(key);
      }
    }, restMs);
    return () => clearTimeout(timer);
  }, [missing.join()]);
  return (row) => {
    const key = keyWithText(table, row);
    return key === null ? undefined : data?.get(key);
  };
}

const voices = new WeakMap<SpanTable, Map<number, number>>();

/**
 * The key of the span that has the text: among several reports of one call perhaps another. Null if none
 * has it.
 */
function keyWithText(table: SpanTable, row: number): number | null {
  const { columns, repeats } = table;
  if (row === table.runningRow) return null;
  if (hasText(table, row)) return columns.key[row]!;
  let others = voices.get(table);
  if (!others) {
    others = new Map();
    for (const [other, counting] of repeats) {
      if (hasText(table, other) && !others.has(counting)) others.set(counting, other);
    }
    voices.set(table, others);
  }
  const voice = others.get(row);
  return voice === undefined ? null : columns.key[voice]!;
}

function hasText({ columns }: SpanTable, row: number): boolean {
  const kind = columns.spanType.values[columns.spanType.rows[row]!];
  if (kind === "embedding") return false;
  const fields = (columns.payloads.values[columns.payloads.rows[row]!] ?? "").split(",");
  return fields.includes(kind === "llm" ? "output" : "input");
}

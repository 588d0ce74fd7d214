/** What the inspector reads of a span, once it has been selected for a moment. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { byKey, type AnswerOf } from "../../../api.ts";
import { ask } from "../../data/client.ts";

const dwellMs = 80;

export interface WholeSpan {
  span: AnswerOf<"GET /api/traces/:trace/spans/:span">;
  messages: AnswerOf<"GET /api/traces/:trace/spans/:span/messages">;
}

/** A span with its messages; while the next is read, the one before. */
export function useWholeSpan(traceKey: number, spanKey: number) {
  const dwelt = useDwelt(spanKey);
  const query = useQuery({
    queryKey: ["span", traceKey, dwelt],
    queryFn: async ({ signal }): Promise<WholeSpan> => {
      const at = { trace: byKey(traceKey), span: byKey(dwelt) };
      const [span, messages] = await Promise.all([
        ask("GET /api/traces/:trace/spans/:span", { at }, signal),
        ask("GET /api/traces/:trace/spans/:span/messages", { at }, signal),
      ]);
      return { span, messages };
    },
    placeholderData: keepPreviousData,
    // A text may have a megabyte.
    structuralSharing: false,
    gcTime: 60_000,
  });
  return { ...query, isBehind: query.data !== undefined && query.data.span.key !== spanKey };
}

/** Who goes through spans reads only where they stop. */
export function useDwelt(key: number): number {
  const [dwelt, setDwelt] = useState(key);
  useEffect(() => {
    const timer = setTimeout(() => setDwelt(key), dwellMs);
    return () => clearTimeout(timer);
  }, [key]);
  return dwelt;
}

/** What the inspector reads of a span, once it has been selected for a moment. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { SpanMessages } from "../../../query/news.ts";
import type { SpanView } from "../../../query/views.ts";
import { byKey, get, pathOf } from "../../data/client.ts";

const dwellMs = 80;

export interface WholeSpan {
  span: SpanView;
  messages: SpanMessages;
}

/** A span with its messages; while the next is read, the one before. */
export function useWholeSpan(traceKey: number, spanKey: number) {
  const dwelt = useDwelt(spanKey);
  const query = useQuery({
    queryKey: ["span", traceKey, dwelt],
    queryFn: async ({ signal }): Promise<WholeSpan> => {
      const path = pathOf("traces", byKey(traceKey), "spans", byKey(dwelt));
      const [span, messages] = await Promise.all([
        get<SpanView>(path, {}, signal),
        get<SpanMessages>(`${path}/messages`, {}, signal),
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
function useDwelt(key: number): number {
  const [dwelt, setDwelt] = useState(key);
  useEffect(() => {
    const timer = setTimeout(() => setDwelt(key), dwellMs);
    return () => clearTimeout(timer);
  }, [key]);
  return dwelt;
}

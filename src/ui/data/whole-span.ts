/** The data of the inspector, requested once a span has been selected for a moment. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { byKey, type AnswerOf } from "../../api.ts";
import { useDebounced } from "../state/debounce.ts";
import { ask } from "./client.ts";

export interface WholeSpan {
  span: AnswerOf<"GET /api/traces/:trace/spans/:span">;
  messages: AnswerOf<"GET /api/traces/:trace/spans/:span/messages">;
}

/** The span with its messages; the previous span while the next is loading. */
export function useWholeSpan(traceKey: number, spanKey: number) {
  const settledKey = useDebounced(spanKey, spanKey);
  const query = useQuery({
    queryKey: ["span", traceKey, settledKey],
    queryFn: async ({ signal }): Promise<WholeSpan> => {
      const at = { trace: byKey(traceKey), span: byKey(settledKey) };
      const [span, messages] = await Promise.all([
        ask("GET /api/traces/:trace/spans/:span", { at }, signal),
        ask("GET /api/traces/:trace/spans/:span/messages", { at }, signal),
      ]);
      return { span, messages };
    },
    placeholderData: keepPreviousData,
    // A text can have a megabyte: not worth comparing.
    structuralSharing: false,
    gcTime: 60_000,
  });
  return { ...query, isBehind: query.data !== undefined && query.data.span.key !== spanKey };
}

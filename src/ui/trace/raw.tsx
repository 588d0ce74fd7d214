/** The trace in the ingest v1 format, as exports write it. */
import { useQuery } from "@tanstack/react-query";
import { byKey } from "../../api.ts";
import { request, textFrom } from "../data/client.ts";
import type { SpanTable } from "../data/span-table.ts";
import { bytes, count, plural, textOf } from "../format.ts";
import { CopyButton, LoadError } from "../parts/controls.tsx";
import { JsonTree } from "../text/json.tsx";
import { CutNote } from "../text/truncated.tsx";
import { exportTrace } from "./actions.tsx";

/** Larger traces are better downloaded as a file. */
const maxSpanCount = 5_000;
/** Open levels of the JSON tree: document, traces, trace, spans; each span is one line. */
const levels = 4;

export function Raw({ table }: { table: SpanTable }) {
  const { trace, spanCount } = table;
  const isLarge = spanCount > maxSpanCount;
  const { data, error, refetch } = useQuery({
    queryKey: ["export", trace.key, trace.lastReceivedAt],
    queryFn: async ({ signal }) => {
      const at = { trace: byKey(trace.key) };
      const response = await request("GET /api/traces/:trace/export", { at }, signal);
      const cutTexts = Number(response.headers.get("x-tealight-cut-texts") ?? 0);
      return { text: await textFrom(response), cutTexts };
    },
    enabled: !isLarge,
  });
  if (error) return <LoadError error={error} retry={() => void refetch()} />;
  if (isLarge) {
    return (
      <div className="nothing">
        <p>A trace of {count(spanCount)} spans is better read as a file.</p>
        <button type="button" className="button" onClick={() => void exportTrace(trace, "jsonl")}>
          Download JSON Lines
        </button>
      </div>
    );
  }
  if (data === undefined) return null;
  const { text, cutTexts } = data;
  return (
    <div className="trace-raw">
      <div className="trace-raw-head">
        <span className="label">ingest v1, {textOf(bytes(text.length))}</span>
        {cutTexts > 0 && (
          <CutNote>
            At least {plural(cutTexts, "text")} in it {cutTexts === 1 ? "was" : "were"} cut before{" "}
            {cutTexts === 1 ? "it was" : "they were"} stored.
          </CutNote>
        )}
        <span className="grow" />
        <CopyButton text={text} label="Copy the full text" className="button is-quiet is-small">
          Copy
        </CopyButton>
      </div>
      <JsonTree text={text} levels={levels} />
    </div>
  );
}

/** The span as JSON from the server, with long texts folded. */
import { useMemo } from "react";
import type { SpanView } from "../../../backend/views.ts";
import { CopyButton } from "../../parts/controls.tsx";
import { JsonTree } from "../../text/json.tsx";
import { CutNotes, DroppedNotes } from "./cuts.tsx";

export function Raw({ span }: { span: SpanView }) {
  const value = useMemo(() => span as unknown, [span]);
  return (
    <section className="section">
      <h3>
        Span
        <span className="section-end">
          <CopyButton text={() => JSON.stringify(span, null, 2)} label="Copy the span as JSON" />
        </span>
      </h3>
      <CutNotes span={span} />
      <DroppedNotes span={span} />
      <JsonTree value={value} />
    </section>
  );
}

/** Notes on missing content: texts that were truncated, and data dropped by the sender's limits. */
import type { ReactNode } from "react";
import type { SpanView } from "../../../backend/views.ts";
import { count, plural } from "../../format.ts";
import { CutNote, truncationCause } from "../../text/truncated.tsx";

type Field = NonNullable<SpanView["cut"]>[number]["field"];

const names: Record<Field, string> = {
  input: "The input",
  output: "The output",
  toolCatalog: "The list of tools",
  sources: "The sources",
  systemPrompt: "The system prompt",
  errorMessage: "The error’s message",
};

/** @param of only this text; all texts if absent. */
export function CutNotes({ span, of }: { span: SpanView; of?: Field }) {
  const cuts = span.cut?.filter(({ field }) => of === undefined || field === of);
  return cuts?.map(({ field, length, ...cut }) => (
    <CutNote key={field}>
      {names[field]} has {count(length)} characters and was cut {truncationCause(cut)}
    </CutNote>
  ));
}

export function DroppedNotes({ span }: { span: SpanView }) {
  const counts = [
    [span.droppedAttributesCount, "attribute"],
    [span.droppedEventsCount, "event"],
    [span.droppedLinksCount, "link"],
  ] as const;
  const said = counts.flatMap(([number = 0, what]) => (number > 0 ? [plural(number, what)] : []));
  const logs = span.droppedLogsCount ?? 0;
  return (
    <>
      {said.length > 0 && (
        <CutNote>The sender dropped {said.join(", ")}: its SDK’s limits were reached.</CutNote>
      )}
      {logs > 0 && (
        <CutNote>
          At least {plural(logs, "log record")} of it {logs === 1 ? "is" : "are"} not kept: this
          server keeps 2,000 of a span, or 8 MB.
        </CutNote>
      )}
    </>
  );
}

/** A section that renders nothing while it is empty. */
export function Missing({ children }: { children: ReactNode }) {
  return <section className="section inspector-missing">{children}</section>;
}

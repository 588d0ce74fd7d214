/** The first tab of a span: time, cost, context, output and error. */
import { Link } from "wouter";
import type { SpanView } from "../../../backend/views.ts";
import type { SpanMessages } from "../../../query/news.ts";
import { useProject } from "../../data/queries.ts";
import type { SpanRow, SpanTable } from "../../data/span-table.ts";
import type { WholeSpan } from "../../data/whole-span.ts";
import { count, plural } from "../../format.ts";
import { traceHref } from "../../query/scope.ts";
import { PartView } from "../../text/part.tsx";
import { Prose } from "../../text/prose.tsx";
import { clockNotes } from "../clock-skew.ts";
import { AttributeList, attributesOf } from "./attributes.tsx";
import { Context } from "./context.tsx";
import { CutNotes, DroppedNotes, Missing } from "./cuts.tsx";
import { Receipt } from "./receipt.tsx";
import { Timing } from "./timing.tsx";

export interface OverviewProps {
  table: SpanTable;
  row: number;
  /** Undefined while loading. */
  whole: WholeSpan | undefined;
  onTab: (tab: "messages" | "attributes") => void;
  onSelect: (spanKey: number) => void;
}

/** How much of an answer is shown here. */
const previewLength = 1_200;
const previewAttributes = 8;

export function Overview({ table, row, whole, onTab, onSelect }: OverviewProps) {
  const span = table.span(row);
  const own = whole?.span;
  const isCall = span.kind === "llm" || span.kind === "embedding";
  const errorMessage = own?.errorMessage ?? span.errorMessage;
  return (
    <>
      {errorMessage !== null && (
        <section className="section">
          <h3>Error</h3>
          <pre className="inspector-failure">{errorMessage}</pre>
        </section>
      )}
      {own && (
        <Missing>
          <CutNotes span={own} />
          <DroppedNotes span={own} />
        </Missing>
      )}
      <SameCall table={table} span={span} whole={own} onSelect={onSelect} />
      <Timing table={table} row={row} whole={own} />
      {clockNotes(span, span.parent === null ? null : table.span(span.parent), own).map((note) => (
        <p className="note" key={note}>
          {note}
        </p>
      ))}
      {isCall || span.costUsd !== null || own?.reportedCostUsd !== undefined ? (
        <Receipt span={span} whole={own} />
      ) : null}
      {isCall && <Context usage={span.usage} whole={own} />}
      {whole && <Wrote messages={whole.messages} span={span} onTab={onTab} />}
      {own && <Facts whole={own} onTab={onTab} />}
    </>
  );
}

/** Links to other spans that report the same model call, and says which one counts. */
function SameCall({
  table,
  span,
  whole,
  onSelect,
}: {
  table: SpanTable;
  span: SpanRow;
  whole: SpanView | undefined;
  onSelect: OverviewProps["onSelect"];
}) {
  const [project] = useProject();
  const counting = span.repeats === null ? null : table.span(span.repeats);
  return (
    <>
      {counting && (
        <p className="note">
          Same call as{" "}
          <button type="button" className="link" onClick={() => onSelect(counting.key)}>
            {counting.name}
          </button>
          , which is counted.
        </p>
      )}
      {whole?.alsoIn?.map(({ traceKey, traceId, key }) => (
        <p className="note" key={key}>
          Same call as a span in{" "}
          <Link className="link" href={traceHref(traceKey, { project }, key)}>
            trace {traceId}
          </Link>
          : both traces count it.
        </p>
      ))}
    </>
  );
}

function Wrote({
  messages: { output },
  span: { kind, usage },
  onTab,
}: {
  messages: SpanMessages;
  span: SpanRow;
  onTab: OverviewProps["onTab"];
}) {
  const parts = output.flatMap((message) => message.parts);
  if (parts.length === 0) return null;
  const tokens = usage?.outputTokens;
  return (
    <section className="section">
      <h3>
        {kind === "tool" ? "Result" : "Output"}
        <span className="section-end">{tokens !== undefined && plural(tokens, "token")}</span>
      </h3>
      <div className="inspector-wrote">
        {parts.slice(0, 4).map((part, i) =>
          part.type === "text" ? (
            <Prose key={i} text={preview(part.text)} />
          ) : part.type === "toolCall" || part.type === "toolResult" ? (
            <p key={i} className="mono truncated">
              {part.name !== null && `${part.name} `}
              <span className="dim">{preview(part.text)}</span>
            </p>
          ) : (
            <PartView key={i} part={part} />
          ),
        )}
      </div>
      <button type="button" className="link note" onClick={() => onTab("messages")}>
        {parts.length > 4 ? `All ${count(parts.length)} parts` : "All messages"}
      </button>
    </section>
  );
}

function preview(text: string): string {
  return text.length > previewLength ? `${text.slice(0, previewLength)}…` : text;
}

function Facts({ whole, onTab }: { whole: SpanView; onTab: OverviewProps["onTab"] }) {
  const all = attributesOf(whole);
  if (all.length === 0) return null;
  return (
    <section className="section">
      <h3>
        Attributes <span className="section-end">{count(all.length)}</span>
      </h3>
      <AttributeList attributes={all.slice(0, previewAttributes)} />
      {all.length > previewAttributes && (
        <button type="button" className="link note" onClick={() => onTab("attributes")}>
          {count(all.length - previewAttributes)} more
        </button>
      )}
    </section>
  );
}

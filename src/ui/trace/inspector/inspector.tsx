/** The inspector: all that is known of one span, in tabs. */
import { useMemo, useRef, type KeyboardEvent } from "react";
import { count } from "../../format.ts";
import { CopyButton, Problem } from "../../parts/controls.tsx";
import { Icon } from "../../parts/icon.tsx";
import { KindMark, StandingBadge } from "../../parts/mark.tsx";
import { useParam } from "../../state/url.ts";
import { MediaPlace } from "../../text/media.tsx";
import { Payload } from "../../text/payload.tsx";
import type { SpanTable } from "../model.ts";
import type { SpanView } from "../../../query/views.ts";
import { Attributes } from "./attributes.tsx";
import { CutNotes, Missing } from "./cuts.tsx";
import { useWholeSpan, type WholeSpan } from "./data.ts";
import { Messages } from "./messages.tsx";
import { Overview } from "./overview.tsx";
import { Raw } from "./raw.tsx";
import { Tools } from "./tools.tsx";
import "./inspector.css";

type Tab = "overview" | "messages" | "system" | "input" | "output" | "tools" | "attributes" | "raw";

const labels: Record<Tab, string> = {
  overview: "Overview",
  messages: "Messages",
  system: "System",
  input: "Input",
  output: "Output",
  tools: "Tools",
  attributes: "Attributes",
  raw: "Raw",
};

export interface InspectorProps {
  table: SpanTable;
  row: number;
  onSelect: (spanKey: number) => void;
  onClose: () => void;
}

export function Inspector({ table, row, onSelect, onClose }: InspectorProps) {
  const span = table.span(row);
  const { data, error, isBehind, refetch } = useWholeSpan(table.trace.key, span.key);
  const shownKey = data?.span.key ?? span.key;
  const place = useMemo(
    () => ({ trace: table.trace.key, span: shownKey }),
    [table.trace.key, shownKey],
  );
  const [wanted, setTab] = useParam<Tab>("tab", "overview");
  const tabs = tabsOf(data);
  // A span that lacks what the one before had shows its overview; the address keeps the wish.
  const tab = tabs.some(([name]) => name === wanted) ? wanted : "overview";
  const goTo = (next: Tab) => setTab(next, { replace: true });
  // The body is all of one span, until the next is there.
  const shownRow = (data && table.rowOf(data.span.key)) ?? row;
  // What is the trace's own is shown with its roots.
  const { parent } = table.span(shownRow);
  const isTop = parent === null || table.span(parent).isRunning;
  const ofTrace = isTop ? table.trace.attributes : null;

  return (
    <aside className="pane inspector" aria-label="Inspector">
      <header className="inspector-head">
        <div className="inspector-title">
          <KindMark kind={span.kind} />
          <h2 className="truncated" title={span.name}>
            {span.name}
          </h2>
          {span.kind === "llm" && <span className="dim">step {table.steps[row]}</span>}
          <span className="grow" />
          <CopyButton text={span.spanId} label="Copy the span's id" />
          <button
            type="button"
            className="button is-quiet is-small is-square"
            aria-label="Close the inspector"
            title="Close (Esc)"
            onClick={onClose}
          >
            <Icon name="close" size="s" />
          </button>
        </div>
        <div className="flex inspector-about">
          <StandingBadge standing={span.status} />
          {span.modelId !== null && <span className="muted truncated">{span.modelId}</span>}
          {span.provider !== null && <span className="dim">{span.provider}</span>}
          <span className="dim mono truncated inspector-id" title={span.spanId}>
            {span.spanId}
          </span>
        </div>
      </header>
      <Tabs tabs={tabs} tab={tab} onTab={goTo} />
      {error && <Problem error={error} retry={() => void refetch()} />}
      <div
        className={isBehind ? "inspector-body is-behind" : "inspector-body"}
        role="tabpanel"
        aria-label={labels[tab]}
        aria-busy={isBehind}
      >
        <MediaPlace value={place}>
          {tab === "overview" && (
            <Overview table={table} row={shownRow} whole={data} onTab={goTo} onSelect={onSelect} />
          )}
          {data && <Body tab={tab} whole={data} ofTrace={ofTrace} onSelect={onSelect} />}
        </MediaPlace>
      </div>
    </aside>
  );
}

function Body({
  tab,
  whole: { span, messages },
  ofTrace,
  onSelect,
}: {
  tab: Tab;
  whole: WholeSpan;
  ofTrace: string | null;
  onSelect: (spanKey: number) => void;
}) {
  switch (tab) {
    case "messages":
      return <Messages key={span.key} messages={messages} onSelect={onSelect} />;
    case "system":
      return <Text span={span} field="systemPrompt" />;
    case "input":
    case "output":
      return <Text span={span} field={tab} />;
    case "tools":
      return (
        <>
          <Missing>
            <CutNotes span={span} of="toolCatalog" />
          </Missing>
          <Tools tools={messages.tools} />
        </>
      );
    case "attributes":
      return <Attributes span={span} ofTrace={ofTrace} />;
    case "raw":
      return <Raw span={span} />;
    default:
      return null;
  }
}

function Text({ span, field }: { span: SpanView; field: "systemPrompt" | "input" | "output" }) {
  const isCut = span.cut?.some((cut) => cut.field === field);
  return (
    <section className="section">
      <CutNotes span={span} of={field} />
      <Payload trace={span.traceKey} span={span.key} field={field} isCut={isCut === true} />
    </section>
  );
}

function tabsOf(whole: WholeSpan | undefined): [tab: Tab, count?: number][] {
  const tabs: [Tab, number?][] = [["overview"]];
  if (!whole) return tabs;
  const { span, messages } = whole;
  const said = messages.input.length + messages.output.length;
  if (said > 0) tabs.push(["messages", said]);
  if (span.systemPrompt !== undefined) tabs.push(["system"]);
  if (span.input !== undefined) tabs.push(["input"]);
  if (span.output !== undefined) tabs.push(["output"]);
  if (messages.tools.length > 0) tabs.push(["tools", messages.tools.length]);
  return [...tabs, ["attributes"], ["raw"]];
}

function Tabs({
  tabs,
  tab,
  onTab,
}: {
  tabs: readonly [Tab, number?][];
  tab: Tab;
  onTab: (tab: Tab) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    // The arrows of the page behind mean something else.
    event.preventDefault();
    event.stopPropagation();
    const place = tabs.findIndex(([name]) => name === tab);
    const next = (place + by + tabs.length) % tabs.length;
    onTab(tabs[next]![0]);
    list.current!.querySelectorAll<HTMLElement>("[role=tab]")[next]!.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="Of the span" ref={list} onKeyDown={move}>
      {tabs.map(([name, size]) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === tab}
          tabIndex={name === tab ? 0 : -1}
          onClick={() => onTab(name)}
        >
          {labels[name]}
          {size !== undefined && <span className="tabs-count">{count(size)}</span>}
        </button>
      ))}
    </div>
  );
}

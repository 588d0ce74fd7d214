/** The inspector: one span with its messages, input, output and cost. */
import { useMemo, useRef, type KeyboardEvent } from "react";
import type { SpanRow, SpanTable } from "../../data/span-table.ts";
import { useWholeSpan, type WholeSpan } from "../../data/whole-span.ts";
import { StepButtons, CopyButton, LoadError } from "../../parts/controls.tsx";
import { Icon } from "../../parts/icon.tsx";
import { KindMark, StatusBadge } from "../../parts/status-mark.tsx";
import { useDebounced } from "../../state/debounce.ts";
import { useIsPhone } from "../../state/media.ts";
import { useParam } from "../../state/url.ts";
import { MediaPlace } from "../../text/media.tsx";
import { TranscriptView } from "../../transcript/view.tsx";
import { nameOf } from "../spans/name.tsx";
import { Attributes } from "./attributes.tsx";
import { Overview } from "./overview.tsx";
import { Raw } from "./raw.tsx";
import { Sheet } from "./sheet.tsx";
import { Texts } from "./texts.tsx";
import "./inspector.css";

type Tab = "context" | "input" | "output" | "receipt" | "attributes";

/** Other names that saved links may have. */
const viewAliases: Record<string, Tab> = {
  overview: "receipt",
  messages: "input",
  system: "input",
  tools: "input",
  raw: "attributes",
};

export interface InspectorProps {
  table: SpanTable;
  row: number;
  onSelect: (spanKey: number) => void;
  /** Selects the previous or next span, for touch screens without keys. */
  onStep: (by: 1 | -1) => void;
  /** Opens the transcript at the span. */
  onShow: () => void;
  onClose: () => void;
}

export function Inspector(props: InspectorProps) {
  const { table, row, onSelect, onStep, onShow, onClose } = props;
  const span = table.span(row);
  const isPhone = useIsPhone();
  const { data, error, isBehind, refetch } = useWholeSpan(table.trace.key, span.key);
  const settledKey = useDebounced(span.key, span.key);
  const shownKey = data?.span.key ?? span.key;
  const place = useMemo(
    () => ({ trace: table.trace.key, span: shownKey }),
    [table.trace.key, shownKey],
  );
  const [named, setTab] = useParam<string>("tab", "");
  const tabs = tabsOf(span, data, isPhone);
  const wanted = viewAliases[named] ?? named;
  // If the span lacks the tab in the address, the first tab is shown; the address keeps its tab for the
  // next span.
  const tab = tabs.find(([name]) => name === wanted)?.[0] ?? tabs[0]![0];
  const goTo = (next: Tab) => setTab(next === tabs[0]![0] ? "" : next, { replace: true });
  // The previous span stays visible until the next one is loaded.
  const shownRow = (data && table.rowOf(data.span.key)) ?? row;
  // The trace's own data is shown with its root spans.
  const { parent } = table.span(shownRow);
  const isTop = parent === null || table.span(parent).isRunning;
  const label = tabs.find(([name]) => name === tab)![1];

  return (
    <Sheet isSheet={isPhone} onClose={onClose}>
      <header className="inspector-head">
        <KindMark kind={span.kind} />
        <h2 className="truncated" title={span.name}>
          {nameOf(span)}
        </h2>
        {span.kind === "llm" && <span className="dim">step {table.steps[row]}</span>}
        {span.status !== "ok" && <StatusBadge displayStatus={span.status} />}
        {span.modelId !== null && (
          <span className="dim truncated inspector-model-name" title={span.provider ?? undefined}>
            {span.modelId}
          </span>
        )}
        <span className="grow" />
        {isPhone && <StepButtons of="span" keys={["k", "j"]} onStep={onStep} />}
        <CopyButton text={span.spanId} label={`Copy the span's id: ${span.spanId}`} />
        <button
          type="button"
          className="button is-quiet is-small is-square"
          aria-label="Close the panel"
          title="Close (Esc)"
          onClick={onClose}
        >
          <Icon name="close" size="s" />
        </button>
      </header>
      <Tabs tabs={tabs} tab={tab} onTab={goTo} />
      {error && <LoadError error={error} retry={() => void refetch()} />}
      <div
        className={`inspector-body is-${tab} ${isBehind && tab !== "context" ? "is-behind" : ""}`}
        role="tabpanel"
        aria-label={label}
        aria-busy={isBehind}
      >
        <MediaPlace value={place}>
          {tab === "context" && (
            <TranscriptView
              key={table.trace.key}
              table={table}
              selected={settledKey}
              onSelect={onSelect}
              isPane
            />
          )}
          {tab === "receipt" && (
            <Overview
              table={table}
              row={shownRow}
              whole={data}
              onTab={(of) => goTo(of === "attributes" ? of : "output")}
              onSelect={onSelect}
            />
          )}
          {data && (tab === "input" || tab === "output") && (
            <Texts key={`${tab}.${data.span.key}`} whole={data} of={tab} onSelect={onSelect} />
          )}
          {data && tab === "attributes" && (
            <>
              <Attributes span={data.span} ofTrace={isTop ? table.trace.attributes : null} />
              <Raw span={data.span} />
            </>
          )}
        </MediaPlace>
      </div>
      {isPhone && (
        <footer className="inspector-foot">
          <button type="button" className="button" onClick={onShow}>
            <Icon name="chat" size="s" /> Show in transcript
          </button>
        </footer>
      )}
    </Sheet>
  );
}

function tabsOf(
  span: SpanRow,
  whole: WholeSpan | undefined,
  isPhone: boolean,
): [tab: Tab, label: string][] {
  const isCall = span.kind === "llm" || span.kind === "embedding" || span.costUsd !== null;
  const details: [Tab, string] = ["receipt", isPhone ? "Details" : isCall ? "Receipt" : "Timing"];
  const context: [Tab, string] = ["context", "In context"];
  const has = (field: "input" | "output") =>
    !whole || whole.span[field] !== undefined || whole.messages[field].length > 0;
  return [
    isPhone ? details : context,
    ...(isPhone ? [context] : []),
    ...(has("input") || whole?.span.systemPrompt !== undefined || whole?.messages.tools.length
      ? [["input", "Input"] satisfies [Tab, string]]
      : []),
    ...(has("output") ? [["output", "Output"] satisfies [Tab, string]] : []),
    ...(isPhone ? [] : [details]),
    ["attributes", "Attributes"],
  ];
}

function Tabs({
  tabs,
  tab,
  onTab,
}: {
  tabs: readonly [Tab, string][];
  tab: Tab;
  onTab: (tab: Tab) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    // The page must not react to the same arrow keys.
    event.preventDefault();
    event.stopPropagation();
    const place = tabs.findIndex(([name]) => name === tab);
    const next = (place + by + tabs.length) % tabs.length;
    onTab(tabs[next]![0]);
    list.current!.querySelectorAll<HTMLElement>("[role=tab]")[next]!.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="Of the span" ref={list} onKeyDown={move}>
      {tabs.map(([name, label]) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === tab}
          tabIndex={name === tab ? 0 : -1}
          onClick={() => onTab(name)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

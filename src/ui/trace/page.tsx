/** The page of one trace: span table, transcript and raw data, which share one selection. */
import { useCallback, useMemo, useRef, useState, type ReactNode } from "react";
import { Link } from "wouter";
import { ApiError } from "../data/client.ts";
import { useProject } from "../data/queries.ts";
import { runningKey } from "../data/running-root.ts";
import type { SpanTable } from "../data/span-table.ts";
import { hrefOf } from "../pages.ts";
import { EmptyState, LoadError } from "../parts/controls.tsx";
import { useShortcuts } from "../state/keys.ts";
import { useTitle } from "../state/title.ts";
import { useParam } from "../state/url.ts";
import { SearchContext, wordsOf } from "../text/search-words.ts";
import { TranscriptView } from "../transcript/view.tsx";
import { ViewBar } from "./bar.tsx";
import { useTrace } from "./data.ts";
import { useFind } from "./find.tsx";
import { TraceHeader } from "./header.tsx";
import { useHighlights } from "./highlight.ts";
import { Inspector } from "./inspector/inspector.tsx";
import { useView, views } from "./open-view.ts";
import { Raw } from "./raw.tsx";
import { rowBeside, useJumpKeys } from "./spans/keys.ts";
import { SpansTable } from "./spans/table.tsx";
import { useLines } from "./spans/use-lines.ts";
import { Unloaded } from "./unloaded.tsx";
import "./trace.css";

/** @param trace an id, or `~key`. */
export function TracePage({ trace }: { trace: string }) {
  const { table, data, more, error, refetch } = useTrace(trace);
  const shown = table?.trace;
  useTitle(shown ? (shown.name ?? shown.traceId) : "Trace");
  const isGone = error instanceof ApiError && error.status === 404;
  if (!table || !data) {
    return (
      <div>
        <h1 className="visually-hidden">Trace</h1>
        {isGone ? (
          <EmptyState>
            There are no traces {trace}. It may have been deleted. <AllTraces />
          </EmptyState>
        ) : error ? (
          <LoadError error={error} retry={() => void refetch()} />
        ) : (
          <Loading />
        )}
      </div>
    );
  }
  const isMore = data.nextCursor !== null;
  return (
    <Loaded table={table}>
      {isGone ? (
        <p className="note note-strip" role="alert">
          This trace was deleted. The page shows what was loaded before. <AllTraces />
        </p>
      ) : (
        isMore && <Unloaded data={data} more={more} />
      )}
    </Loaded>
  );
}

function AllTraces() {
  const [project] = useProject();
  return (
    <Link className="link" href={hrefOf("traces", { query: { project } })}>
      All traces
    </Link>
  );
}

function Loading() {
  return (
    <div className="trace-header" aria-busy="true" aria-label="The trace is read">
      <span className="skeleton" />
      <span className="skeleton" />
    </div>
  );
}

const noRows: ReadonlySet<number> = new Set();

/** @param children a notice above the spans. */
function Loaded({ table, children }: { table: SpanTable; children: ReactNode }) {
  const [view, setView] = useView(table.trace.key);
  const [spanParam, setSpan] = useParam<string>("span", "");
  const [only, setOnly] = useParam<"" | "errors">("only", "");
  const [shown, setShown] = useParam<"" | "shown">("internal", "");
  const selected = useMemo(() => rowNamed(table, spanParam), [table, spanParam]);
  const spanKey = selected === null ? null : table.columns.key[selected]!;
  const selectKey = useCallback(
    (key: number) => {
      // The placeholder of a running root has no data to show.
      if (key !== runningKey) setSpan(`~${key}`, { replace: true });
    },
    [setSpan],
  );
  const select = useCallback(
    (row: number) => selectKey(table.columns.key[row]!),
    [table, selectKey],
  );
  const close = () => setSpan("", { replace: true });
  const internal = {
    isOn: shown === "shown",
    set: useCallback(
      (isOn: boolean) => setShown(isOn ? "shown" : "", { replace: true }),
      [setShown],
    ),
  };
  const errorsOnly = {
    isOn: only === "errors",
    set: (isOn: boolean) => setOnly(isOn ? "errors" : "", { replace: true }),
  };
  const find = useFind(table);
  const found = useMemo(() => (find.rows.length === 0 ? noRows : new Set(find.rows)), [find.rows]);
  const spans = useLines(table, {
    selected,
    isInternal: internal.isOn,
    setInternal: internal.set,
    isErrorsOnly: errorsOnly.isOn,
    found,
  });
  /** The step last read in the transcript: the table starts there. */
  const [readStep, setReadStep] = useState<number | null>(null);
  const panes = useRef<HTMLDivElement>(null);
  const sought = useMemo(() => (find.words.trim() ? wordsOf(find.words) : null), [find.words]);
  useHighlights(panes, sought, spanKey);
  const jumps = useJumpKeys(table, selected, select);
  useShortcuts([
    ...views.map(({ view, name, key }) => ({
      keys: [key],
      label: name,
      group: "Trace",
      run: () => setView(view),
    })),
    {
      keys: ["i"],
      label: "Show or hide internal spans",
      group: "Trace",
      run: () => (table.internalCount > 0 ? internal.set(!internal.isOn) : false),
    },
    {
      keys: ["Escape"],
      label: "Close the panel",
      group: "Trace",
      run: () => {
        if (selected === null) return false;
        close();
      },
    },
  ]);
  const hasPane = view === "spans" && selected !== null;
  return (
    <div className="trace-page">
      <div>
        <TraceHeader table={table} {...jumps} />
        {children}
      </div>
      <SearchContext value={sought}>
        <div ref={panes} className={`panes trace-panes ${hasPane ? "has-inspector" : ""}`}>
          <section
            className="pane trace-view"
            aria-label={views.find((each) => each.view === view)!.name}
          >
            <ViewBar
              view={view}
              setView={setView}
              spans={spans}
              internal={internal}
              errorsOnly={errorsOnly}
              find={find}
              selected={selected}
              onFound={select}
            />
            <div className="trace-view-body">
              {view === "spans" && (
                <SpansTable
                  spans={spans}
                  selected={selected}
                  onSelect={select}
                  found={found}
                  startRow={readStep === null ? null : table.rowOf(readStep)}
                />
              )}
              {view === "transcript" && (
                <TranscriptView
                  table={table}
                  selected={spanKey}
                  onSelect={selectKey}
                  onReadStep={setReadStep}
                  onInspect={(key) => setView("spans", { span: `~${key}` })}
                />
              )}
              {view === "raw" && <Raw table={table} />}
            </div>
          </section>
          {hasPane && (
            <Inspector
              table={table}
              row={selected}
              onSelect={selectKey}
              onStep={(by) => {
                const row = rowBeside(spans.lines, selected, by);
                if (row !== null) select(row);
              }}
              onShow={() => setView("transcript")}
              onClose={close}
            />
          )}
        </div>
      </SearchContext>
    </div>
  );
}

/** @param name `~key`, or the sender's span id. */
function rowNamed(table: SpanTable, name: string): number | null {
  if (name === "") return null;
  const row = name.startsWith("~") ? table.rowOf(Number(name.slice(1))) : table.rowOfId(name);
  return row === null || table.columns.key[row] === runningKey ? null : row;
}

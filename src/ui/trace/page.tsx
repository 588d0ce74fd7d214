/** One trace: what was said and done, when, and in which order, over one selection. */
import { useCallback, useMemo, useRef, useState, type ReactNode } from "react";
import { Link } from "wouter";
import { ApiError } from "../data/client.ts";
import { useProject } from "../data/queries.ts";
import { count as countText, plural } from "../format.ts";
import { Key, Nothing, Problem } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { hrefOf } from "../pages.ts";
import { KindMark, kindWords, type Kind } from "../parts/mark.tsx";
import { useShortcuts } from "../state/keys.ts";
import { useParam } from "../state/url.ts";
import { SoughtContext, wordsOf } from "../text/found.ts";
import { ShowSwitch } from "../transcript/show.tsx";
import { TranscriptView } from "../transcript/view.tsx";
import { useTrace, type Tables } from "./data.ts";
import { FindBar, useFind } from "./find.tsx";
import { TraceHeader } from "./header.tsx";
import { useInternalSwitch, type InternalSwitch } from "./internal.ts";
import { InternalFold } from "./internal-fold.tsx";
import { Inspector } from "./inspector/inspector.tsx";
import { useMarks } from "./marks.ts";
import type { SpanTable } from "./model.ts";
import { Raw } from "./raw.tsx";
import { runningKey } from "./running.ts";
import { Unloaded } from "./unloaded.tsx";
import { TreeView } from "./tree.tsx";
import { useJumpKeys, useTreeKeys } from "./tree-keys.ts";
import { useTree, type Tree } from "./use-lines.ts";
import { Waterfall } from "./waterfall.tsx";
import "./trace.css";
import { useTitle } from "../state/title.ts";

const views = [
  { view: "transcript", name: "Transcript", key: "1" },
  { view: "waterfall", name: "Waterfall", key: "2" },
  { view: "tree", name: "Tree", key: "3" },
  { view: "raw", name: "Raw", key: "4" },
] as const;

type View = (typeof views)[number]["view"];

/** @param trace an id, or `~key`. */
export function TracePage({ trace }: { trace: string }) {
  const { tables, data, more, error, refetch } = useTrace(trace);
  const shown = tables?.whole.trace;
  useTitle(shown ? (shown.name ?? shown.traceId) : "Trace");
  const isGone = error instanceof ApiError && error.status === 404;
  if (!tables || !data) {
    return (
      <div>
        <h1 className="visually-hidden">Trace</h1>
        {isGone ? (
          <Nothing>
            There is no trace {trace}. It may have been deleted. <AllTraces />
          </Nothing>
        ) : error ? (
          <Problem error={error} retry={() => void refetch()} />
        ) : (
          <Loading />
        )}
      </div>
    );
  }
  const isMore = data.nextCursor !== null;
  return (
    <Loaded {...tables}>
      {isGone ? (
        <p className="note note-strip" role="alert">
          This trace was deleted. What you see is what was loaded. <AllTraces />
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

/** @param children what is said above the spans. */
function Loaded({ whole, folded, children }: Tables & { children: ReactNode }) {
  const [view, setView] = useParam<View>("view", "transcript");
  const [spanParam, setSpan] = useParam<string>("span", "");
  const [only, setOnly] = useParam<"" | "errors">("only", "");
  const isErrorsOnly = only === "errors";
  const named = useMemo(() => rowNamed(whole, spanParam), [whole, spanParam]);
  const spanKey = named === null ? null : whole.columns.key[named]!;
  const internal = useInternalSwitch(whole, folded, spanKey);
  const table = internal.isOn ? whole : folded;
  const selected = spanKey === null ? null : table.rowOf(spanKey);
  const selectKey = useCallback(
    (key: number) => {
      // Of a root that still runs nothing is there to be shown.
      if (key !== runningKey) setSpan(`~${key}`, { replace: true });
    },
    [setSpan],
  );
  const select = useCallback(
    (row: number) => selectKey(table.columns.key[row]!),
    [table, selectKey],
  );
  const close = () => setSpan("", { replace: true });
  const tree = useTree(table, selected, isErrorsOnly);
  // What is found stands among all spans: to go to an internal one shows them.
  const find = useFind(whole);
  const found = useMemo(
    () => new Set(find.rows.map((row) => table.rowOf(whole.columns.key[row]!) ?? -1)),
    [find.rows, whole, table],
  );
  const [sight, setSight] = useState<number | null>(null);
  const panes = useRef<HTMLDivElement>(null);
  const sought = useMemo(() => (find.words.trim() ? wordsOf(find.words) : null), [find.words]);
  useMarks(panes, sought, spanKey);
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
      run: () => (internal.count > 0 ? internal.set(!internal.isOn) : false),
    },
    {
      keys: ["Escape"],
      label: "Close the inspector",
      group: "Trace",
      run: () => {
        if (selected === null) return false;
        close();
      },
    },
  ]);
  const inTree = { tree, selected, onSelect: select, found };
  const hasNavigator = view === "transcript" || view === "raw";
  return (
    <div className="trace-page">
      <div>
        <TraceHeader table={table} {...jumps} />
        {children}
      </div>
      <SoughtContext value={sought}>
        <div
          ref={panes}
          className={`panes trace-panes ${hasNavigator ? "has-navigator" : ""} ${selected === null ? "" : "has-inspector"}`}
        >
          {hasNavigator && (
            <nav className="pane trace-navigator" aria-label="Spans">
              <div className="tabs trace-navigator-head">
                <span className="label">{plural(folded.spanCount, "span")}</span>
                <InternalSpans of={internal} />
                <span className="grow" />
                <ErrorsOnly table={table} isOn={isErrorsOnly} set={setOnly} />
              </div>
              <TreeView
                {...inTree}
                isWide={false}
                inSight={view === "transcript" && sight !== null ? table.rowOf(sight) : null}
              />
            </nav>
          )}
          <section
            className="pane trace-view"
            aria-label={views.find((each) => each.view === view)!.name}
          >
            <div className="tabs">
              <Tabs view={view} setView={setView} />
              <span className="grow" />
              {view === "transcript" && <ShowSwitch />}
              {view === "waterfall" && <Legend />}
              {!hasNavigator && (
                <>
                  <InternalSpans of={internal} />
                  <ErrorsOnly table={table} isOn={isErrorsOnly} set={setOnly} />
                  <FoldButton tree={tree} />
                </>
              )}
              <FindBar
                find={find}
                selected={named}
                onSelect={(row) => selectKey(whole.columns.key[row]!)}
              />
            </div>
            <div className="trace-view-body">
              {view === "transcript" && (
                <TranscriptView
                  table={table}
                  selected={selected === null ? null : table.columns.key[selected]!}
                  onSelect={selectKey}
                  onSight={setSight}
                >
                  <InternalFold of={internal} />
                </TranscriptView>
              )}
              {view === "waterfall" && (
                <WithTreeKeys tree={tree} selected={selected} select={select}>
                  <Waterfall {...inTree} />
                </WithTreeKeys>
              )}
              {view === "tree" && (
                <WithTreeKeys tree={tree} selected={selected} select={select}>
                  <TreeView {...inTree} isWide />
                </WithTreeKeys>
              )}
              {view === "raw" && <Raw table={table} />}
            </div>
          </section>
          {selected !== null && (
            <Inspector table={table} row={selected} onSelect={selectKey} onClose={close} />
          )}
        </div>
      </SoughtContext>
    </div>
  );
}

function InternalSpans({ of: { count, isOn, set } }: { of: InternalSwitch }) {
  if (count === 0) return null;
  return (
    <button
      type="button"
      className="button is-quiet is-small"
      aria-pressed={isOn}
      aria-keyshortcuts="i"
      title="What the sender’s runtime did, without errors, texts or model calls (i)"
      onClick={() => set(!isOn)}
    >
      {countText(count)} internal
    </button>
  );
}

/** @param name `~key`, or the sender's id. */
function rowNamed(table: SpanTable, name: string): number | null {
  if (name === "") return null;
  const row = name.startsWith("~") ? table.rowOf(Number(name.slice(1))) : table.rowOfId(name);
  return row === null || table.columns.key[row] === runningKey ? null : row;
}

function WithTreeKeys({
  tree,
  selected,
  select,
  children,
}: {
  tree: Tree;
  selected: number | null;
  select: (row: number) => void;
  children: ReactNode;
}) {
  useTreeKeys(tree, selected, select);
  return children;
}

function Tabs({ view, setView }: { view: View; setView: (view: View) => void }) {
  return (
    <div role="tablist" aria-label="Views" className="flex">
      {views.map(({ view: each, name, key }) => (
        <button
          key={each}
          type="button"
          role="tab"
          aria-selected={each === view}
          aria-keyshortcuts={key}
          tabIndex={each === view ? 0 : -1}
          onClick={() => setView(each)}
          onKeyDown={({ key, currentTarget }) => {
            const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
            if (by === undefined) return;
            const place = views.findIndex((one) => one.view === view);
            const next = (place + by + views.length) % views.length;
            setView(views[next]!.view);
            (currentTarget.parentElement!.children[next] as HTMLElement).focus();
          }}
        >
          {name} <Key of={key} />
        </button>
      ))}
    </div>
  );
}

function ErrorsOnly({
  table,
  isOn,
  set,
}: {
  table: SpanTable;
  isOn: boolean;
  set: (value: "" | "errors", change: { replace: boolean }) => void;
}) {
  if (table.errors.length === 0 && !isOn) return null;
  return (
    <button
      type="button"
      className="button is-quiet is-small"
      aria-pressed={isOn}
      onClick={() => set(isOn ? "" : "errors", { replace: true })}
    >
      Errors only
    </button>
  );
}

function FoldButton({ tree }: { tree: Tree }) {
  return (
    <>
      <button
        type="button"
        className="button is-quiet is-small wide-only"
        aria-pressed={tree.isFolding}
        onClick={() => tree.setFolding(!tree.isFolding)}
      >
        Fold repeats
      </button>
      <button
        type="button"
        className="button is-quiet is-small is-square wide-only"
        aria-label="Open all"
        title="Open all (])"
        onClick={() => tree.setAll(false)}
      >
        <Icon name="plus" size="s" />
      </button>
    </>
  );
}

function Legend() {
  const kinds: Kind[] = ["agent", "llm", "tool", "embedding"];
  return (
    <span className="label trace-legend wide-only">
      {kinds.map((kind) => (
        <span key={kind}>
          <KindMark kind={kind} />
          {kindWords[kind]}
        </span>
      ))}
      <span>
        <i className="stats-swatch stats-hatch" /> until first token
      </span>
    </span>
  );
}

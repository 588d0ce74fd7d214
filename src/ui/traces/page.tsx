/** The page of traces: the filtered list, and a peek at the selected trace. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { byKey } from "../../api.ts";
import type { TraceSort } from "../../backend/traces.ts";
import type { Summary } from "../../backend/views.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { FirstRun } from "../first/page.tsx";
import { plural } from "../format.ts";
import { Key, LoadError } from "../parts/controls.tsx";
import { ResizeHandle } from "../parts/resize-handle.tsx";
import { useFigures, useFreshFigures } from "../query/figures.ts";
import { isNarrow, newestFirst, traceHref, useScope } from "../query/scope.ts";
import { problemOf, splitFreeText } from "../query/words.ts";
import { useTitle } from "../state/title.ts";
import { useParam, useSetParams } from "../state/url.ts";
import { useBusyStats } from "./busy-range.ts";
import { requestedKeys, useColumnChoice } from "./column-choice.ts";
import { ListEnd, EmptyList } from "./empty.tsx";
import { Facets } from "./facets.tsx";
import { Histogram } from "./histogram.tsx";
import { Hits } from "./hits.tsx";
import { InternalLine, useInternalTraces, withInternalTraces } from "./internal.tsx";
import { toItems } from "./items.ts";
import { useListKeys } from "./list-keys.ts";
import { TraceList } from "./list.tsx";
import { useLiveList } from "./live-list.ts";
import { MarksBar, useMarks } from "./marks.tsx";
import { useTraces } from "./pages.ts";
import { Peek } from "./peek.tsx";
import "./traces.css";
import "./traces.phone.css";
import { TracesToolbar, type View } from "./toolbar.tsx";

/** With fewer matches than this, the next pages are requested automatically; then only on request. */
const fewTraces = 50;
const maxPages = 20;
const histogramBars = 120;

export function TracesPage() {
  useTitle("Traces");
  const scope = useScope();
  const [sort, setSort] = useParam<TraceSort>("sort", newestFirst);
  const [view] = useParam<View>("in", "traces");
  const [peek, setPeek] = useParam<string>("peek", "");
  const set = useSetParams();
  const [, navigate] = useLocation();
  const { isPaused, setPaused } = useLiveStatus();
  const [isHeld, setHeld] = useState(false);
  const [topAsked, askForTop] = useState(0);
  const [areFacetsOpen, setFacetsOpen] = useState(false);

  const problem = useMemo(() => problemOf(scope.filter), [scope.filter]);
  const isList = view === "traces";
  // In the message view the free text searches messages and does not narrow the traces.
  const counted = useMemo(
    () => (isList ? scope : { ...scope, filter: splitFreeText(scope.filter).rest }),
    [isList, scope],
  );
  // The list is requested before the figures: the server answers requests one by one.
  const [wasListed, setListed] = useState(false);
  const isListThere = !isList || problem !== null || wasListed;
  const figures = useFigures(counted, { bars: histogramBars }, problem === null && isListThere);
  useFreshFigures(counted.filter);
  const internal = useInternalTraces(scope, figures.data?.totals);
  const { listed, areShown } = internal;
  const fitted = useBusyStats(counted, figures.data, histogramBars);
  const [stats, drawn] = useMemo(
    () =>
      [figures.data, fitted].map((each) => each && (areShown ? withInternalTraces(each) : each)),
    [figures.data, fitted, areShown],
  );
  const { ids: columns } = useColumnChoice();
  const named = requestedKeys(columns);
  const query = useTraces(listed, sort, named, isList && problem === null);
  const { data, error, isFetching, hasNextPage, fetchNextPage, refetch } = query;
  if (!wasListed && (data !== undefined || error !== null)) setListed(true);
  const { arrivals, letIn } = useLiveList(
    listed,
    sort,
    named,
    query.isSuccess && !query.isPlaceholderData,
    isHeld,
  );
  const isByDay = sort === newestFirst || sort === `-${newestFirst}`;
  const pages = data?.pages;
  const list = useMemo(() => toItems(pages ?? [], isByDay, Date.now()), [pages, isByDay]);
  const { traces, placeOf, numberOf } = list;

  const last = pages?.at(-1);
  // The server used its full time for a page that is not full: continuing without being asked might not
  // end.
  const isWaiting =
    query.isFetchNextPageError ||
    (last?.partial === true && (traces.length >= fewTraces || pages!.length >= maxPages));
  const onMore = useCallback(() => {
    if (!isFetching) void fetchNextPage();
  }, [isFetching, fetchNextPage]);

  const selected = /^~\d{1,16}$/.test(peek) ? Number(peek.slice(1)) : null;
  const place = selected === null ? undefined : placeOf.get(selected);
  const number = place === undefined ? null : numberOf(place);
  const summary = number === null ? undefined : traces[number];

  const select = useCallback((key: number) => setPeek(byKey(key), { replace: true }), [setPeek]);
  const { project } = scope;
  const open = useCallback(
    (key: number) => navigate(traceHref(key, { project })),
    [navigate, project],
  );
  const onFilter = useCallback((filter: string) => set({ filter }), [set]);
  const close = () => setPeek("", { replace: true });
  useLiveEvents((event) => {
    if (event.kind === "gone" && selected !== null && event.keys.includes(selected)) close();
  });
  // A new list starts at its top; the first one starts at its selection.
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else askForTop((count) => count + 1);
  }, [listed, sort]);
  const letAllIn = () => {
    letIn();
    askForTop((count) => count + 1);
  };
  const pin = ({ key, pinned }: Summary) =>
    void ask(`POST /api/traces/:trace/${pinned ? "unpin" : "pin"}`, { at: { trace: byKey(key) } });

  const marks = useMarks(traces, selected, listed, isList);
  const { step } = useListKeys({
    traces,
    number,
    select,
    open,
    pin,
    leave: () => {
      if (marks.keys.size > 0) marks.clear();
      else if (areFacetsOpen) setFacetsOpen(false);
      else if (selected !== null) close();
      else return false;
      return true;
    },
    space: () => {
      if (arrivals > 0 && !isPaused) letAllIn();
      else setPaused(!isPaused);
    },
  });

  // The figures tell whether internal traces are hidden.
  const isDeciding = figures.isPending || query.isPlaceholderData;
  const isEmpty = pages !== undefined && traces.length === 0 && !hasNextPage && !isDeciding;
  const isNone = isEmpty && !isNarrow(scope) && !stats?.totals.internalTraces;
  if (isList && isNone) return <FirstRun />;

  return (
    <div className="traces">
      <h1 className="visually-hidden">Traces</h1>
      <TracesToolbar
        filter={scope.filter}
        onFilter={onFilter}
        view={view}
        onView={(next) => set({ in: next === "traces" ? null : next })}
        areFacetsOpen={areFacetsOpen}
        onFacets={() => setFacetsOpen(!areFacetsOpen)}
      />
      <div
        className={`panes traces-panes ${selected === null || !isList ? "" : "has-peek"} ${areFacetsOpen ? "has-facets" : ""}`}
      >
        {isListThere ? (
          <Facets
            scope={counted}
            filter={scope.filter}
            onFilter={onFilter}
            totals={stats?.totals}
            runningCount={isList && sort === newestFirst ? pages?.[0]?.running.length : undefined}
          />
        ) : (
          <aside className="pane facets" aria-label="Facets" aria-busy="true" />
        )}
        <section
          className={`pane traces-list ${isList && marks.keys.size > 0 ? "has-marks" : ""}`}
          aria-label={isList ? "Traces" : "Messages"}
        >
          <div>
            <Histogram
              stats={problem ? undefined : stats}
              drawn={problem ? undefined : drawn}
              onChoose={(since, until) => set({ since: String(since), until: String(until) })}
            />
            {isList && !problem && <InternalLine traces={internal} />}
          </div>
          {problem ? (
            <LoadError error={problem} />
          ) : error && !pages ? (
            <LoadError error={error} retry={() => void refetch()} />
          ) : !isList ? (
            <Hits scope={scope} />
          ) : isEmpty ? (
            <EmptyList scope={scope} />
          ) : (
            <TraceList
              list={list}
              columns={columns}
              isByDay={isByDay}
              sort={sort}
              onSort={setSort}
              project={project}
              scaleMs={stats?.totals.traceDurationMs?.p95 ?? null}
              selected={selected}
              marked={marks.keys}
              onMarkTo={marks.toRange}
              onSelect={select}
              onOpen={open}
              onHeld={setHeld}
              hasMore={hasNextPage && !isWaiting}
              onMore={onMore}
              topAsked={topAsked}
            >
              <ListEnd
                isLoading={isFetching || isDeciding}
                isWaiting={isWaiting}
                found={traces.length}
                onMore={onMore}
              />
            </TraceList>
          )}
          {isList && (
            <MarksBar
              marks={marks}
              traces={traces}
              scope={listed}
              total={stats?.totals.traces}
              onDeleted={() => void refetch()}
            />
          )}
          {arrivals > 0 && isList && (
            <button type="button" className="traces-arrivals" onClick={letAllIn}>
              {plural(arrivals, "new trace")} {!isPaused && <Key of=" " />}
            </button>
          )}
        </section>
        {selected !== null && isList && (
          <>
            <div className="peek-scrim" onClick={close} />
            <Peek
              traceKey={selected}
              summary={summary}
              number={number}
              total={stats?.totals.traces}
              neighbours={number === null ? [] : [traces[number + 1], traces[number - 1]]}
              project={project}
              onMove={step}
              onPin={pin}
              onClose={close}
            />
            <ResizeHandle
              {...{
                name: "peek.width",
                variable: "--w-peek",
                side: "left",
                className: "peek-edge",
              }}
              {...{ initial: 432, min: 340, max: 760, label: "Width of the peek" }}
            />
          </>
        )}
      </div>
    </div>
  );
}

/**
 * The histogram above the list: totals, and the number of traces over time. Dragging selects a time range.
 */
import { useRef, useState, type PointerEvent, type ReactNode } from "react";
import type { Stats } from "../../backend/figures.ts";
import { domainOf } from "../charts/buckets.ts";
import { ticksOf } from "../charts/ticks.ts";
import { count, money, plural, timeRange } from "../format.ts";
import { Duration } from "../parts/figure.tsx";
import { useWidth } from "../state/width.ts";

const height = 40;
/** The minimum height of a bar, so that one trace among thousands is visible. */
const minBarHeight = 1.5;
const minErrorHeight = 2.2;
const maxTicks = 8;
/** The width of a tick label with the space around it. */
const tickPx = 96;
/** A pointer that moved less is a click, not a drag. */
const clickPx = 4;

interface Chosen {
  from: number;
  to: number;
}

export function Histogram({
  stats,
  drawn,
  onChoose,
}: {
  /** The totals of the whole list. */
  stats: Stats | undefined;
  /** The stats for the part of time that is drawn. */
  drawn: Stats | undefined;
  /** Both in epoch ms. */
  onChoose: (since: number, until: number) => void;
}) {
  const [at, setAt] = useState<number | null>(null);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const strip = useRef<HTMLDivElement>(null);
  const width = useWidth(strip);
  if (!stats || !drawn) return <div className="traces-histogram" ref={strip} aria-busy="true" />;

  const { bucketMs, series } = drawn;
  const { since, until } = domainOf(drawn);
  const earlier = drawn.since > stats.since ? stats.totals.traces - drawn.totals.traces : 0;
  const length = until - since;
  const shareOf = ({ clientX }: PointerEvent) => {
    const { left, width } = box.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / width));
  };
  const bucketAt = (share: number) => since + Math.floor((share * length) / bucketMs) * bucketMs;
  const [from, to] = chosen ? [chosen.from, chosen.to].sort((a, b) => a - b) : [0, 0];

  function choose() {
    const { width } = box.current!.getBoundingClientRect();
    setChosen(null);
    if ((to! - from!) * width < clickPx) return;
    // A selection is made of whole buckets, like its highlight.
    onChoose(bucketAt(from!), Math.min(until, bucketAt(to!) + bucketMs));
  }

  return (
    <div className="traces-histogram" ref={strip}>
      <Totals stats={stats} drawn={drawn} at={at === null ? null : bucketAt(at)}>
        {earlier > 0 && (
          <button
            type="button"
            className="link dim traces-at"
            title="Much older than the others, so not drawn. Click to show only these"
            onClick={() => onChoose(stats.since, drawn.since)}
          >
            ‹ {count(earlier)} earlier
          </button>
        )}
      </Totals>
      <div
        className="traces-bars"
        ref={box}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setChosen({ from: shareOf(event), to: shareOf(event) });
        }}
        onPointerMove={(event) => {
          setAt(shareOf(event));
          setChosen((before) => before && { ...before, to: shareOf(event) });
        }}
        onPointerUp={choose}
        onPointerCancel={() => setChosen(null)}
        onPointerLeave={() => setAt(null)}
      >
        <Bars stats={drawn} />
        {chosen && (
          <i
            className="traces-chosen"
            style={{ left: `${from! * 100}%`, width: `${(to! - from!) * 100}%` }}
          />
        )}
      </div>
      <div className="axis" aria-hidden="true">
        {ticksOf(since, until, Math.min(maxTicks, Math.floor(width / tickPx))).map(
          ({ at, text }) => (
            <span key={at} style={{ left: `${at * 100}%` }}>
              {text}
            </span>
          ),
        )}
      </div>
      <p className="visually-hidden">
        {plural(series.length, "stretch", "stretches")} of time with traces; the range picker
        chooses one.
      </p>
    </div>
  );
}

function Bars({ stats }: { stats: Stats }) {
  const { bucketMs, series } = stats;
  const { since, until } = domainOf(stats);
  const most = Math.max(1, ...series.map(({ traces }) => traces));
  const buckets = (until - since) / bucketMs;
  return (
    <svg
      viewBox={`0 0 ${buckets * 10} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label="Traces over time, failed ones in red"
    >
      {series
        .filter(({ traces }) => traces > 0)
        .map(({ time, traces, failedTraces }) => {
          const x = ((time - since) / bucketMs) * 10 + 1;
          const all = Math.max(minBarHeight, (traces / most) * height);
          const failed =
            failedTraces === 0 ? 0 : Math.max(minErrorHeight, (failedTraces / most) * height);
          return (
            <g key={time}>
              <rect className="traces-bar-all" x={x} y={height - all} width="8" height={all} />
              {failed > 0 && (
                <rect
                  className="traces-bar-failed"
                  x={x}
                  y={height - failed}
                  width="8"
                  height={failed}
                />
              )}
            </g>
          );
        })}
    </svg>
  );
}

/** The totals, or those of the bucket under the pointer. */
function Totals({
  stats,
  drawn: { series, bucketMs },
  at,
  children,
}: {
  stats: Stats;
  drawn: Stats;
  at: number | null;
  children: ReactNode;
}) {
  const { totals, partial } = stats;
  const { traces, failedTraces, tracesWithErrors, costUsd, traceDurationMs } = totals;
  const unpriced = totals.priceableSpanCount - totals.pricedSpanCount;
  const bucket = at === null ? null : series.find((each) => each.time === at);
  return (
    <div className="traces-summary">
      <span title={partial ? "Only the newest are counted; there are more" : undefined}>
        <b>
          {count(traces)}
          {partial && "+"}
        </b>{" "}
        {traces === 1 ? "trace" : "traces"}
      </span>
      {tracesWithErrors > 0 && (
        <span
          title={`Status error: ${count(failedTraces)}. A call inside failed: ${count(tracesWithErrors)}.`}
        >
          <span className={failedTraces > 0 ? "error-text" : "dim"}>
            {count(failedTraces)} failed
          </span>
          <span className="dim traces-inside">, {count(tracesWithErrors)} with failed calls</span>
        </span>
      )}
      {totals.priceableSpanCount > 0 && (
        <span>
          {costUsd !== null && <b>{money(costUsd)}</b>}
          {unpriced > 0 && (
            <span className="dim" title={`${plural(unpriced, "model call")} without a price`}>
              {costUsd !== null && " + "}
              {count(unpriced)} unpriced
            </span>
          )}
        </span>
      )}
      {traceDurationMs && (
        <>
          <span className="wide-only">
            <span className="dim">p50</span> <Duration ms={traceDurationMs.p50} />
          </span>
          <span className="wide-only">
            <span className="dim">p95</span> <Duration ms={traceDurationMs.p95} />
          </span>
        </>
      )}
      {at === null ? (
        children
      ) : (
        <span className="traces-at dim">
          {timeRange(at, at + bucketMs, Date.now())}:{" "}
          <span className="muted">{plural(bucket?.traces ?? 0, "trace")}</span>
          {(bucket?.failedTraces ?? 0) > 0 && (
            <span className="error-text">, {count(bucket!.failedTraces)} failed</span>
          )}
        </span>
      )}
    </div>
  );
}

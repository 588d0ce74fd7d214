/**
 * Values over time as stacked bars or as lines, drawn by uPlot: two grid lines, labels in HTML, and a
 * table of values at the pointer. Dragging selects a time range.
 */
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Stats } from "../../backend/figures.ts";
import { timeRange } from "../format.ts";
import { domainOf, niceTop, startsOf } from "./buckets.ts";
import { ticksOf } from "./ticks.ts";
import "./charts.css";

export interface ChartSeries {
  name: string;
  /** A colour token such as `--data-1`. */
  color: string;
  /** One value per bucket. */
  values: (number | null)[];
  isDashed?: boolean;
}

export interface ChartProps {
  title: string;
  /** The value for the whole range, beside the title. */
  total: ReactNode;
  /** The range and its bucket size. */
  stats: Pick<Stats, "since" | "until" | "bucketMs">;
  shape: "bars" | "lines";
  /** In stacking order from the bottom. */
  series: ChartSeries[];
  format: (value: number) => string;
  /** An extra line in the tooltip of a bucket. */
  note?: (place: number) => [name: string, text: string] | null;
  /** Both in epoch ms. */
  onChoose: (since: number, until: number) => void;
}

const roomForTicks = 4;
/** A pointer that moved less is a click, not a drag. */
const clickPx = 4;
/** The pointer's position is shown in all charts of a page. */
const sync = uPlot.sync("tealight");

export function Chart(props: ChartProps) {
  const { title, total, stats, series, shape, format, note } = props;
  const [place, setPlace] = useState<number | null>(null);
  const starts = useMemo(() => startsOf(stats), [stats]);
  const data = useMemo(() => toData(starts, stats.bucketMs, series, shape), [starts, series]);
  const top = useMemo(
    () => niceTop(data.slice(1).reduce((most, values) => Math.max(most, ...values.map(Number)), 0)),
    [data],
  );
  const { since, until } = domainOf(stats);
  const start = place === null ? undefined : starts[place];
  const isEmpty = series.every(({ values }) => values.every((value) => value === null));
  return (
    <section className="charts-chart" aria-label={title}>
      <h2>
        {title}
        <span className="charts-end muted">{total}</span>
      </h2>
      <div className="charts-legend" aria-hidden="true">
        {series.map(({ name, color }) => (
          <span key={name} className="truncated">
            <Swatch color={color} />
            <span className="truncated">{name}</span>
          </span>
        ))}
      </div>
      <div className="charts-plot">
        {[top, top / 2, 0].map((value, i) => (
          <span key={i} className="charts-scale" style={{ top: `${i * 50}%` }} aria-hidden="true">
            {isEmpty && value > 0 ? "" : trimmed(format(value))}
          </span>
        ))}
        <Plot {...props} data={data} top={top} starts={starts} onPlace={setPlace} />
        {isEmpty && <span className="charts-plot-empty dim">not reported</span>}
        {start !== undefined && !isEmpty && (
          <div className={`charts-tip ${place! < starts.length / 2 ? "is-at-end" : "is-at-start"}`}>
            <p className="dim">{timeRange(start, start + stats.bucketMs, Date.now())}</p>
            <dl>
              {series.map(({ name, color, values }) => (
                <TipLine key={name} name={name} color={color}>
                  {values[place!] == null ? "—" : format(values[place!]!)}
                </TipLine>
              ))}
              <Note of={note?.(place!) ?? null} />
            </dl>
          </div>
        )}
      </div>
      <div className="axis" aria-hidden="true">
        {ticksOf(since, until, roomForTicks).map(({ at, text }) => (
          <span key={at} style={{ left: `${at * 100}%` }}>
            {text}
          </span>
        ))}
      </div>
    </section>
  );
}

/** Removes trailing zeros from axis labels. */
function trimmed(text: string): string {
  return text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");
}

function Swatch({ color }: { color: string }) {
  return <i className="stats-swatch" style={{ background: `var(${color})` }} />;
}

function TipLine({ name, color, children }: { name: string; color?: string; children: ReactNode }) {
  return (
    <>
      <dt>
        {color && <Swatch color={color} />}
        {name}
      </dt>
      <dd>{children}</dd>
    </>
  );
}

function Note({ of }: { of: [name: string, text: string] | null }) {
  return of && <TipLine name={of[0]}>{of[1]}</TipLine>;
}

type PlotProps = ChartProps & {
  data: uPlot.AlignedData;
  top: number;
  starts: number[];
  onPlace: (place: number | null) => void;
};

function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { title, data, series, shape, format } = props;
  // The plot is rebuilt if its form or colours change; new values only update it.
  const drawing = [shape, ...series.map(({ color, isDashed }) => color + isDashed)].join(" ");
  useEffect(() => {
    const element = box.current!;
    const made = new uPlot(optionsOf(latest, element), latest.current.data, element);
    plot.current = made;
    const resize = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    resize.observe(element);
    const theme = new MutationObserver(() => made.redraw());
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      resize.disconnect();
      theme.disconnect();
      sync.unsub(made);
      made.destroy();
    };
  }, [drawing]);
  useEffect(() => plot.current!.setData(data), [data]);

  return (
    <div
      ref={box}
      className="charts-plot-box"
      role="img"
      aria-label={`${title} over time. ${series.map((each) => spoken(each, format)).join(" ")}`}
      onPointerLeave={() => props.onPlace(null)}
    />
  );
}

/** The text of a series for screen readers. */
function spoken({ name, values }: ChartSeries, format: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return `${name}: not reported.`;
  return `${name}: ${format(Math.min(...known))} to ${format(Math.max(...known))}.`;
}

function optionsOf(latest: { current: PlotProps }, element: HTMLElement): uPlot.Options {
  const { series, shape } = latest.current;
  const token = (name: string) => getComputedStyle(element).getPropertyValue(name);
  const drawn = series.map(({ color, isDashed }): uPlot.Series => {
    const paint = () => token(color);
    if (shape === "bars") {
      // A border in the background colour separates stacked bars.
      const ground = () => token("--bg-1");
      const paths = uPlot.paths.bars!({ size: [0.86, 40] });
      return { fill: paint, stroke: ground, width: 1, paths, points: { show: false } };
    }
    return {
      stroke: paint,
      width: 1.5,
      ...(isDashed && { dash: [2, 3] }),
      // A single value between two gaps is drawn as a dot, because it has no line.
      points: { size: 3, fill: paint, filter: (plot, place) => aloneIn(plot.data[place]!) },
    };
  });
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [0, 0, 0, 0],
    legend: { show: false },
    // Bars overlap: the largest cumulative sum is drawn first, smaller ones over it.
    series: [{}, ...(shape === "bars" ? drawn.toReversed() : drawn)],
    scales: {
      x: {
        time: false,
        range: () => {
          const { since, until } = domainOf(latest.current.stats);
          return [since, until];
        },
      },
      y: { range: () => [0, latest.current.top] },
    },
    axes: [
      { show: false },
      {
        size: 0,
        gap: 0,
        ticks: { show: false },
        values: (_, splits) => splits.map(() => ""),
        splits: () => [0, latest.current.top / 2, latest.current.top],
        grid: { stroke: () => token("--grid"), width: 1 },
      },
    ],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      sync: {
        key: sync.key,
        filters: { pub: (type) => type === "mousemove" || type === "mouseleave", sub: () => true },
      },
    },
    hooks: {
      setCursor: [
        (plot) => {
          if (plot.over.matches(":hover")) latest.current.onPlace(plot.cursor.idx ?? null);
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < clickPx) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          const { starts, stats, onChoose } = latest.current;
          // A selection is made of whole buckets, like its highlight.
          const from = starts[plot.posToIdx(left)]!;
          const to = starts[plot.posToIdx(left + width)]! + stats.bucketMs;
          onChoose(from, to);
        },
      ],
    },
  };
}

function aloneIn(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values).flatMap((value, i) =>
    value != null && values[i - 1] == null && values[i + 1] == null ? [i] : [],
  );
}

/** The middle of each bucket, and for stacked series the cumulative sums, largest first. */
function toData(
  starts: number[],
  bucketMs: number,
  series: ChartSeries[],
  shape: "bars" | "lines",
): uPlot.AlignedData {
  const middles = starts.map((start) => start + bucketMs / 2);
  if (shape === "lines") return [middles, ...series.map(({ values }) => values)];
  const sums: number[][] = [];
  for (const { values } of series) {
    const below = sums.at(-1);
    sums.push(values.map((value, i) => (below?.[i] ?? 0) + (value ?? 0)));
  }
  return [middles, ...sums.toReversed()];
}

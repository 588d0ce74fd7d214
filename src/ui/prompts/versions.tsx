/** The versions of a prompt, newest first: two are selected for the diff, one for its runs. */
import { useEffect, useRef } from "react";
import type { PromptVersion } from "../../query/prompts.ts";
import { count, exactTime, money, percent, plural, time } from "../format.ts";
import { Duration, FigureText } from "../parts/figure.tsx";
import type { SideName } from "../parts/side.tsx";
import { axisOf, barsOf, type Axis } from "./data.ts";

/** With fewer runs, shares are not meaningful and shown dimmed. */
const fewRuns = 20;
const highShare = 0.05;

export interface VersionsProps {
  versions: readonly PromptVersion[];
  selected: string;
  /** The ids of the two versions in the diff. */
  sides: Record<SideName, string>;
  onSelect: (id: string) => void;
  onSide: (side: SideName, id: string) => void;
}

export function Versions({ versions, selected, sides, onSelect, onSide }: VersionsProps) {
  const now = Date.now();
  const axis = axisOf(versions);
  const table = useRef<HTMLDivElement>(null);
  useEffect(() => {
    table.current!.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  return (
    <div
      className="prompts-versions"
      role="grid"
      aria-label="Versions of the system prompt"
      aria-activedescendant={`prompts-${selected}`}
      tabIndex={0}
      ref={table}
    >
      <div className="prompts-row heads" role="row">
        <span role="columnheader">Diff</span>
        <span role="columnheader">Version</span>
        <span role="columnheader">First used</span>
        <span role="columnheader">Last used</span>
        <span role="columnheader" title="All versions share one axis; days are those of UTC">
          Runs {axis.days === 1 ? "a day" : `in ${axis.days} days`},{" "}
          <span className="error-text">failed</span>
        </span>
        <span role="columnheader" className="number">
          Runs
        </span>
        <span role="columnheader" className="number" title="Runs that ended with an error">
          Failed
        </span>
        <span role="columnheader" className="number" title="Runs in which anything failed">
          Failed calls
        </span>
        <span role="columnheader" className="number" title="Median">
          Duration
        </span>
        <span role="columnheader" className="number" title="Median of the runs that are priced">
          Cost / run
        </span>
        <span role="columnheader" className="number">
          Cost
        </span>
        <span role="columnheader" className="number" title="Of its text as it was used last">
          Chars
        </span>
      </div>
      {versions.map((version) => {
        const { id, number, firstUse, lastUse, traceCount } = version;
        return (
          <div
            key={id}
            id={`prompts-${id}`}
            role="row"
            aria-selected={id === selected}
            className={`prompts-row ${id === selected ? "is-selected" : ""}`}
            onClick={() => onSelect(id)}
          >
            <span className="prompts-sides" role="gridcell">
              {(["a", "b"] as const).map((side) => (
                <button
                  key={side}
                  type="button"
                  className={`prompts-side ${sides[side] === id ? "is-on" : ""}`}
                  aria-pressed={sides[side] === id}
                  aria-label={`Version ${number} as ${side.toUpperCase()}`}
                  title={side === "a" ? "Left side of the diff (a)" : "Right side of the diff (b)"}
                  onClick={(event) => {
                    event.stopPropagation();
                    onSide(side, id);
                  }}
                >
                  {side.toUpperCase()}
                </button>
              ))}
            </span>
            <span className="strong" role="gridcell">
              v{number}
            </span>
            <span className="muted" role="gridcell" title={exactTime(firstUse.startTime)}>
              {time(firstUse.startTime, now)}
            </span>
            <span className="muted" role="gridcell" title={exactTime(lastUse.startTime)}>
              {time(lastUse.startTime, now)}
            </span>
            <Days version={version} axis={axis} />
            <span className="number" role="gridcell">
              {count(traceCount)}
            </span>
            <Share of={version.failedCount} all={traceCount} />
            <Share of={version.errorCount} all={traceCount} />
            <span className="number" role="gridcell">
              <Duration ms={version.medianDurationMs} />
            </span>
            <span className="number" role="gridcell">
              <Usd usd={version.medianCostUsd} />
            </span>
            <span className="number" role="gridcell">
              <Usd usd={version.costUsd} />
            </span>
            <span className="number dim" role="gridcell">
              {count(version.length)}
            </span>
          </div>
        );
      })}
    </div>
  );
}

/** Bars are scaled to the busiest day of each version; the number of runs is shown beside them. */
function Days({ version, axis }: { version: PromptVersion; axis: Axis }) {
  const bars = barsOf(version, axis);
  const most = Math.max(...bars.map(({ traceCount }) => traceCount));
  const width = 100 / axis.count;
  return (
    <span className="prompts-days" role="gridcell">
      {bars.map(({ place, startTime, traceCount, failedCount }) => (
        <i
          key={place}
          className="prompts-day"
          style={{
            left: `${place * width}%`,
            width: `${width}%`,
            height: `${Math.max(12, (traceCount / most) * 100)}%`,
          }}
          title={`${new Date(startTime).toISOString().slice(0, 10)}: ${plural(traceCount, "run")}, ${count(failedCount)} failed`}
        >
          {failedCount > 0 && <b style={{ height: `${(failedCount / traceCount) * 100}%` }} />}
        </i>
      ))}
    </span>
  );
}

/** High shares are red; shares of few runs are dimmed. */
function Share({ of, all }: { of: number; all: number }) {
  const isFew = all < fewRuns;
  const look = isFew ? "dim" : of / all > highShare ? "error-text" : "";
  return (
    <span
      className={`number ${look}`}
      role="gridcell"
      title={`${count(of)} of ${count(all)}${isFew ? ", few runs" : ""}`}
    >
      <FigureText figure={percent(of / all)} />
    </span>
  );
}

function Usd({ usd }: { usd: string | null }) {
  if (usd === null) return <span className="dim">unpriced</span>;
  return <span title={`$${usd}`}>{money(usd)}</span>;
}

/** The steps of both traces as one virtual table. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { Comparison } from "../../query/comparison.ts";
import { time } from "../format.ts";
import { Duration, SpanCost } from "../parts/figure.tsx";
import { Side, type SideName } from "../parts/side.tsx";
import { KindMark } from "../parts/status-mark.tsx";
import { visible } from "../parts/visible.ts";
import { useIsPhone } from "../state/media.ts";
import { DurationDelta, MoneyDelta } from "./deltas.tsx";
import { changeWords, type ComparedStep, type Line } from "./rows.ts";

/** In px, as in compare.css: of a row, and of the headings; touch screens use larger ones. */
const heights = { row: 26, head: 28 };
const phoneHeights = { row: 46, head: 44 };

export interface TableProps {
  comparison: Comparison;
  lines: readonly Line[];
  /** The index of the selected row; -1 if none. */
  selected: number;
  onSelect: (line: Line) => void;
}

export function CompareTable({ comparison: { a, b }, lines, selected, onSelect }: TableProps) {
  const pane = useRef<HTMLDivElement>(null);
  const { row: height, head } = useIsPhone() ? phoneHeights : heights;
  /** The side shown where only one fits. */
  const [side, setSide] = useState<SideName>("b");
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => pane.current,
    estimateSize: () => height,
    overscan: 6,
    // The virtualizer does not know of the headings above the first row.
    scrollPaddingEnd: head,
    useFlushSync: false,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  useEffect(() => {
    if (selected >= 0) virtual.scrollToIndex(selected, { align: "auto" });
  }, [virtual, selected]);
  const now = Date.now();
  return (
    <div
      ref={pane}
      className={`compare-table is-${side}`}
      role="grid"
      aria-label="Steps of both traces"
      aria-rowcount={lines.length + 1}
      aria-activedescendant={selected < 0 ? undefined : `compare-${selected}`}
      tabIndex={0}
    >
      <div className="compare-row heads" role="row">
        <span className="compare-in-a" />
        <span className="flex compare-in-a" role="columnheader">
          <Side of="a" isSmall />
          <span className="truncated">{time(a.startTime, now)}</span>
        </span>
        <span className="number compare-in-a compare-cost" role="columnheader">
          Cost
        </span>
        <span className="number compare-in-a" role="columnheader">
          Time
        </span>
        <span className="compare-in-b" />
        <span className="flex compare-in-b" role="columnheader">
          <Side of="b" isSmall />
          <span className="truncated">{time(b.startTime, now)}</span>
        </span>
        <span className="number compare-in-b compare-cost" role="columnheader">
          Cost
        </span>
        <span className="number compare-in-b" role="columnheader">
          Time
        </span>
        <span className="number compare-delta" role="columnheader">
          B − A
        </span>
        <span className="compare-switch" role="columnheader">
          <span className="segments" role="group" aria-label="Which side is shown">
            {(["a", "b"] as const).map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={each === side}
                onClick={() => setSide(each)}
              >
                {each.toUpperCase()}
              </button>
            ))}
          </span>
        </span>
      </div>
      <div className="compare-lines" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index]!;
          const { row, marks, steps, agents } = line;
          const isSelected = index === selected;
          return (
            <div
              key={line.id}
              id={`compare-${index}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={isSelected}
              className={`compare-row is-${row.change} ${isSelected ? "is-selected" : ""}`}
              style={{ transform: `translateY(${start}px)`, height }}
              title={changeWords[row.change]}
              onClick={() => onSelect(line)}
            >
              <span className="visually-hidden" role="gridcell">
                {changeWords[row.change]}
              </span>
              <StepCells side="a" step={row.a} mark={marks.a} number={steps.a} agent={agents.a} />
              <StepCells side="b" step={row.b} mark={marks.b} number={steps.b} agent={agents.b} />
              <span className="number compare-delta" role="gridcell">
                <Delta a={row.a} b={row.b} />
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function StepCells({
  side,
  step,
  mark,
  number,
  agent,
}: {
  side: SideName;
  step: ComparedStep | null;
  mark: string;
  number: number | null;
  agent: string | null;
}) {
  const className = `compare-in-${side}`;
  return (
    <>
      <span className={`compare-mark mono ${className}`} aria-hidden="true">
        {mark}
      </span>
      {step ? (
        <span className={`compare-step ${className}`} role="gridcell">
          {step.spanType !== "llm" && step.spanType !== "agent" && <i className="compare-guide" />}
          <KindMark kind={step.spanType} />
          {agent !== null && <span className="dim compare-by">{visible(agent)} ›</span>}
          <span className="compare-called">{visible(step.name)}</span>
          {number !== null && <span className="dim">step {number}</span>}
          {step.argument !== null ? (
            <span className="mono truncated compare-argument">{visible(step.argument)}</span>
          ) : (
            step.modelId !== null &&
            step.modelId !== step.name && (
              <span className="dim truncated">{visible(step.modelId)}</span>
            )
          )}
          {step.status === "error" && (
            <span className="error-text truncated compare-error">
              {visible(step.errorMessage ?? "error")}
            </span>
          )}
        </span>
      ) : (
        <span className={`compare-step is-missing ${className}`} role="gridcell">
          <span className="visually-hidden">none</span>
        </span>
      )}
      <span className={`number compare-cost ${className}`} role="gridcell">
        {step && <SpanCost of={step} />}
      </span>
      <span className={`number ${className}`} role="gridcell">
        {step && <Duration ms={step.durationMs} />}
      </span>
    </>
  );
}

/**
 * The difference in cost if a step has a cost, else in time; a step without a counterpart counts in full.
 */
function Delta({ a, b }: { a: ComparedStep | null; b: ComparedStep | null }) {
  const costs = [a, b].map((step) => (step ? step.costUsd : "0"));
  if (costs.some((cost) => cost !== null && Number(cost) !== 0)) {
    if (costs.includes(null)) return <span className="dim">unknown</span>;
    return <MoneyDelta usd={Number(costs[1]) - Number(costs[0])} />;
  }
  const [of, to] = [a, b].map((step) => (step ? step.durationMs : null));
  return of == null || to == null ? null : <DurationDelta ms={to - of} />;
}

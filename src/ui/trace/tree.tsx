/** The spans as a tree: narrow beside the transcript, with figures as a view of its own. */
import { useRef } from "react";
import { Cost, Duration, SpanCost, Tokens } from "../parts/figure.tsx";
import type { Kind } from "../parts/mark.tsx";
import type { SpanRow } from "./model.ts";
import { lineHeight, useLineScroller } from "./scroller.ts";
import { SpanName, titleOf } from "./span-name.tsx";
import { sumOf, type Sums } from "./sums.ts";
import type { Tree } from "./use-lines.ts";
import "./tree.css";

export interface TreeViewProps {
  tree: Tree;
  /** The row that is selected. */
  selected: number | null;
  onSelect: (row: number) => void;
  /** Rows that have what is looked for. */
  found: ReadonlySet<number>;
  /** Whether there is room for figures. */
  isWide: boolean;
  /** The row that the transcript shows. */
  inSight?: number | null;
}

export function TreeView({
  tree,
  selected,
  onSelect,
  found,
  isWide,
  inSight = null,
}: TreeViewProps) {
  const { table, lines } = tree;
  const pane = useRef<HTMLDivElement>(null);
  const virtual = useLineScroller(pane, lines, selected, inSight);
  const line = selected === null ? -1 : lines.lineOf(selected);
  const sightLine = inSight === null ? -1 : lines.lineOf(inSight);
  return (
    <div
      className={`tree ${isWide ? "is-wide" : ""}`}
      role="treegrid"
      aria-label="Spans"
      aria-rowcount={lines.count + (isWide ? 1 : 0)}
      aria-activedescendant={line < 0 ? undefined : `span-${line}`}
      tabIndex={0}
      ref={pane}
    >
      {isWide && (
        <div className="tree-row heads" role="row">
          <span role="columnheader">Span</span>
          <span className="number" role="columnheader">
            Duration
          </span>
          <span className="number" role="columnheader">
            First token
          </span>
          <span className="number" role="columnheader">
            Tokens in
          </span>
          <span className="number" role="columnheader">
            out
          </span>
          <span className="number" role="columnheader">
            Cost
          </span>
        </div>
      )}
      <div className="tree-lines" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const span = table.span(lines.rows[index]!);
          const count = lines.counts[index]!;
          const isClosed = tree.isClosed(span.key);
          const hasMore = count > 1 || table.ends[span.row] !== span.row + 1;
          return (
            <div
              key={span.key}
              id={`span-${index}`}
              role="row"
              aria-level={span.depth + 1}
              aria-expanded={hasMore ? count === 1 && !isClosed : undefined}
              aria-rowindex={index + 1}
              aria-selected={index === line}
              className={`tree-row ${index === line ? "is-selected" : ""} ${index === sightLine ? "is-in-sight" : ""} ${span.status === "error" ? "is-failed" : ""}`}
              style={{ transform: `translateY(${start}px)`, height: lineHeight }}
              title={titleOf(span)}
              onClick={() => onSelect(span.row)}
            >
              <span className="tree-cell" role="gridcell">
                <SpanName
                  table={table}
                  span={span}
                  count={count}
                  isClosed={isClosed}
                  onToggle={() => tree.toggle(span.key)}
                  isFound={found.has(span.row)}
                  isNarrow={!isWide}
                />
              </span>
              {count > 1 ? (
                <SumFigures kind={span.kind} sums={sumOf(table, span.row, count)} isWide={isWide} />
              ) : (
                <>
                  <span className="number" role="gridcell">
                    {!span.isRunning && <Duration ms={span.durationMs} />}
                  </span>
                  {isWide && <Figures span={span} />}
                </>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Figures({ span }: { span: SpanRow }) {
  const { kind, ttftMs, usage, costUsd, repeats } = span;
  const isCall = kind === "llm" || kind === "embedding";
  return (
    <>
      <span className="number" role="gridcell">
        {kind === "llm" ? <Duration ms={ttftMs} /> : "—"}
      </span>
      <span className="number" role="gridcell">
        {isCall || usage ? <Tokens value={usage?.inputTokens} /> : "—"}
      </span>
      <span className="number" role="gridcell">
        {kind === "llm" || usage ? <Tokens value={usage?.outputTokens} /> : "—"}
      </span>
      <span className="number" role="gridcell">
        {repeats !== null ? (
          "—"
        ) : costUsd !== null ? (
          <SpanCost of={span} />
        ) : isCall ? (
          "unpriced"
        ) : (
          "—"
        )}
      </span>
    </>
  );
}

/** Of a fold, in each column that adds up. */
function SumFigures({ kind, sums, isWide }: { kind: Kind; sums: Sums; isWide: boolean }) {
  const { durationMs, inputTokens, outputTokens } = sums;
  const isCall = kind === "embedding";
  return (
    <>
      <span className="number" role="gridcell" title="All of them together">
        <Sigma /> <Duration ms={durationMs} />
      </span>
      {isWide && (
        <>
          <span className="number" role="gridcell">
            —
          </span>
          {[inputTokens, outputTokens].map((tokens, i) => (
            <span className="number" role="gridcell" key={i}>
              {tokens !== null ? (
                <>
                  <Sigma /> <Tokens value={tokens} />
                </>
              ) : isCall && i === 0 ? (
                <Tokens value={null} />
              ) : (
                "—"
              )}
            </span>
          ))}
          <span className="number" role="gridcell">
            {sums.costUsd !== null && <Sigma />} <Cost of={sums} />
          </span>
        </>
      )}
    </>
  );
}

/** Before what is a sum. */
export function Sigma() {
  return <span className="dim">Σ</span>;
}

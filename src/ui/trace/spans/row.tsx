/** A row of the table: a span, or a fold of spans. */
import { memo } from "react";
import { rollupOf } from "../../data/span-sums.ts";
import type { SpanTable } from "../../data/span-table.ts";
import { ArgumentCell, InternalNames, RestKinds } from "./argument.tsx";
import { Bar } from "./bar.tsx";
import { FoldFigures, NoFigures, SpanFigures } from "./figures.tsx";
import type { Gist } from "./gists.ts";
import type { Lines } from "./lines.ts";
import { NameCell, nameOf, titleOf } from "./name.tsx";
import type { Sort } from "./sort.ts";
import type { Timeline, Window } from "./timeline.ts";

export interface LineProps {
  table: SpanTable;
  lines: Lines;
  line: number;
  top: number;
  height: number;
  timeline: Timeline;
  window: Window;
  sort: Sort | null;
  gist: Gist | undefined;
  isFound: boolean;
  /** The selected row, if this line shows it. */
  selected: number | null;
  onSelect: (row: number) => void;
  onToggle: (line: number) => void;
}

export const Line = memo(function Line(props: LineProps) {
  const { table, lines, line, top, height, sort, gist, selected, onSelect, onToggle } = props;
  const span = table.span(lines.rows[line]!);
  const kind = lines.kindOf(line);
  const members = lines.membersOf(line);
  const isOpen = lines.isOpen(line);
  const isFold = members.length > 0;
  const isSelected = selected !== null && (kind === "repeats" || !isFold) && selected === span.row;
  const holds = selected !== null && !isSelected;
  const states = [
    isSelected && "is-selected",
    holds && "is-holding",
    isFold && "is-fold",
    !isFold && span.status === "error" && "is-failed",
  ];
  return (
    <div
      id={`span-${line}`}
      role="row"
      aria-level={lines.levels[line]! + 1}
      aria-expanded={isOpen ?? undefined}
      // The column headings are the first row.
      aria-rowindex={line + 2}
      aria-selected={isSelected}
      className={`spans-row ${states.filter(Boolean).join(" ")}`}
      style={{ transform: `translateY(${top}px)`, height }}
      onClick={() => (isFold ? onToggle(line) : onSelect(span.row))}
    >
      <span className="spans-name" role="gridcell" title={isFold ? undefined : titleOf(span)}>
        <NameCell
          table={table}
          span={span}
          kind={kind}
          level={sort ? Math.min(1, lines.levels[line]!) : lines.levels[line]!}
          count={kind === "internal" ? countInternal(table, members) : members.length}
          isOpen={isOpen}
          onToggle={() => onToggle(line)}
          isFound={props.isFound && !isFold}
          hidesError={isOpen === false && !isFold && rollupOf(table, span.row).errorCount > 0}
          sort={sort}
        />
      </span>
      <span className="spans-text" role="gridcell">
        {kind === "internal" ? (
          <InternalNames table={table} rows={members} />
        ) : kind === "rest" ? (
          <RestKinds
            table={table}
            rows={members}
            holds={holds ? nameOf(table.span(selected)) : null}
          />
        ) : (
          <ArgumentCell table={table} span={span} gist={gist} />
        )}
      </span>
      <span className="spans-lane" role="gridcell">
        <Bar {...props} span={span} kind={kind} members={members} />
      </span>
      {kind === "rest" ? (
        <NoFigures />
      ) : isFold ? (
        <FoldFigures table={table} rows={members} />
      ) : (
        <SpanFigures table={table} span={span} isFlat={sort !== null} />
      )}
    </div>
  );
});

/** In tree order the members' subtrees count, too. */
function countInternal({ ends, isInternal }: SpanTable, members: Int32Array): number {
  let count = 0;
  let counted = -1;
  for (const from of members) {
    for (let row = Math.max(from, counted); row < ends[from]!; row++) count += isInternal[row]!;
    counted = Math.max(counted, ends[from]!);
  }
  return count;
}

/** The figures of a row: the span's own, and Σ with its subtree if that differs. */
import type { ReactNode } from "react";
import { toUsd } from "../../../pricing/money.ts";
import { useNow } from "../../data/queries.ts";
import { ownOf, rollupOf, sumOf } from "../../data/span-sums.ts";
import type { SpanRow, SpanTable } from "../../data/span-table.ts";
import { count as countText } from "../../format.ts";
import { Cost, Duration, SpanCost, Tokens } from "../../parts/figure.tsx";

/** Marks a sum. */
function Sigma() {
  return <span className="spans-sigma">Σ</span>;
}

function Cell({ of, children }: { of: "tokens" | "sum" | "cost" | "time"; children: ReactNode }) {
  return (
    <span className={`number spans-${of}`} role="gridcell">
      {children}
    </span>
  );
}

/** @param isFlat true in a sorted table, where spans have no subtree. */
export function SpanFigures({
  table,
  span,
  isFlat,
}: {
  table: SpanTable;
  span: SpanRow;
  isFlat: boolean;
}) {
  const { row } = span;
  const own = ownOf(table);
  const all = rollupOf(table, row);
  const isCounted = span.repeats === null;
  const isCall = isCounted && own.isPriceable[row] === 1 && span.costUsd === null;
  const hasMoreTokens = !isFlat && all.tokens > (own.tokens[row]! || 0);
  const hasMoreCost = !isFlat && all.pricedSpanCount > own.isPriced[row]!;
  return (
    <>
      <Cell of="tokens">
        <OwnTokens input={own.input[row]!} output={own.output[row]!} isCall={isCall} />
      </Cell>
      <Cell of="sum">{hasMoreTokens && <Tokens value={all.tokens} />}</Cell>
      <Cell of="cost">
        {isCounted && span.costUsd !== null && <SpanCost of={span} />}
        {isCall && <span className="dim">unpriced</span>}
      </Cell>
      <Cell of="sum">
        {hasMoreCost && (
          <Cost
            of={{
              costUsd: toUsd(BigInt(all.pico)),
              isCostEstimated: all.isCostEstimated,
              pricedSpanCount: all.pricedSpanCount,
              priceableSpanCount: all.priceableSpanCount,
            }}
          />
        )}
      </Cell>
      <Cell of="time">
        {span.isRunning ? <SoFar since={span.startTime} /> : <Duration ms={span.durationMs} />}
      </Cell>
    </>
  );
}

function OwnTokens({ input, output, isCall }: { input: number; output: number; isCall: boolean }) {
  const hasInput = !Number.isNaN(input);
  if (!hasInput && Number.isNaN(output)) {
    return isCall && <span className="dim">not reported</span>;
  }
  return (
    <>
      {hasInput ? countText(input) : "?"}
      {!Number.isNaN(output) && (
        <>
          <span className="spans-arrow">→</span>
          {countText(output)}
        </>
      )}
    </>
  );
}

function SoFar({ since }: { since: number }) {
  const now = useNow(1_000);
  return (
    <span className="accent-text">
      <Duration ms={Math.max(0, now - since)} />
    </span>
  );
}

/** The sums of a fold. */
export function FoldFigures({ table, rows }: { table: SpanTable; rows: Int32Array }) {
  const { durationMs, inputTokens, outputTokens, ...cost } = sumOf(table, rows);
  const tokens =
    inputTokens === null && outputTokens === null ? null : (inputTokens ?? 0) + (outputTokens ?? 0);
  return (
    <>
      <Cell of="tokens">
        {tokens !== null && (
          <>
            <Sigma />
            {countText(tokens)}
          </>
        )}
      </Cell>
      <Cell of="sum">{null}</Cell>
      <Cell of="cost">
        {cost.priceableSpanCount > 0 && (
          <>
            <Sigma />
            <Cost of={cost} />
          </>
        )}
      </Cell>
      <Cell of="sum">{null}</Cell>
      <Cell of="time">
        <Sigma />
        <Duration ms={durationMs} />
      </Cell>
    </>
  );
}

/** Spans without a value have no sums: they have little in common. */
export function NoFigures() {
  return (
    <>
      <Cell of="tokens">{null}</Cell>
      <Cell of="sum">{null}</Cell>
      <Cell of="cost">{null}</Cell>
      <Cell of="sum">{null}</Cell>
      <Cell of="time">{null}</Cell>
    </>
  );
}

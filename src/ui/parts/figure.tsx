/** Components for figures: digits, then a smaller and dimmer unit; unknown values as a word. */
import { Fragment } from "react";
import type { Skeleton, Summary } from "../../backend/views.ts";
import { count, duration, money, plural, short, textOf, type Figure } from "../format.ts";

export function FigureText({ figure }: { figure: Figure }) {
  return figure.map(([digits, unit], i) => (
    <Fragment key={i}>
      {i > 0 && " "}
      {digits}
      {unit && <span className="unit">{unit}</span>}
    </Fragment>
  ));
}

export function Duration({ ms }: { ms: number | null | undefined }) {
  if (ms === null || ms === undefined) return <span className="dim">not reported</span>;
  return <FigureText figure={duration(ms)} />;
}

/** Shortened, with all digits in the tooltip. */
export function Tokens({ value }: { value: number | string | null | undefined }) {
  if (value === null || value === undefined) return <span className="dim">not reported</span>;
  return (
    <span title={count(value)}>
      <FigureText figure={short(value)} />
    </span>
  );
}

/**
 * "unpriced" if no call has a price, "≥" if only some have one, "≈" if the bill may differ. Costs reported
 * by senders are only in the tooltip and not part of the sum.
 */
export function Cost({
  of: {
    costUsd,
    isCostEstimated = false,
    reportedCostUsd = null,
    pricedSpanCount,
    priceableSpanCount,
  },
}: {
  of: Pick<Summary, "costUsd" | "pricedSpanCount" | "priceableSpanCount"> &
    Partial<Pick<Summary, "isCostEstimated" | "reportedCostUsd">>;
}) {
  const missing = priceableSpanCount - pricedSpanCount;
  if (costUsd === null && missing === 0) return <span className="dim">—</span>;
  const title = [
    costUsd !== null && `$${costUsd}`,
    isCostEstimated && estimatedTitle,
    missing > 0 && `${plural(missing, "call")} without a price`,
    reportedCostUsd !== null && `the sender reports $${reportedCostUsd}`,
  ];
  return (
    <span className={costUsd === null ? "dim" : undefined} title={title.filter(Boolean).join(", ")}>
      {costUsd === null ? "unpriced" : `${markOf(missing > 0, isCostEstimated)}${money(costUsd)}`}
    </span>
  );
}

function markOf(isPartial: boolean, isEstimated: boolean): string {
  return isEstimated ? "≈ " : isPartial ? "≥ " : "";
}

/** The tooltip of an estimated cost; the call's cost receipt has the details. */
const estimatedTitle =
  "estimated: the price list lacks a price for the tier or for a part of the usage";

/** The cost of one call; empty without one. */
export function SpanCost({ of: { costUsd, isCostEstimated } }: { of: SpanCostOf }) {
  if (costUsd === null) return null;
  return (
    <span title={`$${costUsd}${isCostEstimated ? `, ${estimatedTitle}` : ""}`}>
      {markOf(false, isCostEstimated === true)}
      {money(costUsd)}
    </span>
  );
}

type SpanCostOf = Pick<Skeleton, "costUsd" | "isCostEstimated">;

export { textOf };

/** Figures on screens: digits first, the unit smaller and dimmer, unknown as a word. */
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

/** Shortened, with all digits as its title. */
export function Tokens({ value }: { value: number | string | null | undefined }) {
  if (value === null || value === undefined) return <span className="dim">not reported</span>;
  return (
    <span title={count(value)}>
      <FigureText figure={short(value)} />
    </span>
  );
}

/**
 * "unpriced" where nothing has a price, "≥" where only some of the calls have, "≈" where a call may be
 * billed otherwise. What senders report is in the title alone, as no part of the sum.
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
    reportedCostUsd !== null && `of which the sender reports $${reportedCostUsd}`,
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

/** Why a figure has the mark; the receipt of the call says it in full. */
const estimatedTitle = "estimated: the list has no price for a tier or for a part of what was used";

/** The cost of one call; nothing where it has none. */
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

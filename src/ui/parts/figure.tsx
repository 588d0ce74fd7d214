/** Figures on screens: digits first, the unit smaller and dimmer, unknown as a word. */
import { Fragment } from "react";
import type { Summary } from "../../query/views.ts";
import { count, duration, money, short, textOf, type Figure } from "../format.ts";

export function FigureText({ figure }: { figure: Figure }) {
  return figure.map(([digits, unit], i) => (
    <Fragment key={i}>
      {i > 0 && " "}
      {digits}
      {unit && <span className="u">{unit}</span>}
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

/** "unpriced" where nothing has a price, "≥" where only some of the calls have. */
export function Cost({
  of: { costUsd, pricedSpanCount, priceableSpanCount },
}: {
  of: Pick<Summary, "costUsd" | "pricedSpanCount" | "priceableSpanCount">;
}) {
  if (costUsd === null) {
    return priceableSpanCount > 0 ? (
      <span className="dim">unpriced</span>
    ) : (
      <span className="dim">—</span>
    );
  }
  const missing = priceableSpanCount - pricedSpanCount;
  const title =
    missing > 0 ? `$${costUsd}, and ${count(missing)} calls without a price` : `$${costUsd}`;
  return (
    <span title={title}>
      {missing > 0 && "≥ "}
      {money(costUsd)}
    </span>
  );
}

export { textOf };

/** Differences of B to A. They have no colour, because less cost with a worse answer is not better. */
import { count, duration, money, percent } from "../format.ts";
import { FigureText } from "../parts/figure.tsx";

const signOf = (value: number) => (value > 0 ? "+" : value < 0 ? "−" : "±");

export function DurationDelta({ ms }: { ms: number | null }) {
  if (ms === null) return null;
  return (
    <>
      {signOf(ms)}
      <FigureText figure={duration(Math.abs(ms))} />
    </>
  );
}

export function MoneyDelta({ usd }: { usd: string | number }) {
  const value = Number(usd);
  return <span title={`${signOf(value)}$${Math.abs(value)}`}>{moneyDelta(value)}</span>;
}

export function moneyDelta(value: number): string {
  return `${signOf(value)}${money(Math.abs(value))}`;
}

/**
 * The difference in percent of A, with the absolute value as the tooltip; the absolute value if A is 0.
 */
export function ShareDelta({
  of,
  delta,
  say = (value) => count(Math.round(value)),
}: {
  /** The value of A. */
  of: number | string | null;
  delta: number | string | null;
  say?: (value: number) => string;
}) {
  if (of === null || delta === null) return <span className="dim">unknown</span>;
  const [base, value] = [Number(of), Number(delta)];
  const text = `${signOf(value)}${say(Math.abs(value))}`;
  if (base === 0) return <span>{text}</span>;
  return (
    <span title={text}>
      {signOf(value)}
      <FigureText figure={percent(Math.abs(value) / base)} />
    </span>
  );
}

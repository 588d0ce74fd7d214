/** Figures and how they are shown. */

/** Repeated measurements of one thing. */
export type Sample = number[];

export interface Row {
  what: string;
  target: string;
  figure: string;
  /** Null where nothing is to be reached. */
  isReached: boolean | null;
}

export function median(sample: Sample): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export type Format = (value: number) => string;

export const formats = {
  count: (value) => Math.round(value).toLocaleString("en-US"),
  percent: (value) => `${(100 * value).toFixed(1)} %`,
  times: (value) => `${value.toFixed(2)}×`,
  ms: (value) => `${value.toFixed(value < 10 ? 2 : 1)} ms`,
  mb: (value) => `${(value / 1e6).toFixed(value < 1e7 ? 1 : 0)} MB`,
} satisfies Record<string, Format>;

/** @param target a bound for the median, as in `{ atLeast: 0.2 }`; none where none is set. */
export function row(
  what: string,
  sample: Sample,
  format: Format,
  target: { atLeast?: number; below?: number } = {},
): Row {
  const value = median(sample);
  const { atLeast, below } = target;
  const spread =
    sample.length > 1 ? ` (${format(Math.min(...sample))} – ${format(Math.max(...sample))})` : "";
  return {
    what,
    target:
      atLeast !== undefined
        ? `≥ ${format(atLeast)}`
        : below !== undefined
          ? `< ${format(below)}`
          : "",
    figure: sample.length === 0 ? "not measured" : format(value) + spread,
    isReached:
      sample.length === 0 || (atLeast === undefined && below === undefined)
        ? null
        : value >= (atLeast ?? -Infinity) && value < (below ?? Infinity),
  };
}

export function toMarkdown(rows: Row[]): string {
  const mark = (isReached: boolean | null) => (isReached === null ? "" : isReached ? "✓" : "✗");
  const lines = rows.map(
    ({ what, target, figure, isReached }) =>
      `| ${what} | ${target} | ${figure} | ${mark(isReached)} |`,
  );
  return ["| what | target | median (min – max) | |", "|---|---|---|---|", ...lines].join("\n");
}

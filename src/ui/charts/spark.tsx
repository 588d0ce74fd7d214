/** A sparkline: a line without an axis. */

const width = 270;
const height = 24;
const margin = 2;

export function Spark({ values, isError = false }: { values: number[]; isError?: boolean }) {
  const most = Math.max(...values, 0);
  const place = (value: number, i: number) => {
    const x = values.length > 1 ? (i / (values.length - 1)) * width : 0;
    const y = height - margin - (most === 0 ? 0 : (value / most) * (height - 2 * margin));
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  return (
    <svg
      className={`charts-spark ${isError ? "is-error" : ""}`}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {values.length > 1 && <path d={`M${values.map(place).join("L")}`} />}
    </svg>
  );
}

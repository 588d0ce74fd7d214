/** The largest groups of a field; a click filters the page by one of them. */
import { useState } from "react";
import { LoadError } from "../parts/controls.tsx";
import { useFigures } from "../query/figures.ts";
import type { Scope } from "../query/scope.ts";
import { fieldWords, GroupTable, type GroupField } from "./groups.tsx";

const few = 6;
const many = 100;
const slimColumns = 3;

export function Breakdown({
  field,
  scope,
  onChoose,
  isSlim = false,
}: {
  field: GroupField;
  scope: Scope;
  onChoose: (field: GroupField, value: string) => void;
  /** Only the first columns, for narrow places. */
  isSlim?: boolean;
}) {
  const [isWhole, setWhole] = useState(false);
  const { many: name, ranking, brief } = fieldWords[field];
  const { data, error } = useFigures(
    scope,
    { by: field, sort: ranking, limit: isWhole ? many : few, bars: 1 },
    true,
  );
  const rows = data?.groups ?? [];
  // A field without any values is not shown.
  if (data && !rows.some(({ value }) => value !== null)) return null;
  const total = data?.groupCount ?? 0;
  return (
    <section className="charts-card" aria-busy={!data && !error}>
      <h2>
        {name}
        {total > few && (
          <button
            type="button"
            className="link dim charts-end"
            aria-expanded={isWhole}
            onClick={() => setWhole(!isWhole)}
          >
            {isWhole ? "fewer" : total > many ? `first ${many} of ${total}` : `all ${total}`}
          </button>
        )}
      </h2>
      {error ? (
        <LoadError error={error} />
      ) : (
        <GroupTable
          field={field}
          columnIds={isSlim ? brief.slice(0, slimColumns) : brief}
          rows={rows}
          onChoose={(value) => onChoose(field, value)}
        />
      )}
    </section>
  );
}

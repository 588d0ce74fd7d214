/** The column headings of the list; sortable ones are buttons. */
import type { TraceSort } from "../../backend/traces.ts";
import { Icon } from "../parts/icon.tsx";
import type { Column } from "./columns.tsx";

export function ListHead({
  columns,
  sort,
  onSort,
}: {
  columns: readonly Column[];
  sort: TraceSort;
  onSort: (sort: TraceSort) => void;
}) {
  return (
    <div className="heads traces-heads" role="row" aria-rowindex={1}>
      <span role="columnheader">
        <span className="visually-hidden">Status</span>
      </span>
      {columns.map(({ id, name, about, isNumber, sort: field }) => {
        const isDescending = sort === field;
        const isAscending = sort === `-${field}`;
        return (
          <span
            key={id}
            role="columnheader"
            className={isNumber ? "number" : "truncated"}
            title={about}
            aria-sort={isDescending ? "descending" : isAscending ? "ascending" : undefined}
          >
            {field ? (
              <button
                type="button"
                className={isDescending || isAscending ? "heads-sorted" : ""}
                title={id === "in" ? "Sort by all tokens" : `Sort by ${name.toLowerCase()}`}
                onClick={() => onSort(isDescending ? `-${field}` : field)}
              >
                {name}
                {(isDescending || isAscending) && (
                  <Icon name={isDescending ? "down" : "up"} size="xs" />
                )}
              </button>
            ) : (
              name
            )}
          </span>
        );
      })}
    </div>
  );
}

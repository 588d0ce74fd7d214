/** The facets beside the list: a checkbox adds its value to the filter or removes it. */
import { useRef, useState, type ReactNode } from "react";
import type { Figures } from "../../backend/figures.ts";
import { okWithErrors } from "../../filter/keys.ts";
import { count } from "../format.ts";
import { Icon } from "../parts/icon.tsx";
import { StatusMark, statusWords, type DisplayStatus } from "../parts/status-mark.tsx";
import type { Scope } from "../query/scope.ts";
import { tickedValues, toggleValue } from "../query/words.ts";
import { usePref } from "../state/prefs.ts";
import { useRoving } from "../state/roving.ts";
import {
  useFacet,
  useFreshFacets,
  useMetaKeys,
  useMetaValues,
  type FacetField,
  type FacetValue,
} from "./facet-data.ts";
import "./facets.css";

const fields: { field: FacetField; name: string }[] = [
  { field: "model", name: "Model" },
  { field: "agent", name: "Agent" },
  { field: "workflow", name: "Workflow" },
  { field: "tool", name: "Tool" },
  { field: "customer", name: "Customer" },
];

/** How many values are shown before "more". */
const collapsedValues = 6;

interface FacetsProps {
  /** The traces that are counted; its filter can be narrower than the one that checkboxes change. */
  scope: Scope;
  filter: string;
  onFilter: (filter: string) => void;
}

export function Facets({
  scope,
  filter,
  onFilter,
  totals,
  runningCount,
}: FacetsProps & {
  /** The totals of the whole list. */
  totals: Figures | undefined;
  runningCount: number | undefined;
}) {
  useFreshFacets();
  const pane = useRef<HTMLElement>(null);
  useRoving(pane);
  const metaKeys = useMetaKeys(scope.project);
  const shared = { scope, filter, onFilter };
  return (
    <aside className="pane facets" aria-label="Facets" ref={pane}>
      <StatusFacet {...shared} totals={totals} runningCount={runningCount} />
      {fields.map(({ field, name }) => (
        <FieldFacet key={field} field={field} name={name} {...shared} />
      ))}
      {metaKeys.map((key) => (
        <MetaFacet key={key} name={`meta.${key}`} {...shared} />
      ))}
    </aside>
  );
}

const statuses: {
  key: "status" | "is";
  value: string;
  displayStatus: DisplayStatus;
  /** True for the status "ok" with errors inside. */
  hasErrors?: true;
}[] = [
  { key: "status", value: "ok", displayStatus: "ok" },
  { key: "status", value: okWithErrors, displayStatus: "ok", hasErrors: true },
  { key: "status", value: "error", displayStatus: "error" },
  { key: "status", value: "aborted", displayStatus: "aborted" },
  { key: "is", value: "open", displayStatus: "running" },
  { key: "is", value: "stale", displayStatus: "lost" },
];

function StatusFacet({
  filter,
  onFilter,
  totals,
  runningCount,
}: Omit<FacetsProps, "scope"> & { totals: Figures | undefined; runningCount: number | undefined }) {
  const counts: { [value: string]: number | undefined } = totals
    ? {
        ok: totals.traces - totals.failedTraces - totals.abortedTraces,
        error: totals.failedTraces,
        aborted: totals.abortedTraces,
        open: runningCount,
      }
    : {};
  // If one of these values is checked, the others have no counts.
  const isTicked = statuses.some(({ key, value }) => tickedValues(filter, key).includes(value));
  return (
    <Facet name="Status">
      {statuses.map(({ key, value, displayStatus, hasErrors }) => {
        const words = hasErrors
          ? `${statusWords[displayStatus]}, with failed calls`
          : statusWords[displayStatus];
        const isOn = tickedValues(filter, key).includes(value);
        return (
          <Tick
            key={value}
            isOn={isOn}
            count={isTicked && !isOn ? null : (counts[value] ?? null)}
            onToggle={() => onFilter(toggleValue(filter, key, value))}
          >
            <StatusMark
              displayStatus={displayStatus}
              errorCount={hasErrors ? 1 : 0}
              words={words}
            />
            <span className="truncated" aria-hidden="true">
              {words}
            </span>
          </Tick>
        );
      })}
    </Facet>
  );
}

function FieldFacet({
  field,
  name,
  scope,
  filter,
  onFilter,
}: FacetsProps & { field: FacetField; name: string }) {
  const values = useFacet(scope, field);
  return (
    <Facet name={name} isEmpty={values.length === 0}>
      <Ticks name={field} values={values} filter={filter} onFilter={onFilter} />
    </Facet>
  );
}

function MetaFacet({ name, scope, filter, onFilter }: FacetsProps & { name: string }) {
  const values = useMetaValues(name, scope.project);
  return (
    <Facet name={name} isEmpty={values.length === 0}>
      <Ticks name={name} values={values} filter={filter} onFilter={onFilter} />
    </Facet>
  );
}

/** The values of a key as checkboxes; checked values are always listed. */
function Ticks({
  name,
  values,
  filter,
  onFilter,
}: {
  name: string;
  values: FacetValue[];
  filter: string;
  onFilter: (filter: string) => void;
}) {
  const [isWhole, setWhole] = useState(false);
  const ticked = tickedValues(filter, name);
  const known = new Set(values.map(({ value }) => value));
  const others = ticked.filter((value) => !known.has(value) && !value.includes("*"));
  const all = [...others.map((value): FacetValue => ({ value, count: null })), ...values];
  const shown = isWhole ? all : all.slice(0, Math.max(collapsedValues, others.length));
  return (
    <>
      {shown.map(({ value, count, isCapped }) => (
        <Tick
          key={value}
          isOn={ticked.includes(value)}
          count={count}
          isCapped={isCapped ?? false}
          onToggle={() => onFilter(toggleValue(filter, name, value))}
        >
          <span className="truncated" title={value}>
            {value}
          </span>
        </Tick>
      ))}
      {shown.length < all.length && (
        <li>
          <button type="button" tabIndex={-1} className="dim" onClick={() => setWhole(true)}>
            {all.length - shown.length} more
          </button>
        </li>
      )}
    </>
  );
}

function Tick({
  isOn,
  count: traces,
  isCapped = false,
  onToggle,
  children,
}: {
  isOn: boolean;
  count: number | null;
  isCapped?: boolean;
  onToggle: () => void;
  children: ReactNode;
}) {
  return (
    <li>
      <button
        type="button"
        tabIndex={-1}
        role="checkbox"
        aria-checked={isOn}
        className={`facets-value ${isOn ? "is-on" : traces === 0 ? "is-zero" : ""}`}
        onClick={onToggle}
      >
        <span className={`traces-box ${isOn ? "is-on" : ""}`}>{isOn && <Icon name="check" />}</span>
        {children}
        {traces !== null && (
          <span className="number">
            {count(traces)}
            {isCapped && "+"}
          </span>
        )}
      </button>
    </li>
  );
}

function Facet({
  name,
  isEmpty = false,
  children,
}: {
  name: string;
  isEmpty?: boolean;
  children: ReactNode;
}) {
  const [folded, setFolded] = usePref("traces.folded", "");
  const names = folded.split("|");
  const isFolded = names.includes(name);
  if (isEmpty) return null;
  return (
    <div className="facets-facet">
      <h3>
        <button
          type="button"
          tabIndex={-1}
          aria-expanded={!isFolded}
          onClick={() =>
            setFolded(
              (isFolded ? names.filter((each) => each !== name) : [...names, name]).join("|"),
            )
          }
        >
          {name}
          <Icon name={isFolded ? "right" : "down"} size="xs" />
        </button>
      </h3>
      {!isFolded && <ul aria-label={name}>{children}</ul>}
    </div>
  );
}

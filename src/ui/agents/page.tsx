/** Agents, tools, models, workflows and providers with their figures: calls, cost, errors. */
import { useLocation } from "wouter";
import type { Ranking } from "../../backend/stats.ts";
import { fieldWords, filterWord, GroupTable } from "../charts/groups.tsx";
import { EmptyState, LoadError } from "../parts/controls.tsx";
import { QueryBar } from "../query/bar.tsx";
import { useFreshFigures } from "../query/figures.ts";
import { RangePicker, rangeWords } from "../query/range.tsx";
import { isNarrow, tracesHref, useScope } from "../query/scope.ts";
import { problemOf } from "../query/words.ts";
import { useShortcuts } from "../state/keys.ts";
import { useTitle } from "../state/title.ts";
import { useParam, useSetParams } from "../state/url.ts";
import { useGroups, type ListedField } from "./data.ts";
import "./agents.css";
import { Detail } from "./detail.tsx";

const tabs: ListedField[] = ["agent", "tool", "model", "workflow", "provider"];
const group = "Agents & tools";

export function AgentsPage() {
  useTitle("Agents & tools");
  const scope = useScope();
  const set = useSetParams();
  const [, navigate] = useLocation();
  const [tab] = useParam<ListedField>("by", "agent");
  const field = tabs.includes(tab) ? tab : "agent";
  const { many, ranking, brief, full } = fieldWords[field];
  const [sort, setSort] = useParam<Ranking>("sort", ranking);
  const [selected, select] = useParam<string>("of", "");
  const problem = problemOf(scope.filter);
  useFreshFigures(scope.filter);
  const query = useGroups(field, scope, sort, problem === null);
  const rows = query.groups.map(({ value, lastTime, ...totals }) => ({ value, lastTime, totals }));

  const showTraces = (value: string) =>
    navigate(
      tracesHref({ ...scope, filter: `${scope.filter} ${filterWord(field, value)}`.trim() }),
    );
  const choose = (value: string) => select(value, { replace: selected !== "" });
  const step = (by: number) => {
    const place = rows.findIndex(({ value }) => value === selected);
    const next = rows[Math.min(rows.length - 1, Math.max(0, place + by))];
    if (next) choose(next.value);
  };
  const chooseTab = (next: ListedField) =>
    set({ by: next === "agent" ? null : next, of: null, sort: null });
  const stepTab = (by: number) =>
    chooseTab(tabs[(tabs.indexOf(field) + by + tabs.length) % tabs.length]!);
  useShortcuts([
    { keys: ["j", "ArrowDown"], label: "Next row", group, run: () => step(1) },
    { keys: ["k", "ArrowUp"], label: "Previous row", group, run: () => step(-1) },
    { keys: ["]"], label: "Next list", group, run: () => stepTab(1) },
    { keys: ["["], label: "Previous list", group, run: () => stepTab(-1) },
    {
      keys: ["o", "Enter"],
      label: "Show its traces",
      group,
      run: (event) => {
        if (selected === "" || event.target instanceof HTMLButtonElement) return false;
        showTraces(selected);
      },
    },
    {
      keys: ["Escape"],
      label: "Close the details",
      group,
      run: () => {
        if (selected === "") return false;
        select("");
      },
    },
  ]);

  return (
    <div className="agents-page">
      <h1 className="visually-hidden">Agents and tools</h1>
      <div className="toolbar">
        <div className="segments" role="group" aria-label="What is listed">
          {tabs.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === field}
              onClick={() => chooseTab(each)}
            >
              {fieldWords[each].many}
            </button>
          ))}
        </div>
        <QueryBar
          value={scope.filter}
          onChange={(filter) => set({ filter })}
          label={`Filter the traces in which ${many.toLowerCase()} are counted`}
          placeholder="Filter traces: meta.env:prod  status:error"
        />
        <RangePicker />
      </div>
      <div className={`panes agents-panes ${selected === "" ? "" : "is-open"}`}>
        <section className="pane agents-list" aria-label={many}>
          {problem || (query.error && !query.data) ? (
            <LoadError error={problem ?? query.error} retry={() => void query.refetch()} />
          ) : query.data && rows.length === 0 ? (
            <EmptyState>
              {isNarrow(scope)
                ? `No ${many.toLowerCase()} in traces that match${rangeWords(scope) && ` ${rangeWords(scope)}`}.`
                : `No trace has named ${field === "agent" ? "an" : "a"} ${field} yet.`}
            </EmptyState>
          ) : (
            <>
              <GroupTable
                field={field}
                columnIds={selected === "" ? full : brief}
                rows={rows}
                sort={sort}
                onSort={setSort}
                selected={selected}
                onChoose={choose}
              />
              {query.hasNextPage && (
                <p className="list-end">
                  <button
                    type="button"
                    className="button is-small"
                    onClick={() => void query.fetchNextPage()}
                  >
                    Show more
                  </button>
                </p>
              )}
            </>
          )}
        </section>
        {selected !== "" && (
          <Detail
            key={`${field} ${selected}`}
            field={field}
            value={selected}
            scope={scope}
            onClose={() => select("")}
          />
        )}
      </div>
    </div>
  );
}

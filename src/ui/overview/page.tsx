/** Cost, duration and errors: over time, and by agent, model and so on. */
import { Link } from "wouter";
import { Breakdown } from "../charts/breakdown.tsx";
import type { GroupField } from "../charts/groups.tsx";
import { EmptyState, LoadError } from "../parts/controls.tsx";
import { QueryBar } from "../query/bar.tsx";
import { useFigures, useFreshFigures } from "../query/figures.ts";
import { rangeWords, RangePicker } from "../query/range.tsx";
import { isEndless, tracesHref, useScope, type Scope } from "../query/scope.ts";
import { problemOf, toggleValue } from "../query/words.ts";
import { useTitle } from "../state/title.ts";
import { useSetParams } from "../state/url.ts";
import { Charts } from "./charts.tsx";
import "./overview.css";
import { Kpis } from "./kpis.tsx";

const lately = "7d";
const bars = 60;
const fields: GroupField[] = ["model", "agent", "tool", "workflow", "customer", "provider"];

export function OverviewPage() {
  useTitle("Overview");
  const scope = useScope(lately);
  const set = useSetParams();
  const problem = problemOf(scope.filter);
  useFreshFigures(scope.filter);
  const figures = useFigures(
    scope,
    { by: "model", sort: "cost", limit: 10, bars },
    problem === null,
  );
  const tools = useFigures(scope, { by: "type", limit: 10, bars }, problem === null);
  const { data, error, refetch } = figures;
  const isEmpty = data && data.totals.traces + data.totals.requests === 0;
  return (
    <div className="overview">
      <h1 className="visually-hidden">Overview</h1>
      <div className="toolbar">
        <QueryBar
          value={scope.filter}
          onChange={(filter) => set({ filter })}
          label="Filter the overview"
          placeholder="Filter: model:claude*  agent:swe-agent  meta.env:prod"
        />
        <RangePicker initial={lately} />
        <Link className="button wide-only" href={tracesHref(scope)}>
          Show traces
        </Link>
      </div>
      <div className="pane overview-pane">
        {problem || (error && !data) ? (
          <LoadError error={problem ?? error} retry={() => void refetch()} />
        ) : isEmpty ? (
          <EmptyRange scope={scope} />
        ) : (
          data && (
            <>
              {data.partial && (
                <p className="note note-strip" role="status">
                  Too many traces match to count them all: these are the newest.
                </p>
              )}
              <Kpis stats={data} before={beforeWords(scope)} />
              <Charts
                stats={data}
                tools={tools.data}
                onChoose={(since, until) => set({ since: String(since), until: String(until) })}
              />
              <div className="overview-breakdowns">
                {fields.map((field) => (
                  <Breakdown
                    key={field}
                    field={field}
                    scope={scope}
                    onChoose={(field, value) =>
                      set({ filter: toggleValue(scope.filter, field, value) })
                    }
                  />
                ))}
              </div>
            </>
          )
        )}
      </div>
    </div>
  );
}

/** "vs the 7 days before", for ranges that have a name. */
function beforeWords(scope: Scope): string {
  const name = /^(?:in the last )(.*)$/.exec(rangeWords(scope))?.[1];
  return `vs the ${name ?? "time"} before`;
}

function EmptyRange({ scope }: { scope: Scope }) {
  const set = useSetParams();
  const words = rangeWords(scope);
  return (
    <EmptyState>
      <p>
        No trace {scope.filter && "that matches "}
        {words}.
      </p>
      {!isEndless(scope) && (
        <button type="button" className="button" onClick={() => set({ since: "0", until: null })}>
          Show all time
        </button>
      )}
    </EmptyState>
  );
}

/** One agent, tool, model, workflow or provider: its figures over time, and what it works with. */
import { Link } from "wouter";
import { Breakdown } from "../charts/breakdown.tsx";
import { fieldWords, filterWord, type GroupField } from "../charts/groups.tsx";
import { CostChart, OutcomeChart, SpreadChart } from "../charts/series.tsx";
import { hrefOf } from "../pages.ts";
import { EmptyState, LoadError } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { useFigures } from "../query/figures.ts";
import { tracesHref, type Scope } from "../query/scope.ts";
import { useSetParams } from "../state/url.ts";
import type { ListedField } from "./data.ts";

const bars = 40;
const maxGroups = 500;
/** The related fields listed for each field. */
const companions: Record<ListedField, GroupField[]> = {
  agent: ["model", "tool"],
  tool: ["agent", "workflow"],
  model: ["agent", "workflow"],
  workflow: ["agent", "model", "tool"],
  provider: ["model", "agent"],
};

export function Detail({
  field,
  value,
  scope,
  onClose,
}: {
  field: ListedField;
  value: string;
  scope: Scope;
  onClose: () => void;
}) {
  const set = useSetParams();
  const own = { ...scope, filter: `${scope.filter} ${filterWord(field, value)}`.trim() };
  const { data, error, refetch } = useFigures(own, { by: field, limit: maxGroups, bars }, true);
  // A trace can contain other agents, models and so on: the charts use only the share of this one.
  const share = data?.groups?.find((each) => each.value === value);
  const stats = data && share && { ...data, ...share, groups: [share] };
  const onChoose = (since: number, until: number) =>
    set({ since: String(since), until: String(until) });
  return (
    <aside className="pane agents-detail" aria-label={`${fieldWords[field].one} ${value}`}>
      <header>
        <h2 className="truncated" title={value}>
          {value}
        </h2>
        {field === "agent" && (
          <Link
            className="button is-small"
            href={hrefOf("prompts", { at: { agent: value }, query: { project: scope.project } })}
          >
            Prompts
          </Link>
        )}
        <Link className="button is-small" href={tracesHref(own)}>
          Show traces
        </Link>
        <button
          type="button"
          className="button is-quiet is-small is-square"
          aria-label="Close the details"
          onClick={onClose}
        >
          <Icon name="close" size="s" />
        </button>
      </header>
      {error && <LoadError error={error} retry={() => void refetch()} />}
      {data && !share && <EmptyState>It does not occur in these traces.</EmptyState>}
      {data?.partial && <p className="note note-strip">Counted in the newest traces that match.</p>}
      {stats && (
        <>
          {stats.totals.costUsd !== null && <CostChart stats={stats} onChoose={onChoose} />}
          <OutcomeChart of="calls" stats={stats} onChoose={onChoose} />
          <SpreadChart
            title={field === "tool" ? "Duration of calls" : "Model call duration"}
            stats={stats}
            figures={stats}
            spread="latencyMs"
            lines={["p50", "p95"]}
            said="p95"
            onChoose={onChoose}
          />
        </>
      )}
      {companions[field].map((each) => (
        <Breakdown
          key={each}
          field={each}
          scope={own}
          isSlim
          onChoose={(field, of) =>
            set({ by: field === "agent" ? null : field, of, sort: null, filter: own.filter })
          }
        />
      ))}
    </aside>
  );
}

/**
 * The versions of an agent's system prompt: the results of their runs, and the difference between two
 * versions.
 */
import { Link, useLocation } from "wouter";
import type { PromptVersion } from "../../query/prompts.ts";
import { useProject } from "../data/queries.ts";
import { plural } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { EmptyState, LoadError } from "../parts/controls.tsx";
import {
  DiffViews,
  unitOf,
  useDiffView,
  viewShortcuts,
  type DiffView,
} from "../parts/diffviews.tsx";
import { Side, type SideName } from "../parts/side.tsx";
import { ChangeCounts, WordDiff } from "../parts/worddiff.tsx";
import { tracesHref } from "../query/scope.ts";
import { useShortcuts } from "../state/keys.ts";
import { useTitle } from "../state/title.ts";
import { useParam, useSetParams } from "../state/url.ts";
import { scopeOf, usePromptDiff, usePrompts } from "./data.ts";
import { Runs } from "./runs.tsx";
import { Versions } from "./versions.tsx";
import "./prompts.css";

const group = "Prompts";
/** Elsewhere "b" shows both sides; here it picks the right side of the diff, so that view has "s". */
const viewKeys = { words: "w", lines: "l", sides: "s" };

export function PromptsPage({ agent }: { agent: string }) {
  useTitle(`Prompts of ${agent}`);
  const [project] = useProject();
  const { data, error, refetch, isFetching } = usePrompts(agent, project);
  const versions = data?.versions ?? [];
  return (
    <div className="prompts-page">
      <header className="flex prompts-head">
        <Link className="dim" href={hrefOf("agents", { query: { project } })}>
          Agents
        </Link>
        <span className="dim">/</span>
        <Link className="truncated" href={hrefOf("agents", { query: { project, of: agent } })}>
          {agent}
        </Link>
        <span className="dim">/</span>
        <h1>Prompts</h1>
        <span className="grow" />
        {data && (
          <span
            className="label truncated"
            title="A version is a system prompt of this agent; ids, dates, paths and numbers in it are ignored"
          >
            {plural(versions.length, "version")} in {plural(data.traceCount, "run")}
            {data.withoutPromptCount > 0 &&
              `, ${plural(data.withoutPromptCount, "run")} without a system prompt`}
          </span>
        )}
        {data?.partial && (
          <button
            type="button"
            className="button is-small"
            title="Older runs have not been searched yet"
            disabled={isFetching}
            onClick={() => void refetch()}
          >
            Read on
          </button>
        )}
      </header>
      {error && <LoadError error={error} retry={() => void refetch()} />}
      {data && versions.length === 0 && (
        <EmptyState>
          {data.traceCount === 0
            ? `There are no runs of ${agent}.`
            : "No run of this agent has a system prompt."}
        </EmptyState>
      )}
      {versions.length > 0 && <Body agent={agent} project={project} versions={versions} />}
    </div>
  );
}

interface BodyProps {
  agent: string;
  project: string;
  versions: readonly PromptVersion[];
}

function Body({ agent, project, versions }: BodyProps) {
  const newest = versions[0]!;
  const [wanted] = useParam<string>("version", newest.id);
  const [from] = useParam<string>("from", (versions[1] ?? newest).id);
  const [to] = useParam<string>("to", newest.id);
  const set = useSetParams();
  const [, navigate] = useLocation();
  const selected = versions.find(({ id }) => id === wanted) ?? newest;
  const select = (id: string) => set({ version: id }, { replace: true });
  const pick = (side: SideName, id: string) =>
    set({ [side === "a" ? "from" : "to"]: id }, { replace: true });
  const step = (by: number) => {
    const next = versions[versions.indexOf(selected) + by];
    if (next) select(next.id);
  };
  const [view, setView] = useDiffView();
  useShortcuts([
    { keys: ["j", "ArrowDown"], label: "Next version", group, run: () => step(1) },
    { keys: ["k", "ArrowUp"], label: "Previous version", group, run: () => step(-1) },
    { keys: ["a"], label: "Left side of the diff", group, run: () => pick("a", selected.id) },
    { keys: ["b"], label: "Right side of the diff", group, run: () => pick("b", selected.id) },
    { keys: ["x"], label: "Swap A and B", group, run: () => set({ from: to, to: from }) },
    ...viewShortcuts(group, viewKeys, setView),
    {
      keys: ["o", "Enter"],
      label: "Open the runs in Traces",
      group,
      run: ({ target }) => {
        if (target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement)
          return false;
        navigate(tracesHref(scopeOf(agent, project, selected)));
      },
    },
    {
      keys: ["Escape"],
      label: "Back to the agent",
      group,
      run: () => navigate(hrefOf("agents", { query: { project, of: agent } })),
    },
  ]);
  return (
    <>
      <Versions
        versions={versions}
        selected={selected.id}
        sides={{ a: from, b: to }}
        onSelect={select}
        onSide={pick}
      />
      <div className="prompts-body">
        <Difference {...{ agent, project, versions, from, to }} view={view} onView={setView} />
        <Runs agent={agent} project={project} version={selected} />
      </div>
    </>
  );
}

function Difference({
  agent,
  project,
  versions,
  from,
  to,
  view,
  onView,
}: BodyProps & {
  from: string;
  to: string;
  view: DiffView;
  onView: (view: DiffView) => void;
}) {
  const { data, error, refetch } = usePromptDiff({ agent, project, from, to }, unitOf(view));
  const nameOf = (id: string) => {
    const version = versions.find((each) => each.id === id);
    return version ? `v${version.number}` : id;
  };
  return (
    <section className="prompts-diff" aria-label="What differs" tabIndex={0}>
      <header className="flex prompts-bar">
        <Side of="a" isSmall /> {nameOf(from)}
        <span className="dim">with</span>
        <Side of="b" isSmall /> {nameOf(to)}
        {data && <ChangeCounts diff={data.diff} />}
        <span className="grow" />
        <DiffViews view={view} keys={viewKeys} onView={onView} />
      </header>
      {error && <LoadError error={error} retry={() => void refetch()} />}
      {versions.length === 1 ? (
        <EmptyState>There is only one version, so there is nothing to compare.</EmptyState>
      ) : from === to ? (
        <EmptyState>A and B are the same version: pick another one.</EmptyState>
      ) : (
        data && (
          <div className="prompts-text">
            <WordDiff diff={data.diff} view={view} />
          </div>
        )
      )}
    </section>
  );
}

/** How much disk space the store uses, and what uses most of it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { AnswerOf } from "../../api.ts";
import type { IndexStatus } from "../../backend/search.ts";
import { filterWord } from "../charts/groups.tsx";
import { ask } from "../data/client.ts";
import { useStatus } from "../data/queries.ts";
import { bytes, percent, plural, textOf } from "../format.ts";
import { ImportButton } from "../import/button.tsx";
import { FigureText } from "../parts/figure.tsx";
import { traceHref, tracesHref } from "../query/scope.ts";
import { Section, SetRow } from "./section.tsx";

type StorageParts = AnswerOf<"GET /api/storage">["parts"];
type Largest = NonNullable<AnswerOf<"GET /api/storage">["largest"]>;

/** The parts of stored data. The reserve file is not included, because it holds no data. */
const parts: { part: keyof StorageParts; name: string; title: string; color: string }[] = [
  {
    part: "texts",
    name: "Texts",
    title: "Inputs, outputs, tools and attributes; each message is stored once",
    color: "var(--data-2)",
  },
  {
    part: "spans",
    name: "Spans",
    title: "All fields of spans except texts",
    color: "var(--data-3)",
  },
  {
    part: "summaries",
    name: "Summaries",
    title: "Traces, indexes and statistics",
    color: "var(--data-1)",
  },
  {
    part: "search",
    name: "Search index",
    title: "Can be rebuilt from the texts",
    color: "var(--data-4)",
  },
  {
    part: "log",
    name: "Write-ahead log",
    title: "Recent writes, merged into the other parts later",
    color: "var(--line-3)",
  },
  {
    part: "refusals",
    name: "Refused requests",
    title: "Time and reason, without content",
    color: "var(--fg-3)",
  },
  { part: "other", name: "Other", title: "Keys, projects, prices and views", color: "var(--fg-3)" },
  {
    part: "free",
    name: "Free",
    title: "Space of deleted traces: reused, and gradually returned to the file system",
    color: "var(--line-2)",
  },
];

const refetchMs = 5_000;
const maxLargest = 5;

export function Storage() {
  const { data: status } = useStatus();
  const client = useQueryClient();
  const { data: index } = useQuery({
    queryKey: ["index"],
    queryFn: ({ signal }) => ask("GET /api/search/index", {}, signal),
    refetchInterval: refetchMs,
  });
  const { data: storage } = useQuery({
    queryKey: ["storage"],
    queryFn: ({ signal }) => ask("GET /api/storage", {}, signal),
    refetchInterval: refetchMs,
  });
  if (!status) return null;
  const sizes = storage?.parts;
  // Shown as one part until the store has been measured, and if SQLite cannot measure parts.
  const isWhole = sizes?.texts == null;
  const shown = parts
    .map((each) => ({ ...each, size: sizes?.[each.part] ?? 0 }))
    .map((each) =>
      isWhole && each.part === "texts"
        ? { ...each, name: "Traces", title: "", size: status.storeBytes }
        : each,
    )
    .filter(({ size }) => size > 0);
  const total = shown.reduce((sum, { size }) => sum + size, 0);
  return (
    <Section
      id="storage"
      title="Storage"
      about={`On this machine: ${plural(status.spanCount, "span")} in ${plural(status.traceCount, "trace")}.`}
    >
      <div className="settings-storage">
        <span className="settings-storage-total">
          <FigureText figure={bytes(total)} />
        </span>
        {status.freeBytes !== null && (
          <span className="dim settings-storage-room">
            {textOf(bytes(status.freeBytes))} free on the disk
          </span>
        )}
        <div className="stats-split" aria-hidden="true">
          {shown.map(({ part, size, color }) => (
            <i key={part} style={{ width: `${(size / total) * 100}%`, background: color }} />
          ))}
        </div>
        <div className="settings-storage-legend">
          {shown.map(({ part, name, title, size, color }) => (
            <span key={part} title={title}>
              <i className="stats-swatch" style={{ background: color }} />
              {name} <span className="dim">{textOf(bytes(size))}</span>
            </span>
          ))}
          {storage && storage.parts.ballast > 0 && (
            <span title="A reserve file, deleted when the disk is full so that reading and deleting still work">
              beside it: Ballast <span className="dim">{textOf(bytes(storage.parts.ballast))}</span>
            </span>
          )}
          {storage?.measuredAt === null && <span className="dim">Measuring the store…</span>}
        </div>
      </div>
      {storage?.largest && <WhatIsLargest of={storage.largest} />}
      <SetRow name="Directory">
        <span className="mono">{status.dataDir}</span>
      </SetRow>
      <SetRow name="Kept">Everything until you delete it: nothing is removed automatically.</SetRow>
      <SetRow name="Import" end={<ImportButton />}>
        A file of JSON Lines, as <code>tealight export</code> writes it: dropped on any page, or
        chosen here.
      </SetRow>
      <SetRow
        name="Search index"
        end={
          <button
            type="button"
            className="button"
            onClick={() =>
              void ask("POST /api/search/rebuild", {}).then(() =>
                client.invalidateQueries({ queryKey: ["index"] }),
              )
            }
          >
            Rebuild
          </button>
        }
      >
        {index && indexWords(index)}
      </SetRow>
    </Section>
  );
}

/** The largest projects, agents and traces, with links. */
function WhatIsLargest({ of: { projects, agents, traces } }: { of: Largest }) {
  const everywhere = { filter: "", since: "", until: "", project: "" };
  return (
    <>
      {projects.length > 1 && (
        <SetRow name="By project">
          <Sizes
            of={projects.slice(0, maxLargest).map(({ project, ...rest }) => ({
              ...{ key: project, name: project, href: tracesHref({ ...everywhere, project }) },
              ...{ title: titleOf(rest), bytes: rest.bytes },
            }))}
          />
        </SetRow>
      )}
      {agents.length > 0 && (
        <SetRow name="By agent">
          <Sizes
            of={agents.slice(0, maxLargest).map(({ agent, ...rest }) => ({
              ...{ key: agent, name: agent, title: titleOf(rest), bytes: rest.bytes },
              href: tracesHref({ ...everywhere, filter: filterWord("agent", agent) }),
            }))}
          />
        </SetRow>
      )}
      {traces.length > 0 && (
        <SetRow name="Largest traces">
          <Sizes
            of={traces.slice(0, maxLargest).map(({ key, traceId, name, spanCount, bytes }) => ({
              ...{ key: String(key), name: name ?? traceId, href: traceHref(key, everywhere) },
              ...{ title: `${traceId}, ${plural(spanCount, "span")}`, bytes },
            }))}
          />
        </SetRow>
      )}
    </>
  );
}

function titleOf({ traceCount, spanCount }: { traceCount: number; spanCount: number }): string {
  return `${plural(spanCount, "span")} in ${plural(traceCount, "trace")}`;
}

interface Sized {
  key: string;
  name: string;
  href: string;
  title: string;
  bytes: number;
}

function Sizes({ of }: { of: Sized[] }): ReactNode {
  return (
    <span className="settings-sizes">
      {of.map(({ key, name, href, title, bytes: size }) => (
        <Link key={key} className="settings-size" href={href} title={`${name}: ${title}`}>
          <span className="truncated">{name}</span>
          <span className="dim number">≈ {textOf(bytes(size))}</span>
        </Link>
      ))}
    </span>
  );
}

function indexWords({ state, progress, pendingTraces }: IndexStatus): string {
  if (state === "unavailable")
    return "This SQLite has no full-text index: searches scan all traces.";
  if (pendingTraces === 0) return "All traces are indexed.";
  return `${textOf(percent(progress))} of traces are indexed; ${plural(pendingTraces, "trace is", "traces are")} scanned until then.`;
}

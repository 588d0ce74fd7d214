/** The options of the palette in order: commands, then search results. */
import type { ReactNode } from "react";
import type { Completion } from "../../backend/completion.ts";
import type { Hit } from "../../backend/search.ts";
import type { Summary } from "../../backend/views.ts";
import { exactTime, plural, time } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { KindMark, StatusMark, displayStatusOf } from "../parts/status-mark.tsx";
import { traceHref } from "../query/scope.ts";
import { keyText } from "../state/keys.ts";
import { Marked } from "../traces/hits.tsx";
import type { Command } from "./commands.ts";
import type { PaletteResults } from "./palette-search.ts";

export interface Option extends Pick<Command, "to" | "done"> {
  /** Unique, and stable while the option is listed. */
  key: string;
  group: string;
  content: ReactNode;
}

export function optionsOf(
  commands: Command[],
  { exact, traces, sessions, hits }: PaletteResults,
  text: string,
  project: string,
): Option[] {
  const byId = "By id";
  return [
    ...commands.map(commandOption),
    ...exact.traces.map((trace) => traceOption(byId, trace, project)),
    ...exact.sessions.map((session) => sessionOption(byId, session, project)),
    ...exact.spans.map((hit, i) => hitOption(byId, hit, i, project)),
    ...traces.map((trace) => traceOption(text === "" ? "Latest traces" : "Traces", trace, project)),
    ...sessions.map((session) => sessionOption("Sessions", session, project)),
    ...hits.map((hit, i) => hitOption("Messages", hit, i, project, text)),
  ];
}

function commandOption({ name, keyName, ...command }: Command): Option {
  return {
    ...command,
    key: name,
    content: (
      <>
        <span className="truncated">{name}</span>
        {keyName && <kbd className="keycap shell-option-end">{keyText(keyName)}</kbd>}
      </>
    ),
  };
}

function traceOption(group: string, trace: Summary, project: string): Option {
  const { key, traceId, name, startTime } = trace;
  return {
    key: `trace ${key}`,
    group,
    content: (
      <>
        <StatusMark displayStatus={displayStatusOf(trace)} errorCount={trace.errorCount} />
        <span className="truncated">{name ?? traceId}</span>
        {name && <span className="truncated dim mono">{traceId}</span>}
        <span className="dim shell-option-end" title={exactTime(startTime)}>
          {time(startTime, Date.now())}
        </span>
      </>
    ),
    to: traceHref(key, { project }),
  };
}

function sessionOption(
  group: string,
  { text, count }: Completion["items"][number],
  project: string,
): Option {
  return {
    key: `session ${text}`,
    group,
    content: (
      <>
        <span className="truncated">{text}</span>
        <span className="dim shell-option-end">
          session{count !== null && ` · ${plural(count, "trace")}`}
        </span>
      </>
    ),
    to: hrefOf("session", { at: { session: text }, query: { project } }),
  };
}

function hitOption(group: string, hit: Hit, i: number, project: string, find = ""): Option {
  const { traceKey, traceId, traceName, spanKey, spanName, spanType } = hit;
  return {
    key: `${group} ${i} ${spanKey}`,
    group,
    content: (
      <>
        <KindMark kind={spanType} />
        <span className="truncated">
          <Marked hit={fromMatch(hit)} />
        </span>
        <span className="truncated dim shell-option-end">
          {spanName} · {traceName ?? traceId}
        </span>
      </>
    ),
    to: traceHref(traceKey, { project }, spanKey, find),
  };
}

/** How many characters before the first match are shown in a clipped line. */
const leadLength = 24;

function fromMatch(hit: Hit): Hit {
  const { snippet, highlights } = hit;
  const match = highlights[0]?.[0] ?? 0;
  const start = snippet.lastIndexOf(" ", match - leadLength) + 1;
  if (match <= leadLength || start === 0) return hit;
  return {
    ...hit,
    snippet: `…${snippet.slice(start)}`,
    highlights: highlights.map(([at, length]) => [at - start + 1, length]),
  };
}

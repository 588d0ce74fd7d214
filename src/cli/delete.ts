/** `tealight delete`: traces by name, or all that a filter, a session, a project or a time describes. */
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { quote } from "../filter/caret.ts";
import type { Deleted, WouldDelete } from "../http/remove.ts";
import type { TraceView } from "../query/views.ts";
import { connect, type Client } from "./client.ts";
import { segmentOf } from "./export.ts";
import { count, out, showProgress } from "./output.ts";

/** What every command that deletes many takes. */
export interface DeleteHow {
  dryRun: boolean;
  yes: boolean;
  pinned: boolean;
  json: boolean;
}

export interface DeleteOptions extends DeleteHow {
  session?: string;
  project?: string;
  filter?: string;
  since?: string;
  until?: string;
}

/** @param traces ids, or `~key`; empty where the options say which. */
export async function deleteTraces(
  config: Config,
  traces: string[],
  options: DeleteOptions,
): Promise<void> {
  const { session, project, filter, since, until } = options;
  const isDescribed = [session, filter, since, until].some((option) => option !== undefined);
  if (traces.length > 0 && isDescribed) {
    throw new AppError("usage", "traces are either named or described", {
      hint: "with names there is only --project",
    });
  }
  if (traces.some((trace) => trace === "")) {
    throw new AppError("usage", "a trace id is not empty");
  }
  if (traces.length === 0 && !isDescribed && project === undefined) {
    throw new AppError("usage", "nothing says which traces", {
      hint: "name them, or use --session, --project, --filter, --since, --until",
    });
  }
  const client = await connect(config);
  try {
    if (traces.length > 0) return await deleteNamed(client, traces, options);
    const words = [session !== undefined && `session:${quote(session)}`, filter];
    const filters = words.filter((word) => word !== undefined && word !== false);
    const query = new URLSearchParams({
      ...(filters.length > 0 && { filter: filters.join(" ") }),
      ...(project !== undefined && { project }),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
    });
    await confirmDeletion(client, "/api/traces", query, options, "delete");
    if (options.dryRun) return;
    const outcome = await deleteAll<Deleted>(client, "/api/traces", query, options);
    if (outcome.deleted === 0) throw nothingFound(outcome.pinnedKept);
    const { deleted, pinnedKept } = outcome;
    out.write(
      options.json
        ? JSON.stringify({ deleted, pinnedKept })
        : `deleted ${count(deleted, "trace")}${keptText("kept", pinnedKept)}`,
    );
  } finally {
    await client.close();
  }
}

async function deleteNamed(
  client: Client,
  traces: string[],
  { project, dryRun, json }: DeleteOptions,
): Promise<void> {
  const query = project === undefined ? "" : `?${new URLSearchParams({ project })}`;
  let spans = 0;
  for (const trace of traces) {
    const path = `/api/traces/${segmentOf(trace)}${query}`;
    if (!dryRun) {
      await client.request("DELETE", path);
      continue;
    }
    // Its spans are not needed.
    const one = `${path}${query === "" ? "?" : "&"}limit=1`;
    const view = (await (await client.request("GET", one)).json()) as TraceView;
    spans += view.trace.spanCount;
  }
  const number = traces.length;
  if (dryRun) return writeCounts({ traces: number, spans, pinnedKept: 0 }, json, "delete");
  out.write(
    json ? JSON.stringify({ deleted: number, pinnedKept: 0 }) : `deleted ${count(number, "trace")}`,
  );
}

/**
 * Counts what would go, and shows that on a dry run; else asks, where someone is there to answer.
 *
 * @throws AppError `not_found` where nothing would go; `usage` where nobody has agreed.
 */
export async function confirmDeletion(
  client: Client,
  path: string,
  query: URLSearchParams,
  { dryRun, yes, pinned, json }: DeleteHow,
  what: string,
): Promise<void> {
  if (yes && !dryRun) return;
  const dry = new URLSearchParams([...query, ["dryRun", "1"]]);
  const counts = await deleteAll<WouldDelete>(client, path, dry, { pinned });
  if (path === "/api/traces" && counts.traces === 0) throw nothingFound(counts.pinnedKept);
  if (dryRun) return writeCounts(counts, json, what);
  const { traces, spans, pinnedKept } = counts;
  const question = `${what} ${count(traces, "trace")} with ${count(spans, "span")}${keptText("keep", pinnedKept)}`;
  if (json || !out.isTerminal || !process.stdin.isTTY) {
    throw new AppError("usage", `this would ${question}`, { hint: "say --yes, or --dry-run" });
  }
  if (!confirm(`${question[0]!.toUpperCase()}${question.slice(1)}?`)) {
    throw new AppError("usage", "nothing was deleted");
  }
}

/** Asks until all of it is done. @returns the last answer, whose counts are of all of them. */
export async function deleteAll<T extends WouldDelete | Deleted>(
  client: Client,
  path: string,
  query: URLSearchParams,
  { pinned }: Pick<DeleteHow, "pinned">,
): Promise<T> {
  const all = new URLSearchParams([...query, ["pinned", pinned ? "1" : "0"]]);
  try {
    for (;;) {
      const outcome = (await (await client.request("DELETE", `${path}?${all}`)).json()) as T;
      if (outcome.nextCursor === null) return outcome;
      showProgress(count("deleted" in outcome ? outcome.deleted : outcome.traces, "trace"));
      all.set("cursor", outcome.nextCursor);
    }
  } finally {
    showProgress("");
  }
}

function writeCounts(
  { traces, spans, pinnedKept }: Omit<WouldDelete, "nextCursor">,
  json: boolean,
  what: string,
): void {
  out.write(
    json
      ? JSON.stringify({ traces, spans, pinnedKept })
      : `would ${what} ${count(traces, "trace")} with ${count(spans, "span")}${keptText("keep", pinnedKept)}`,
  );
}

function nothingFound(pinnedKept: number): AppError {
  return pinnedKept === 0
    ? new AppError("not_found", "no trace matches")
    : new AppError("not_found", "only pinned traces match", { hint: "--pinned deletes them" });
}

function keptText(verb: "keep" | "kept", pinnedKept: number): string {
  return pinnedKept === 0 ? "" : `, and ${verb} ${count(pinnedKept, "pinned trace")}`;
}

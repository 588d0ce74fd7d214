/** Which projects, agents and traces take most of the store: about, from what their texts take. */
import type { Database } from "bun:sqlite";
import type { Shares } from "../../backend/store.ts";
import { traceKeyOf } from "../../tally/numbers.ts";
import { fromCell, type Cell } from "./cells.ts";

/** So many agents and traces are named. */
const named = 8;
/** More agents than that are not told apart. */
const mostAgents = 10_000;

interface Sum {
  bytes: number;
  spanCount: number;
  traceCount: number;
}

interface TraceRow {
  key: number;
  projectId: number;
  traceId: Cell;
  traceName: Cell | null;
  agentName: Cell | null;
  spanCount: number;
}

/** @param spanBytes what the rows of all spans take. */
export function readShares(sqlite: Database, spanBytes: number): Shares {
  const { spans } = sqlite
    .query<{ spans: number }, []>("SELECT coalesce(sum(spanCount), 0) AS spans FROM traces")
    .get()!;
  const bytesPerSpan = spanBytes / Math.max(1, spans);
  const projectNames = new Map(
    sqlite
      .query<{ id: number; name: string }, []>("SELECT id, name FROM projects")
      .all()
      .map(({ id, name }) => [id, name]),
  );
  const texts = textBytes(sqlite);
  const projects = new Map<number, Sum>();
  const agents = new Map<string, Sum>();
  let largest: (TraceRow & { bytes: number })[] = [];
  const rows = sqlite.query<TraceRow, []>(
    "SELECT key, projectId, traceId, traceName, agentName, spanCount FROM traces ORDER BY key",
  );
  for (const row of rows.iterate()) {
    const bytes = texts(row.key) + row.spanCount * bytesPerSpan;
    add(projects, row.projectId, row, bytes);
    const agent = row.agentName === null ? null : fromCell(row.agentName);
    if (agent && (agents.size < mostAgents || agents.has(agent))) add(agents, agent, row, bytes);
    if (largest.length < named || bytes > largest.at(-1)!.bytes) {
      largest = [...largest, { ...row, bytes }].sort(byBytes).slice(0, named);
    }
  }
  const shown = ({ bytes, ...rest }: Sum) => ({ ...rest, bytes: Math.round(bytes) });
  return {
    projects: [...projects]
      .sort(([, a], [, b]) => byBytes(a, b))
      .map(([id, sum]) => ({ project: projectNames.get(id) ?? "", ...shown(sum) })),
    agents: [...agents]
      .sort(([, a], [, b]) => byBytes(a, b))
      .slice(0, named)
      .map(([agent, sum]) => ({ agent, ...shown(sum) })),
    traces: largest.map(({ key, projectId, traceId, traceName, agentName, spanCount, bytes }) => ({
      key,
      traceId: fromCell(traceId),
      project: projectNames.get(projectId) ?? "",
      name: traceName === null && agentName === null ? null : fromCell((traceName ?? agentName)!),
      spanCount,
      bytes: Math.round(bytes),
    })),
  };
}

function byBytes(a: { bytes: number }, b: { bytes: number }): number {
  return b.bytes - a.bytes;
}

function add<K>(sums: Map<K, Sum>, key: K, { spanCount }: TraceRow, bytes: number): void {
  const sum = sums.get(key) ?? { bytes: 0, spanCount: 0, traceCount: 0 };
  sums.set(key, sum);
  sum.bytes += bytes;
  sum.spanCount += spanCount;
  sum.traceCount++;
}

/**
 * @returns what the texts of a trace take, for traces in the order of their keys. A block of texts of
 *   several traces counts for each by how many runs of its own are in it.
 */
function textBytes(sqlite: Database): (traceKey: number) => number {
  const blocks = new Map<number, { bytes: number; runs: number }>();
  // The length of a blob stands in its row: the blob itself is not read.
  const sizes = sqlite.query<{ id: number; bytes: number }, []>(
    "SELECT id, length(data) + length(pieces) AS bytes FROM blocks",
  );
  for (const { id, bytes } of sizes.iterate()) blocks.set(id, { bytes, runs: 0 });
  const select = sqlite.query<{ key: number; blockId: number }, []>(
    "SELECT key, blockId FROM runs ORDER BY key",
  );
  for (const { blockId } of select.iterate()) {
    const block = blocks.get(blockId);
    if (block) block.runs++;
  }
  const runs = select.iterate();
  let run = runs.next();
  return (traceKey) => {
    let bytes = 0;
    for (; !run.done && traceKeyOf(run.value.key) <= traceKey; run = runs.next()) {
      const block = blocks.get(run.value.blockId);
      if (block && traceKeyOf(run.value.key) === traceKey) bytes += block.bytes / block.runs;
    }
    return bytes;
  };
}

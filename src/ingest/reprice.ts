/**
 * Reckons the costs of what is stored anew, after a change of prices. It goes through the traces in
 * the background, a few milliseconds at a time; between two steps the writer serves what came in.
 */
import { Type, type Static } from "@sinclair/typebox";
import type { Database } from "bun:sqlite";
import type { ImportedSpan } from "../contract/v1.ts";
import { AppError } from "../errors.ts";
import { upkeep as pauses } from "../limits.ts";
import { toUsd } from "../pricing/money.ts";
import { matcherOf } from "../pricing/rules.ts";
import type { Repricing } from "../store/repricing.ts";
import type { SpanWriter } from "../store/spans.ts";
import { toUnavailable, type Writer } from "./writer.ts";

export interface RepriceFilter {
  projectId?: number | undefined;
  /** Epoch ms; a trace belongs to the window in which it started. */
  since?: number | undefined;
  until?: number | undefined;
  /** Patterns as those of a rule. */
  provider?: string | undefined;
  model?: string | undefined;
}

export const RepriceStatus = Type.Object({
  isDryRun: Type.Boolean(),
  startedAt: Type.Integer({ description: "Epoch ms" }),
  finishedAt: Type.Union([Type.Integer(), Type.Null()]),
  traceCount: Type.Integer(),
  doneTraceCount: Type.Integer(),
  spanCount: Type.Integer({
    description: "Calls, and usage that no call below reports, that were looked at",
  }),
  changedSpanCount: Type.Integer(),
  changedTraceCount: Type.Integer(),
  beforeUsd: Type.String(),
  afterUsd: Type.String(),
});
export type RepriceStatus = Static<typeof RepriceStatus>;

export interface Repricer {
  /** Begins; what comes in from now on has the new prices. @throws AppError `conflict` */
  start(filter: RepriceFilter, isDryRun: boolean): RepriceStatus;
  /** Of the last run; null where there was none since the start. */
  status(): RepriceStatus | null;
  stop(): void;
}

/** How long one step may hold the writer up. */
const stepMs = 2;

export function createRepricer(db: Database, writer: Writer, spans: SpanWriter): Repricer {
  const conditions = `(?1 IS NULL OR projectId = ?1) AND (?2 IS NULL OR startTime >= ?2)
    AND (?3 IS NULL OR startTime < ?3)`;
  type Window = [project: number | null, since: number | null, until: number | null];
  const countTraces = db.query<{ traces: number; last: number | null }, Window>(
    `SELECT count(*) AS traces, max(key) AS last FROM traces WHERE ${conditions}`,
  );
  const nextTraces = db.query<{ key: number }, [...Window, after: number, last: number]>(
    `SELECT key FROM traces WHERE ${conditions} AND key > ?4 AND key <= ?5 ORDER BY key LIMIT 100`,
  );
  let timer: ReturnType<typeof setTimeout> | null = null;
  let current: RepriceStatus | null = null;

  return {
    status: () => current,
    stop() {
      if (timer) clearTimeout(timer);
    },
    start(filter, isDryRun) {
      if (current && current.finishedAt === null) {
        throw new AppError("conflict", "prices are being applied already", {
          hint: "wait for it to end; GET /api/reprice shows how far it is",
        });
      }
      const window: Window = [filter.projectId ?? null, filter.since ?? null, filter.until ?? null];
      const { traces, last } = countTraces.get(...window)!;
      const isMeant = isMeantBy(filter);
      const totals = { before: 0n, after: 0n };
      const status: RepriceStatus = {
        isDryRun,
        startedAt: Date.now(),
        finishedAt: null,
        traceCount: traces,
        doneTraceCount: 0,
        spanCount: 0,
        changedSpanCount: 0,
        changedTraceCount: 0,
        beforeUsd: "0",
        afterUsd: "0",
      };
      let after = 0;

      /** @returns what to take over once it is committed. */
      function step(): () => void {
        const endsAt = performance.now() + stepMs;
        const keys = nextTraces.all(...window, after, last ?? 0);
        const results: [key: number, Repricing | null][] = [];
        for (const { key } of keys) {
          results.push([key, spans.reprice(key, isMeant, isDryRun)]);
          if (performance.now() > endsAt) break;
        }
        return () => {
          for (const [key, result] of results) {
            after = key;
            status.doneTraceCount++;
            if (!result) continue;
            status.spanCount += result.spans;
            status.changedSpanCount += result.changedSpans;
            if (result.changedSpans > 0) status.changedTraceCount++;
            totals.before += result.before;
            totals.after += result.after;
          }
          status.beforeUsd = toUsd(totals.before);
          status.afterUsd = toUsd(totals.after);
          if (keys.length === 0) status.finishedAt = Date.now();
        };
      }

      function run(): void {
        let pauseMs: number = pauses.busyMs;
        try {
          writer.change(step)();
        } catch (cause) {
          // The disk has no room, or another program holds the file: later.
          if (!(toUnavailable(cause) instanceof AppError)) throw cause;
          pauseMs = pauses.idleMs;
        }
        if (status.finishedAt === null) timer = setTimeout(run, pauseMs);
      }
      current = status;
      timer = setTimeout(run, 0);
      return status;
    },
  };
}

function isMeantBy({
  provider = "*",
  model = "*",
}: RepriceFilter): (span: ImportedSpan) => boolean {
  const matches = matcherOf(provider, model);
  return ({ provider, modelId = "", x }) =>
    matches(provider, modelId) ||
    (x?.requestModelId !== undefined && matches(provider, x.requestModelId));
}

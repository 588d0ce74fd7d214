/** Reckons the costs of what is stored anew, after a change of prices, in the background. */
import { Type, type Static } from "@sinclair/typebox";
import type { ImportedSpan } from "../contract/v1.ts";
import { AppError } from "../errors.ts";
import { toUsd } from "../pricing/money.ts";
import { matcherOf } from "../pricing/rules.ts";
import type { SpanWriter } from "../sqlite/spans/spans.ts";
import type { Sweep, Window } from "./sweep.ts";

export interface RepriceFilter extends Window {
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
}

export function createRepricer(sweep: Sweep, spans: SpanWriter): Repricer {
  let current: RepriceStatus | null = null;

  return {
    status: () => current,
    start(filter, isDryRun) {
      if (current && current.finishedAt === null) {
        throw new AppError("conflict", "prices are being applied already", {
          hint: "wait for it to end; GET /api/reprice shows how far it is",
        });
      }
      const isMeant = isMeantBy(filter);
      const totals = { before: 0n, after: 0n };
      const status: RepriceStatus = {
        isDryRun,
        ...sweep.begin(filter),
        spanCount: 0,
        changedSpanCount: 0,
        changedTraceCount: 0,
        beforeUsd: "0",
        afterUsd: "0",
      };
      current = status;
      /** The last trace in which something changed. */
      let changed: number | null = null;
      sweep.run(filter, status, (traceKey, from) => {
        const result = spans.reprice(traceKey, isMeant, isDryRun, from);
        return {
          next: result?.next ?? null,
          committed() {
            if (!result) return;
            status.spanCount += result.spans;
            status.changedSpanCount += result.changedSpans;
            if (result.changedSpans > 0 && changed !== traceKey) {
              status.changedTraceCount++;
              changed = traceKey;
            }
            totals.before += result.before;
            totals.after += result.after;
            status.beforeUsd = toUsd(totals.before);
            status.afterUsd = toUsd(totals.after);
          },
        };
      });
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

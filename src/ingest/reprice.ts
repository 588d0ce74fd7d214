/** Reckons the costs of what is stored anew, after a change of prices, in the background. */
import { Type, type Static } from "@sinclair/typebox";
import type { Progress, Window, Writer } from "../backend/writer.ts";
import type { ImportedSpan } from "../contract/v1.ts";
import { AppError } from "../errors.ts";
import { toUsd } from "../pricing/money.ts";
import { matcherOf } from "../pricing/rules.ts";

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

export function createRepricer(writer: Pick<Writer, "reprice">): Repricer {
  /** The last run: what is counted here, and how far it is. */
  let counted: Omit<RepriceStatus, keyof Progress> | null = null;
  let progress: Progress | null = null;

  const status = () => counted && progress && { ...counted, ...progress };

  return {
    status,
    start(filter, isDryRun) {
      if (progress?.finishedAt === null) {
        throw new AppError("conflict", "prices are being applied already", {
          hint: "wait for it to end; GET /api/reprice shows how far it is",
        });
      }
      const totals = { before: 0n, after: 0n };
      const sums = {
        isDryRun,
        spanCount: 0,
        changedSpanCount: 0,
        changedTraceCount: 0,
        beforeUsd: "0",
        afterUsd: "0",
      };
      /** The last trace in which something changed. */
      let changed: number | null = null;
      progress = writer.reprice(filter, {
        isMeant: isMeantBy(filter),
        isDry: isDryRun,
        onStep(traceKey, did) {
          sums.spanCount += did.spans;
          sums.changedSpanCount += did.changedSpans;
          if (did.changedSpans > 0 && changed !== traceKey) {
            sums.changedTraceCount++;
            changed = traceKey;
          }
          totals.before += did.before;
          totals.after += did.after;
          sums.beforeUsd = toUsd(totals.before);
          sums.afterUsd = toUsd(totals.after);
        },
      });
      counted = sums;
      return status()!;
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

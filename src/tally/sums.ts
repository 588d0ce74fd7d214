/** What a tally adds up over the spans of a trace. */
import type { TraceHeader, Usage } from "../contract/v1.ts";
import { summedCounts, type SpanFacts, type SummedCount } from "./spanfacts.ts";

/** The trace-level fields that a row shows, each from the span that ended last and has it. */
export const headerFields = [
  "traceName",
  "agentName",
  "workflowName",
  "workflowRunId",
  "sessionId",
  "customer",
  "metadata",
] as const satisfies (keyof TraceHeader)[];

export type Sums = ReturnType<typeof startSums>;

export function startSums() {
  return {
    startTime: Infinity,
    endTime: 0,
    /** Of the first root. */
    rootStart: Infinity,
    roots: 0,
    rootErrors: 0,
    rootAborts: 0,
    modelCalls: 0,
    tools: 0,
    errors: 0,
    /** By name, the calls that count. */
    models: new Map<string, number>(),
    /** By key, calls that count and say nothing of what they used, but for those that failed. */
    silent: new Map<number, SpanFacts>(),
    lastModelCall: undefined as SpanFacts | undefined,
    /** The model call that started first among those with a time to first token. */
    firstTimed: undefined as SpanFacts | undefined,
    /** The span whose header's value is shown, by field. */
    shown: new Map<(typeof headerFields)[number], SpanFacts>(),
    usage: new Map<SummedCount, { total: bigint; reporters: number }>(),
    lastOfService: undefined as SpanFacts | undefined,
    firstInput: undefined as SpanFacts | undefined,
    lastOutput: undefined as SpanFacts | undefined,
    /** Whether any span has usage below it. */
    isCovering: false,
    cost: 0n,
    priced: 0,
    priceable: 0,
    estimated: 0,
    reportedCost: 0n,
    reporters: 0,
  };
}

export function sum(sums: Sums["usage"], usage: Usage, sign: 1 | -1): void {
  for (const field of summedCounts) {
    const value = usage[field];
    if (value === undefined) continue;
    let sum = sums.get(field);
    if (!sum) sums.set(field, (sum = { total: 0n, reporters: 0 }));
    sum.total += BigInt(sign * value);
    sum.reporters += sign;
  }
}

export function bump(counts: Map<string, number>, name: string, by: number): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}

/** `""` and `{}` say no more than an absent field. */
export function isEmpty(value: TraceHeader[(typeof headerFields)[number]]): boolean {
  return typeof value === "object" ? Object.keys(value).length === 0 : !value;
}

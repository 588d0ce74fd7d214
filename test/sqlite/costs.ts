/**
 * Holds the costs of traces against a naive model: random spans, sent again, in new versions, deleted,
 * repriced; in the end every trace's total is the sum of its spans' receipts, to the pico-dollar.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ImportedSpan, Usage, UsageDetails } from "../../src/contract/v1.ts";
import { compareVersions } from "../../src/contract/version.ts";
import { openPricer, type Pricer } from "../../src/ingest/pricer.ts";
import { listRules, putRule } from "../../src/sqlite/accounts/prices.ts";
import { openWriter } from "../../src/sqlite/db/open.ts";
import { createPayloadWriter } from "../../src/sqlite/payload/payloads.ts";
import { createSpanWriter, noLogReaders } from "../../src/sqlite/spans/spans.ts";
import { makeTempDir } from "../helpers.ts";
import { countCalls } from "../tally/calls.model.ts";

const spansPerTrace = 12;
const header = { traceName: "n" };
/** What is known and what is not, cheap and dear, with tiers and with cache prices. */
const models: [provider: string | undefined, modelId: string][] = [
  ["openai", "gpt-4o"],
  ["openai.responses", "o4-mini"],
  ["anthropic.messages", "claude-opus-4-7"],
  ["google.generative-ai", "gemini-2.5-pro"],
  ["openai", "text-embedding-3-small"],
  ["openai", "gpt-audio-mini"],
  ["openai", "gpt-realtime"],
  ["google.generative-ai", "gemini-2.5-flash-image"],
  ["ollama", "llama3.3"],
  [undefined, "nobody-knows"],
];

export interface CostReport {
  spans: number;
  resent: number;
  newVersions: number;
  deletedTraces: number;
  repricedSpans: number;
  /** Traces whose total is not the sum of their receipts. */
  wrong: string[];
  totalPico: bigint;
}

export async function checkCosts(spanCount: number, seed: number): Promise<CostReport> {
  const dir = makeTempDir();
  const db = openWriter(join(dir, "costs.db"), "process");
  db.run("INSERT INTO projects (id, name, createdAt) VALUES (1, 'default', 0)");
  const pricer = await openPricer({ priceRules: () => listRules(db), priceBook: () => null }, []);
  const writer = createSpanWriter(db, createPayloadWriter(db), noLogReaders, pricer.costOf);
  const random = randomNumbers(seed);
  /** What the store should hold, by trace and span. */
  const model = new Map<string, Map<string, ImportedSpan>>();
  const report: CostReport = {
    spans: 0,
    resent: 0,
    newVersions: 0,
    deletedTraces: 0,
    repricedSpans: 0,
    wrong: [],
    totalPico: 0n,
  };

  const transact = (work: () => void) => {
    db.run("BEGIN IMMEDIATE");
    work();
    writer.flush();
    db.run("COMMIT");
    writer.committed();
  };
  const send = (traceId: string, spans: ImportedSpan[]) => {
    const sent = spans.map((span) => ({ span, header }));
    transact(() =>
      writer.apply({
        projectId: 1,
        receivedAt: 1,
        source: "test",
        traces: [{ traceId, spans: sent }],
      }),
    );
  };
  const keyOf = (traceId: string) =>
    db.query<{ key: number }, [string]>("SELECT key FROM traces WHERE traceId = ?").get(traceId)!
      .key;
  const someTrace = () => [...model.keys()].at(-1 - random(Math.min(50, model.size)))!;

  while (report.spans < spanCount) {
    const traceId = `trace-${model.size}-${report.deletedTraces}`;
    const spans: ImportedSpan[] = [];
    for (let n = 0; n < spansPerTrace; n++) spans.push(randomSpan(random, n, spans));
    model.set(traceId, new Map(spans.map((span) => [span.spanId, span])));
    report.spans += spans.length;
    send(traceId, shuffled(spans, random));
    if (random(5) === 0) {
      const again = someTrace();
      send(again, shuffled([...model.get(again)!.values()], random));
      report.resent++;
    }
    if (random(5) === 0) {
      const changed = someTrace();
      const n = random(spansPerTrace);
      const before = model.get(changed)!.get(`span-${n}`)!;
      const after = { ...randomSpan(random, n), endTime: before.endTime + random(3) - 1 };
      // The later end wins, on a tie the greater content.
      const [was, is] = [before, after].map((span) => ({ span, header, source: "test" }));
      const order = after.endTime - before.endTime || compareVersions(is!, was!);
      if (order > 0) model.get(changed)!.set(after.spanId, after);
      send(changed, [after]);
      report.newVersions++;
    }
    if (random(20) === 0) {
      const gone = someTrace();
      transact(() => void writer.deleteTrace(keyOf(gone)));
      model.delete(gone);
      report.deletedTraces++;
    }
  }
  compare();
  const prices = '{"input":"0.123456789","output":"7.5","cacheRead":"0.01"}';
  transact(() => void putRule(db, { provider: "*", model: "*o*", prices, createdAt: 1 }));
  pricer.readRules();
  for (const traceId of model.keys()) {
    transact(() => {
      report.repricedSpans += writer.reprice(keyOf(traceId), () => true, false)!.changedSpans;
    });
  }
  compare();
  db.close();
  rmSync(dir, { recursive: true, force: true });
  return report;

  function compare(): void {
    report.totalPico = 0n;
    const select = db.query<Record<string, number | string | null>, [string]>(
      `SELECT cost, pricedSpanCount, priceableSpanCount, estimatedSpanCount, reportedCost
       FROM traces WHERE traceId = ?`,
    );
    for (const [traceId, spans] of model) {
      const expected = expectedOf([...spans.values()], pricer);
      const row = select.get(traceId)!;
      const cost = row.cost === null ? null : BigInt(row.cost!);
      report.totalPico += cost ?? 0n;
      const isRight =
        cost === expected.cost &&
        (row.reportedCost === null ? null : BigInt(row.reportedCost!)) === expected.reported &&
        row.estimatedSpanCount === expected.estimated &&
        row.pricedSpanCount === expected.priced &&
        row.priceableSpanCount === expected.priceable;
      if (!isRight) report.wrong.push(`${traceId}: ${cost}, not ${expected.cost}`);
    }
  }
}

/** The sum of the receipts of what is used that no other span says again. */
function expectedOf(spans: ImportedSpan[], { costOf }: Pricer) {
  const { countsWhole } = countCalls(spans);
  const counted = spans.filter(countsWhole);
  const costs = counted.map(costOf);
  const priced = costs.filter((cost) => cost !== null);
  const reported = counted.filter(
    ({ x }, i) => costs[i] === null && x?.reportedCostUsd !== undefined,
  );
  return {
    cost: priced.length > 0 ? priced.reduce((sum, { amount }) => sum + amount, 0n) : null,
    priced: priced.length,
    priceable: counted.length,
    estimated: priced.filter(({ isEstimated }) => isEstimated).length,
    // What is reported here is whole pico-dollars, in numbers of few digits.
    reported:
      reported.length > 0
        ? reported.reduce((sum, { x }) => sum + BigInt(Math.round(x!.reportedCostUsd! * 1e12)), 0n)
        : null,
  };
}

type Random = (below: number) => number;

/** Parents have smaller numbers, so that there are no rings. Some say again what another one says. */
function randomSpan(random: Random, n: number, others: ImportedSpan[] = []): ImportedSpan {
  const other = random(3) === 0 ? others[random(others.length || 1)] : undefined;
  const [provider, modelId] = models[random(models.length)]!;
  const types = ["llm", "llm", "llm", "embedding", "tool", "agent", "other"] as const;
  const endTime = 1_750_000_000_000 + random(1000);
  return {
    spanId: `span-${n}`,
    ...(n > 0 && { parentSpanId: `span-${random(n)}` }),
    spanType: types[random(types.length)]!,
    name: "call",
    startTime: 1_740_000_000_000,
    endTime,
    ...(provider && { provider }),
    modelId,
    ...(random(6) > 0 && { usage: randomUsage(random) }),
    ...(random(6) === 0 && { status: "error" }),
    ...(other?.usage && { usage: other.usage, modelId: other.modelId!, spanType: other.spanType }),
    ...(other &&
      random(2) === 0 && { parentSpanId: random(2) ? other.spanId : other.parentSpanId }),
    x: {
      ...(random(2) === 0 && { instrumentation: `library-${random(3)}` }),
      ...(random(3) === 0 && { usageDetails: randomDetails(random) }),
      ...(random(8) === 0 && { serviceTier: random(2) === 0 ? "flex" : "default" }),
      ...(random(8) === 0 && { requestModelId: "gpt-4o-mini" }),
      ...(random(4) === 0 && { reportedCostUsd: random(1000) / 1000 }),
    },
  } as ImportedSpan;
}

function randomDetails(random: Random): UsageDetails {
  const some = (field: keyof UsageDetails) => random(2) > 0 && { [field]: random(100_000) };
  return {
    ...some("audioInputTokens"),
    ...some("audioCachedInputTokens"),
    ...some("imageInputTokens"),
    ...some("cacheWrite5mInputTokens"),
    ...some("cacheWrite1hInputTokens"),
    ...some("audioOutputTokens"),
    ...some("imageOutputTokens"),
    ...some("fileSearchCount"),
  };
}

function randomUsage(random: Random): Usage {
  const count = () => (random(50) === 0 ? Number.MAX_SAFE_INTEGER - random(1000) : random(300_000));
  const some = (field: keyof Usage) => random(3) > 0 && { [field]: count() };
  return {
    ...some("inputTokens"),
    ...some("outputTokens"),
    ...some("cachedInputTokens"),
    ...some("cacheWriteInputTokens"),
    ...some("reasoningTokens"),
    ...(random(10) === 0 && { webSearchCount: random(5) }),
  };
}

function shuffled<T>(items: T[], random: Random): T[] {
  const left = [...items];
  return items.map(() => left.splice(random(left.length), 1)[0]!);
}

function randomNumbers(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

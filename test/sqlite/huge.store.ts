/** A store with one huge trace, and what is done to it in the background. */
import { facetNumber } from "../../src/sqlite/rollups/facets.ts";
import { createSpanWriter, noLogReaders } from "../../src/sqlite/spans/spans.ts";
import { hugeSpans, hugeTraceId } from "./huge.ts";
import { muchLater, Workbench } from "./workbench.ts";

export const hugeKey = 1;
const spansPerCommit = 2000;

/** @param price of a token, in pico-dollars. */
export function openHuge(dir: string | undefined, price: bigint): Workbench {
  const bench = new Workbench(dir);
  bench.spans = createSpanWriter(bench.db, bench.payloads, noLogReaders, ({ usage }) =>
    usage?.inputTokens === undefined
      ? null
      : { price: `${price}`, amount: BigInt(usage.inputTokens) * price, isEstimated: false },
  );
  return bench;
}

export function fillHuge(bench: Workbench, spans: number): void {
  const header = { agentName: "operator", sessionId: "session-1" };
  const all = [...hugeSpans(spans)].map((span) => ({ span, header }));
  for (let from = 0; from < all.length; from += spansPerCommit) {
    const some = all.slice(from, from + spansPerCommit);
    bench.transact(() =>
      bench.spans.apply({
        projectId: 1,
        receivedAt: 1,
        source: "foglamp",
        traces: [{ traceId: hugeTraceId, spans: some }],
      }),
    );
  }
}

function price(bench: Workbench): void {
  let from: number | null = 0;
  while (from !== null) {
    const at: number = from;
    from = bench.transact(() => bench.spans.reprice(hugeKey, () => true, false, at))!.next;
  }
}

export function priceAndSettle(bench: Workbench): void {
  price(bench);
  while (bench.spans.settling.hasWork(muchLater)) {
    bench.transact(() => bench.spans.settling.step(muchLater));
  }
}

/** All that follows from the spans: the trace's row, its facets, the statistics, the costs of its calls. */
export function stateOf({ db }: Workbench) {
  const all = (sql: string) => db.query(sql).values();
  return {
    traces: all("SELECT spanCount, llmCount, toolCount, errorCount, cost, inputTokens FROM traces"),
    facets: all(
      `SELECT field, value, startTime FROM facets WHERE field <> ${facetNumber("settled")} ORDER BY 1, 2, 3`,
    ),
    rollups: all(
      "SELECT level, field, bucket, names.text, hex(cell) FROM rollups LEFT JOIN names ON names.id = value ORDER BY 1, 2, 3, 4",
    ),
    costs: all("SELECT count(*), sum(cost), count(DISTINCT priceId) FROM spans"),
  };
}

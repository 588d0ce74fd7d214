/** What pricing costs: the writer's work on the same bodies with and without it, without HTTP. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseBody } from "../../src/ingest/parse.ts";
import { noPrices, openPricer } from "../../src/ingest/pricer.ts";
import { closeWriter, openWriter } from "../../src/sqlite/db/open.ts";
import { createPayloadWriter } from "../../src/sqlite/payload/payloads.ts";
import { createSpanWriter, noLogReaders } from "../../src/sqlite/spans/spans.ts";
import type { Bench } from "./bench.ts";
import { bodyShapes } from "./shapes.ts";
import { formats, row, type Row } from "./table.ts";
import { salt } from "./template.ts";
import { range } from "./words.ts";

const postsPerRound = 3000;
const rules = { maxBodyBytes: 1 << 24, unknownFields: "reject" } as const;

export async function pricing(bench: Bench): Promise<Row[]> {
  const template = bodyShapes.agent(1);
  let count = 800_000_000;

  /** @returns spans per second. */
  async function store(isPriced: boolean): Promise<number> {
    const dir = mkdtempSync(join(tmpdir(), "tealight-bench-"));
    const db = openWriter(join(dir, "bench.db"), "process");
    db.run("INSERT INTO projects (id, name, createdAt) VALUES (1, 'default', 0)");
    const { costOf } = await openPricer(noPrices, []);
    const payloads = createPayloadWriter(db);
    const writer = createSpanWriter(db, payloads, noLogReaders, isPriced ? costOf : () => null);
    const startedAt = performance.now();
    // Four posts to a transaction, as eight connections bring them.
    for (const _ of range(postsPerRound / 4)) {
      db.run("BEGIN IMMEDIATE");
      for (const _ of range(4)) {
        const body = Buffer.from(template.body);
        count = salt(template, body, 0, count);
        const bytes = body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength);
        const { traces } = parseBody(bytes, null, { protocol: "ingest" }, rules);
        writer.apply({ projectId: 1, receivedAt: 1, source: "foglamp", traces });
      }
      writer.flush();
      db.run("COMMIT");
      writer.committed();
    }
    const seconds = (performance.now() - startedAt) / 1000;
    closeWriter(db);
    rmSync(dir, { recursive: true, force: true });
    return (postsPerRound * template.spans) / seconds;
  }

  const ratios: number[] = [];
  for (const round of range(2 * bench.rounds + 1)) {
    // Each goes first as often as the other.
    const first = await store(round % 2 === 0);
    const second = await store(round % 2 === 1);
    const [priced, bare] = round % 2 === 0 ? [first, second] : [second, first];
    const shown = formats.count;
    bench.progress(`pricing, round ${round}: ${shown(priced)} spans/s, without ${shown(bare)}`);
    // The first round warms up.
    if (round > 0) ratios.push(priced / bare);
  }
  const what = "parse, check and store posts of 7 spans with pricing: of without";
  return [row(what, ratios, formats.percent, { atLeast: 0.95 })];
}

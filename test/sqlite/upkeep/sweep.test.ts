import { Database } from "bun:sqlite";
import { expect, spyOn, test } from "bun:test";
import { createSweep } from "../../../src/sqlite/upkeep/sweep.ts";

const transactions = { background: <T>(work: () => T, _what: string) => work() };

/** The visits of a sweep through 30 traces of three parts each, while each look at the clock takes so long. */
async function visitsAt(msPerLook: number): Promise<string[]> {
  using db = new Database(":memory:");
  db.run("CREATE TABLE traces (key INTEGER PRIMARY KEY, projectId INTEGER, startTime INTEGER)");
  for (let key = 1; key <= 30; key++) db.run("INSERT INTO traces VALUES (?, 1, 0)", [key]);
  let now = 0;
  using _ = spyOn(performance, "now").mockImplementation(() => (now += msPerLook));
  const sweep = createSweep(db, transactions);
  const visits: string[] = [];
  await new Promise<void>((resolve) => {
    const progress = sweep.run({}, (trace, from) => ({
      next: from < 2 ? from + 1 : null,
      committed() {
        visits.push(`${trace}.${from}`);
        if (visits.length === 90) resolve();
      },
    }));
    const check = setInterval(() => {
      if (progress.finishedAt === null) return;
      clearInterval(check);
      resolve();
    }, 1);
  });
  sweep.stop();
  return visits;
}

const all = Array.from({ length: 90 }, (_, i) => `${1 + Math.floor(i / 3)}.${i % 3}`);

test.each([0, 0.3, 0.5, 0.7, 0.9, 1.1, 3])(
  "a sweep passes no trace over, wherever its time runs out: %p ms",
  async (msPerLook) => {
    expect(await visitsAt(msPerLook)).toEqual(all);
  },
);

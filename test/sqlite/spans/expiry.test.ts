/** What waits expires by its age, under a clock that somebody sets. */
import { afterEach, beforeEach, expect, setSystemTime, test } from "bun:test";
import { units, waitingLogs } from "../../../src/limits.ts";
import { expireUnits, expiryTime, hasExpiredUnits } from "../../../src/sqlite/spans/expiry.ts";
import { expireLogs, hasExpiredLogs } from "../../../src/sqlite/spans/logs.ts";
import { Workbench } from "../workbench.ts";

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const nowMs = Date.UTC(2026, 0, 1);

let bench: Workbench;
beforeEach(() => {
  bench = new Workbench();
});
afterEach(() => {
  setSystemTime();
  bench[Symbol.dispose]();
});

/** One of each that waits, received at these times in turn. */
function receive(...times: number[]): void {
  for (const atMs of times) {
    bench.db.run(
      `INSERT INTO waitingLogs (projectId, traceId, spanId, receivedAt, json)
       VALUES (1, 't', 's', ${atMs}, '{}')`,
    );
    bench.db.run(
      `INSERT INTO claims (projectId, session, traceId, spanId, receivedAt, facts)
       VALUES (1, 's', 't', '${atMs}', ${atMs}, '{}')`,
    );
    bench.db.run(`INSERT INTO logSessions VALUES (1, '${atMs}', ${atMs}, 1, 1)`);
  }
}

function expire(atMs: number): void {
  while (hasExpiredLogs(bench.db, atMs)) bench.transact(() => expireLogs(bench.db, atMs));
  while (hasExpiredUnits(bench.db, atMs)) bench.transact(() => expireUnits(bench.db, atMs));
}

/** When what is left was received. */
const left = () =>
  ["waitingLogs.receivedAt", "claims.receivedAt", "logSessions.lastReceivedAt"].map((column) =>
    bench.db
      .query<{ at: number }, []>(`SELECT ${column} AS at FROM ${column.split(".")[0]} ORDER BY 1`)
      .all()
      .map(({ at }) => at),
  );

const all = <T>(times: T): [T, T, T] => [times, times, times];

test("what is a day old goes, what is not stays", () => {
  expect([units.maxAgeMs, waitingLogs.maxAgeMs]).toEqual([24 * hourMs, 24 * hourMs]);
  receive(nowMs - 25 * hourMs, nowMs - 23 * hourMs, nowMs);
  expire(nowMs);
  expect(left()).toEqual(all([nowMs - 23 * hourMs, nowMs]));
});

test("what came while the clock was years ahead goes, and does not keep the rest from it", () => {
  receive(nowMs + 4 * yearMs, nowMs - 25 * hourMs, nowMs);
  expire(nowMs);
  expect(left()).toEqual(all([nowMs]));
});

test("a clock that is set back by hours takes nothing away", () => {
  receive(nowMs, nowMs + 5 * hourMs);
  expire(nowMs);
  expect(left()).toEqual(all([nowMs, nowMs + 5 * hourMs]));
});

test("a clock that is set forward while the server runs makes nothing old", () => {
  const before = expiryTime();
  setSystemTime(new Date(Date.now() + 4 * yearMs));
  expect(expiryTime() - before).toBeWithin(0, hourMs);
  setSystemTime(new Date(Date.now() - 8 * yearMs));
  expect(expiryTime()).toBeLessThan(before);
});

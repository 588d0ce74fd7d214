import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Change } from "../../src/backend/writer.ts";
import { createChangeLog } from "../../src/ingest/changes.ts";
import { Gauge } from "../../src/ingest/gauge.ts";
import { live } from "../../src/limits.ts";

const none: Change = { changed: [], gone: [] };

function open() {
  const gauge = new Gauge();
  const ofOtherThread = new Gauge(gauge.shared);
  return { log: createChangeLog(gauge), published: () => ofOtherThread.value };
}

describe("the log of changes", () => {
  test("gives every commit that changed something an id that other threads see", () => {
    const { log, published } = open();
    const first = log.latest;
    expect(published()).toBe(first);
    log.note({ changed: [1], gone: [] });
    expect(log.latest).toBe(first + 1);
    log.note(none);
    expect(log.latest).toBe(first + 1);
    expect(published()).toBe(first + 1);
  });

  test("knows no id of before a restart, also where both began at the same time", () => {
    const [before, after] = [open().log, open().log];
    for (let i = 0; i < 900; i++) {
      before.note({ changed: [i], gone: [] });
      after.note({ changed: [i], gone: [] });
    }
    for (let id = before.latest - 900; id <= before.latest; id++) {
      expect(after.after(id)).toBeNull();
    }
  });

  test("knows nothing of places that never were", () => {
    const { log } = open();
    for (const id of [-1, NaN, log.latest + 1, 0]) expect(log.after(id)).toBeNull();
    expect(log.after(log.latest)).toEqual(none);
  });

  test("forgets what changed longest ago, and all before a commit that it has no room for", () => {
    const { log } = open();
    const start = log.latest;
    for (let key = 0; key < live.rememberedTraces; key++) log.note({ changed: [key], gone: [] });
    expect(log.after(start)?.changed).toHaveLength(live.rememberedTraces);
    log.note({ changed: [-1], gone: [] });
    expect(log.after(start)).toBeNull();
    expect(log.after(start + 1)?.changed).toHaveLength(live.rememberedTraces);
    const keys = Array.from({ length: live.rememberedTraces + 1 }, (_, i) => i);
    log.note({ changed: [], gone: keys });
    expect(log.after(log.latest - 1)).toBeNull();
    expect(log.after(log.latest)).toEqual(none);
  });

  test("tells from any place on what a list of all changes would, or that it does not know", () => {
    const key = fc.integer({ min: 0, max: live.rememberedTraces + 100 });
    const change = fc.record({
      changed: fc.uniqueArray(key, { maxLength: 200 }),
      gone: fc.uniqueArray(key, { maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const { log } = open();
        const start = log.latest;
        const noted: Change[] = [];
        for (const each of changes) {
          log.note(each);
          if (each.changed.length + each.gone.length > 0) noted.push(each);
        }
        expect(log.latest).toBe(start + noted.length);
        for (let seen = 0; seen <= noted.length; seen++) {
          const last = new Map<number, boolean>();
          for (const { changed, gone } of noted.slice(seen)) {
            for (const each of changed) last.set(each, false);
            for (const each of gone) last.set(each, true);
          }
          const told = log.after(start + seen);
          if (!told) {
            expect(last.size).toBeGreaterThan(live.rememberedTraces / 2);
            continue;
          }
          expect(new Set(told.changed)).toEqual(
            new Set([...last].filter(([, isGone]) => !isGone).map(([each]) => each)),
          );
          expect(new Set(told.gone)).toEqual(
            new Set([...last].filter(([, isGone]) => isGone).map(([each]) => each)),
          );
        }
      }),
      { numRuns: 100 },
    );
  });
});

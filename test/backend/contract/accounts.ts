/** Projects, keys, prices, views, and notes of what was refused. */
import { describe, expect, test } from "bun:test";
import type { NewView, Reject, UnknownNote } from "../../../src/backend/store.ts";
import { defaultKeyHash, toBatch, type Bench } from "./bench.ts";

const view: NewView = {
  ...{ name: "mine", projectId: null, filter: "status:error", since: "2h", until: "" },
  ...{ sort: "-cost", columns: ["name", "meta.env"] },
};
const reject = (n: number): Reject => ({
  ...{ receivedAt: n, route: "/ingest", keyName: n % 2 ? "k" : null, status: 400 },
  ...{ code: "invalid_payload", message: `no ${n} \ud800`, path: n % 2 ? ["traces", 0] : null },
  bytes: n % 2 ? 10 : null,
});

export function describeAccounts(open: () => Bench): void {
  describe("a store", () => {
    test("begins with a project and its key", () => {
      const { projects, keys } = open().writer.accounts();
      expect(projects).toMatchObject([{ id: 1, name: "default" }]);
      expect(keys).toMatchObject([{ projectId: 1, lastUsedAt: null, revokedAt: null }]);
      expect(new Uint8Array(keys[0]!.hash)).toEqual(defaultKeyHash);
    });

    test("has projects of different names, and takes one away once its traces are gone", async () => {
      const bench = open();
      const { writer } = bench;
      const named = (name: string) => writer.accounts().projects.find((each) => each.name === name);
      writer.createProject("other");
      const { id } = named("other")!;
      expect(() => writer.createProject("other")).toThrow("exists");
      expect(() => writer.renameProject(id, "default")).toThrow("exists");
      expect(() => writer.renameProject(9999, "x")).toThrow("no such project");
      writer.renameProject(id, "renamed");
      expect([named("other"), named("renamed")?.id]).toEqual([undefined, id]);
      writer.createKey(id, "k", new Uint8Array(32));
      await bench.send(toBatch("t", [{}], {}, { projectId: id }), toBatch("t", [{}]));
      const kept = writer.dropProject(id);
      expect(kept.isGone).toBe(false);
      expect(
        kept.accounts.keys.find(({ projectId }) => projectId === id)!.revokedAt,
      ).not.toBeNull();
      writer.deleteTrace(bench.trace("t", id).key);
      let isGone = false;
      for (let i = 0; i < 100 && !isGone; i++) ({ isGone } = writer.dropProject(id));
      expect(isGone).toBe(true);
      expect(named("renamed")).toBeUndefined();
      expect(writer.accounts().keys.filter(({ projectId }) => projectId === id)).toEqual([]);
      expect(bench.trace("t").projectId).toBe(1);
    });

    test("has keys, which can be revoked, and knows when they were used last", () => {
      const { writer } = open();
      const hash = new Uint8Array(32).fill(1);
      const made = writer.createKey(1, "laptop", hash).keys.find(({ name }) => name === "laptop")!;
      expect(made).toMatchObject({ projectId: 1, lastUsedAt: null, revokedAt: null });
      expect(new Uint8Array(made.hash)).toEqual(hash);
      const uses = [20, 10].map((atMs) => ({ keyId: made.id, atMs }));
      writer.note({ rejects: [], dropped: [], unknown: [], uses });
      const now = () => writer.accounts().keys.find(({ id }) => id === made.id)!;
      expect(now().lastUsedAt).toBe(20);
      writer.revokeKey(made.id);
      const { revokedAt } = now();
      expect(revokedAt).not.toBeNull();
      writer.revokeKey(made.id);
      expect(now().revokedAt).toBe(revokedAt);
      expect(() => writer.revokeKey(9999)).toThrow("no such key");
    });

    test("has prices of the user's own, one for each pattern, and a price book", () => {
      const { writer } = open();
      const rule = { provider: "p", model: "m*", prices: "{}", createdAt: 1 };
      const first = writer.putPriceRule(rule);
      const other = writer.putPriceRule({ ...rule, model: "n", createdAt: 2 });
      const again = writer.putPriceRule({ ...rule, prices: '{"input":1}', createdAt: 3 });
      expect(writer.priceRules()).toEqual([
        { id: again, ...rule, prices: '{"input":1}', createdAt: 3 },
        { id: other, ...rule, model: "n", createdAt: 2 },
      ]);
      expect(writer.removePriceRule(other)).toBe(true);
      expect([writer.removePriceRule(other), writer.removePriceRule(first)]).toEqual([
        false,
        false,
      ]);
      expect(writer.priceBook()).toBeNull();
      const book = { json: '{"é":1}', broughtAt: 5 };
      writer.writePriceBook(book);
      expect(writer.priceBook()).toEqual(book);
      writer.writePriceBook(null);
      expect(writer.priceBook()).toBeNull();
    });

    test("has views as they were saved", () => {
      const bench = open();
      const { writer } = bench;
      const made = writer.putView(null, view);
      expect(made).toEqual({ ...view, id: made.id });
      expect(() => writer.putView(null, view)).toThrow("exists");
      const changed = writer.putView(made.id, { ...view, columns: [] });
      const other = writer.putView(null, { ...view, name: "other", projectId: 1 });
      expect(bench.read((reader) => reader.views())).toEqual([changed, other]);
      writer.removeView(made.id);
      expect(() => writer.removeView(made.id)).toThrow("no such view");
      expect(() => writer.putView(made.id, view)).toThrow("no such view");
      expect(bench.read((reader) => reader.views())).toEqual([other]);
    });

    test("counts what was refused, and shows it page by page, the newest first", () => {
      const bench = open();
      const rejects = [1, 2, 3].map(reject);
      const dropped = [{ code: "rate_limited", status: 429, count: 7 }];
      bench.writer.note({ rejects, dropped, uses: [], unknown: [] });
      const first = bench.read((reader) => reader.rejects(2, undefined));
      expect(first.rejects).toEqual([reject(3), reject(2)]);
      const second = bench.read((reader) => reader.rejects(2, first.nextCursor!));
      expect(second).toEqual({ rejects: [reject(1)], nextCursor: null });
      expect(bench.read((reader) => reader.counts())).toEqual({
        ...{ traceCount: 0, spanCount: 0, unknownFields: [] },
        rejects: { invalid_payload: 3, rate_limited: 7 },
      });
      expect(() => bench.read((reader) => reader.rejects(2, "no cursor"))).toThrow("cursor");
    });

    test("counts the fields of newer clients, and tells those that were never seen", () => {
      const bench = open();
      const note = (field: string, count: number, lastSeenAt: number): UnknownNote => ({
        ...{ keyName: "k", userAgent: null, object: "span", field, meant: null },
        ...{ count, lastSeenAt },
      });
      const tell = (...unknown: UnknownNote[]) =>
        bench.writer.note({ rejects: [], dropped: [], uses: [], unknown });
      expect(tell(note("a", 1, 10), note("b", 2, 20))).toEqual([
        note("a", 1, 10),
        note("b", 2, 20),
      ]);
      expect(tell(note("a", 3, 30))).toEqual([]);
      expect(bench.read((reader) => reader.counts()).unknownFields).toEqual([
        note("a", 4, 30),
        note("b", 2, 20),
      ]);
    });
  });
}

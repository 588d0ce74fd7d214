/** The index while its process is killed: nothing is lost, nothing comes twice. */
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { makeSpan, makeTempDir } from "../../helpers.ts";
import { spawnServer } from "../../server.process.ts";

const traceCount = 900;

/** Words that no other trace has. */
const wordsOf = (seed: number) =>
  Array.from({ length: 200 }, (_, i) => Bun.hash(`${seed}.${i}`).toString(36)).join(" ");

test("killed amid indexing, a search answers as before", async () => {
  const dir = makeTempDir();
  let server = await spawnServer(dir);
  const get = async (path: string): Promise<any> => {
    const headers = { authorization: `Bearer ${server.token}` };
    return (await fetch(server.url + path, { headers })).json();
  };
  const find = async (q: string) => {
    const ids: string[] = [];
    for (let cursor = ""; ;) {
      const page = await get(`/api/search?limit=100&q=${encodeURIComponent(q)}${cursor}`);
      ids.push(...page.hits.map(({ traceId }: { traceId: string }) => traceId));
      if (page.nextCursor === null) return ids;
      cursor = `&cursor=${page.nextCursor}`;
    }
  };
  try {
    const traces = Array.from({ length: traceCount }, (_, n) => {
      const content = `needle${n % 30} ${wordsOf(n)}`;
      const input = JSON.stringify([{ role: "user", content }]);
      return {
        traceId: `t${n}`,
        traceName: "n",
        spans: [makeSpan({ startTime: 1e12 + n, endTime: 2e12, input })],
      };
    });
    for (let at = 0; at < traceCount; at += 250) {
      const response = await fetch(`${server.url}/ingest`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
        body: JSON.stringify({ version: "v1", traces: traces.slice(at, at + 250) }),
      });
      expect(response.status).toBe(202);
    }
    const wanted = Array.from({ length: traceCount / 30 }, (_, i) => `t${i * 30 + 7}`).reverse();
    for (let round = 0; round < 2; round++) {
      // Traces settle after two seconds, and the index then takes one or two.
      await Bun.sleep(2500 + 500 * round);
      server.signal("SIGKILL");
      await server.exited;
      server = await spawnServer(dir);
      expect(await find('"needle7 "')).toEqual(wanted);
    }
    while ((await get("/api/search/index")).pendingTraces > 0) await Bun.sleep(100);
    expect(await get("/api/search/index")).toMatchObject({ state: "ready", pendingTraces: 0 });
    expect(await find('"needle7 "')).toEqual(wanted);
  } finally {
    server.signal("SIGKILL");
    await server.exited;
    rmSync(dir, { recursive: true, force: true });
  }
});

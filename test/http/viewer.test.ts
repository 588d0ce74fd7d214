/** The viewer's shell and files over a real socket: what a browser is told, and who is served. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isPage, pagePaths } from "../../src/http/viewer.ts";
import { startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { headers, decompress: false });

async function assets(): Promise<string[]> {
  const shell = await (await get("/traces")).text();
  return [...shell.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
}

test("every page is the same shell, which holds no data and runs only this origin's scripts", async () => {
  const shells = new Set<string>();
  for (const path of pagePaths) {
    const address = path.replace(":topic", "filters").replace(/:\w+/, "some%2Fid");
    const response = await get(address);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const policy = response.headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    shells.add(await response.text());
  }
  expect(shells.size).toBe(1);
  const [shell] = shells;
  expect(shell).not.toContain(server.token);
  expect(shell).not.toMatch(/<script>|<style|style=|https?:/);
});

test("a browser that asks for a page that is not there gets the viewer, which says so", async () => {
  const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  for (const path of ["/trace", "/api/nothing", "/index.html"]) {
    const response = await get(path, { accept: browser });
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await response.text()).toBe(await (await get("/traces")).text());
  }
  for (const accept of [
    "*/*",
    "application/json",
    "application/json, text/html;q=0.5",
    "text/html;q=0",
  ]) {
    const response = await get("/trace", { accept });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: "No route for GET /trace" });
  }
  const posted = await fetch(`${server.url}/traces`, {
    method: "POST",
    headers: { accept: browser },
  });
  expect(posted.status).toBe(404);
  expect(await posted.json()).toMatchObject({ code: "not_found" });
});

test("whatever is no page is the contract's 404", async () => {
  for (const path of ["/trace", "/traces/", "/traces/a/b", "/overview/", "/index.html"]) {
    expect(isPage(path)).toBe(false);
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "not_found" });
  }
});

describe("its files", () => {
  test("are kept for ever, since another content has another name", async () => {
    const paths = await assets();
    expect(paths.length).toBeGreaterThanOrEqual(4);
    for (const path of paths) {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(response.headers.get("content-type")).toMatch(/^(text|image)\//);
      if (!path.endsWith(".svg")) expect(path).toMatch(/-\w{8}\.(js|css)$/);
    }
  });

  test("come compressed to who accepts that, and plain to who does not", async () => {
    const script = (await assets()).find(
      (path) => path.includes("/main-") && path.endsWith(".js"),
    )!;
    const plain = await get(script, { "accept-encoding": "identity" });
    expect(plain.headers.get("content-encoding")).toBeNull();
    const small = await get(script, { "accept-encoding": "br, gzip" });
    expect(small.headers.get("content-encoding")).toBe("gzip");
    const unpacked = Bun.gunzipSync(await small.arrayBuffer());
    expect(Buffer.from(unpacked).equals(Buffer.from(await plain.arrayBuffer()))).toBe(true);
  });

  test("that are not there are the contract's 404", async () => {
    for (const path of ["/assets/none.js", "/assets/..%2Fmain.ts", "/assets/"]) {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "not_found" });
    }
  });
});

test("a link to a page may stand on any site, but no site may read it or another host have it", async () => {
  const foreign = { "sec-fetch-site": "cross-site" };
  const navigation = { ...foreign, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  expect((await get("/traces/some-id", navigation)).status).toBe(200);
  expect((await get("/traces/some-id", { ...foreign, "sec-fetch-mode": "cors" })).status).toBe(403);
  expect((await get("/api/traces", navigation)).status).toBe(403);
  expect((await get("/traces", { ...navigation, host: "evil.example" })).status).toBe(403);
});

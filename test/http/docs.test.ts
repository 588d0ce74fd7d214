import { expect, test } from "bun:test";
import { viewerPaths } from "../../src/http/viewer.ts";
import { startServer } from "../helpers.ts";

test("the page shows every route of the API, without a script, a file or another host", async () => {
  await using server = await startServer();
  const response = await fetch(`${server.url}/api/docs`);
  const page = await response.text();
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const policy = response.headers.get("content-security-policy")!;
  expect(policy).toStartWith("default-src 'none'; style-src 'sha256-");
  const style = /<style>(.*?)<\/style>/s.exec(page)![1]!;
  expect(policy).toContain(new Bun.CryptoHasher("sha256").update(style).digest("base64"));

  const routes = server.engine.app.routes
    .filter(({ path }) => !viewerPaths.has(path))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  const links = [...page.matchAll(/<a href="#(\w+)"\s*>([^<]*)<\/a\s*>/g)];
  expect(links.map(([, , text]) => text!).sort()).toEqual(routes.sort());
  for (const [, id] of links) expect(page).toContain(`<section id="${id}">`);
  expect(page).not.toMatch(/<script|<link|<img|\son\w+=|style="/);
  const hosts = [...page.matchAll(/(?:href|src)="([^#"][^"]*)"/g)].map(([, target]) => target);
  expect(hosts).toEqual(["openapi.json"]);
});

test("the page says what a route takes, answers and refuses", async () => {
  await using server = await startServer();
  const page = await (await fetch(`${server.url}/api/docs`)).text();
  const section = /<section id="getApiStats">.*?<\/section>/s.exec(page)![0];
  expect(section).toContain("&quot;agent&quot; | &quot;workflow&quot;");
  expect(section).toContain("cacheHitShare");
  expect(section).toContain("bad_request");
  expect(section).toContain("curl -H &quot;Authorization: Bearer $TEALIGHT_TOKEN&quot;");
});

test("a link to it may stand on any site, but no site may read or frame it", async () => {
  await using server = await startServer();
  const statusOf = async (path: string, headers: Record<string, string>) =>
    (
      await fetch(`${server.url}${path}`, {
        headers: { "sec-fetch-site": "cross-site", ...headers },
      })
    ).status;
  const opened = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  for (const path of ["/api/docs", "/api/openapi.json", "/traces"]) {
    expect([path, await statusOf(path, opened)]).toEqual([path, 200]);
    for (const headers of [
      { ...opened, "sec-fetch-dest": "iframe" },
      { ...opened, host: "evil.example" },
      { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" },
      { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" },
    ]) {
      expect([path, headers, await statusOf(path, headers)]).toEqual([path, headers, 403]);
    }
  }
  for (const path of ["/api/status", "/api/setup", "/api/docs/x", "/api/docs/../status"]) {
    expect([path, await statusOf(path, opened)]).toEqual([path, 403]);
  }
});

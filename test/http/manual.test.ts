/** The manual over a real socket: who is answered with the viewer, who with Markdown, and who with neither. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pageOf } from "../../src/docs/pages.ts";
import { topics } from "../../src/docs/topics.ts";
import { startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { headers });
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async function expectMarkdown(response: Response): Promise<string> {
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
  expect(response.headers.get("vary")).toBe("accept, accept-encoding");
  expect(response.headers.get("content-security-policy")).toStartWith("default-src 'none'");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  return response.text();
}

test("each page is Markdown for who wants that, and under its name with .md for all", async () => {
  for (const { name } of topics) {
    const page = pageOf(name)!;
    for (const accept of [
      "text/markdown",
      "text/markdown, text/html;q=0.9",
      `text/markdown, ${browser}`,
    ]) {
      expect(await expectMarkdown(await get(`/docs/${name}`, { accept }))).toBe(page);
    }
    expect(await expectMarkdown(await get(`/docs/${name}.md`, { accept: browser }))).toBe(page);
  }
});

test("each page is the viewer for all others", async () => {
  for (const path of ["/docs", "/docs/filters"]) {
    for (const accept of [browser, "*/*", "text/markdown;q=0.5, text/html"]) {
      const response = await get(path, { accept });
      expect([path, accept, response.status]).toEqual([path, accept, 200]);
      expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(response.headers.get("vary")).toBe("accept, accept-encoding");
      expect(response.headers.get("content-security-policy")).toContain("script-src 'self'");
    }
  }
});

test("llms.txt lists all pages in the form of llmstxt.org, and each link leads to Markdown", async () => {
  const text = await expectMarkdown(await get("/llms.txt"));
  expect(await expectMarkdown(await get("/docs", { accept: "text/markdown" }))).toBe(text);
  expect(text).toMatch(/^# Tealight\n\n> .+\n\n## Manual\n\n- \[/);
  const links = [...text.matchAll(/^- \[([^\]]+)\]\(([^)]+)\): (.+)$/gm)].map((of) => of.slice(1));
  expect(links.slice(0, -1)).toEqual(
    topics.map(({ name, title, summary }) => [title, `/docs/${name}.md`, summary]),
  );
  for (const [, path] of links.slice(0, -1)) await expectMarkdown(await get(path!));
  expect(links.at(-1)![1]).toBe("/api/openapi.json");
});

describe("a page that is not there", () => {
  const paths = [
    "/docs/none",
    "/docs/none.md",
    "/docs/toString",
    "/docs/filters.md.md",
    "/docs/..%2Fkey",
  ];

  test.each(paths)("is the contract's 404 for programs: %s", async (path) => {
    for (const accept of ["*/*", "text/markdown", "application/json"]) {
      const response = await get(path, { accept });
      expect([accept, response.status]).toEqual([accept, 404]);
      expect(await response.json()).toMatchObject({
        error: `No route for GET ${path}`,
        code: "not_found",
        hint: "/llms.txt lists the pages of the manual",
      });
    }
  });

  test.each(paths)("is the viewer for browsers, which says so: %s", async (path) => {
    const response = await get(path, { accept: browser });
    expect(response.status).toBe(404);
    expect(await response.text()).toBe(await (await get("/docs")).text());
  });

  test("is no page of the viewer either", async () => {
    for (const path of ["/docs/", "/docs/a/b", "/llms.txt/", "/llms"]) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
  });
});

test("whoever reads a page is held to the rules of the viewer's pages", async () => {
  const opened = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
  };
  for (const path of ["/llms.txt", "/docs", "/docs/filters", "/docs/filters.md"]) {
    const statusOf = async (headers: Record<string, string>) => (await get(path, headers)).status;
    expect([path, await statusOf(opened)]).toEqual([path, 200]);
    expect([path, await statusOf({ ...opened, "sec-fetch-dest": "iframe" })]).toEqual([path, 403]);
    expect([path, await statusOf({ origin: "https://evil.example" })]).toEqual([path, 403]);
    expect([path, await statusOf({ host: "evil.example" })]).toEqual([path, 403]);
    expect([path, await statusOf({ host: "host.docker.internal" })]).toEqual([path, 403]);
    const posted = await fetch(`${server.url}${path}`, { method: "POST" });
    expect([path, posted.status]).toEqual([path, 404]);
  }
});

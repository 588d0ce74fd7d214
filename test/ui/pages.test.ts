/** The addresses of pages. */
import { expect, test } from "bun:test";
import { hrefOf, namesIn, paths, sectionOf } from "../../src/ui/pages.ts";

test("a link has its names as segments, and no parameter that is empty", () => {
  const at = { session: "a/b" };
  expect(hrefOf("session", { at, query: { project: "" } })).toBe("/sessions/a%2Fb");
  expect(hrefOf("settings", { query: { model: "a&b" }, hash: "prices" })).toBe(
    "/settings?model=a%26b#prices",
  );
});

test("an address gives back what its page's path has names for", () => {
  expect(namesIn(paths.trace, "/traces/~12")).toEqual({ trace: "~12" });
  expect(namesIn(paths.traces, "/traces")).toEqual({});
  expect(namesIn(paths.trace, "/traces/")).toBeNull();
  expect(namesIn(paths.trace, "/sessions/~12")).toBeNull();
});

test("an address is of one of the main pages: a comparison of Traces, prompts of Agents", () => {
  const nameAt = (pathname: string) => sectionOf(pathname)?.name;
  expect(nameAt("/traces/~12")).toBe("Traces");
  expect(nameAt("/compare")).toBe("Traces");
  expect(nameAt("/agents/coder/prompts")).toBe("Agents & tools");
  expect(nameAt("/tracesque")).toBeUndefined();
});

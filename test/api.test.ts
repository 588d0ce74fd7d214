/** Questions to the API: what goes over the wire, and what does not compile. */
import { expect, test } from "bun:test";
import { byKey, requestOf, type Question } from "../src/api.ts";

const addressOf = (trace: string) => requestOf("GET /api/traces/:trace", { at: { trace } }).address;

test("an address has each value as one segment, whatever is in it", () => {
  expect(addressOf("a/b?c#d")).toBe("/api/traces/a%2Fb%3Fc%23d");
  expect(addressOf("100% ü")).toBe("/api/traces/100%25%20%C3%BC");
});

test("a key is written as it is, and an id that begins like one so that it is none", () => {
  expect(addressOf(byKey(12))).toBe("/api/traces/~12");
  expect(addressOf("~12a")).toBe("/api/traces/%7E12a");
});

test("null and undefined are left out of a query, an empty text is sent", () => {
  const query = { filter: null, since: undefined, project: "" };
  expect(requestOf("DELETE /api/traces", { query })).toEqual({
    method: "DELETE",
    address: "/api/traces?project=",
    body: undefined,
  });
});

test("a body is sent as JSON, a text as it is", () => {
  const line = '{"version":"v1"}';
  expect(requestOf("POST /api/import", { body: line }).body).toBe(line);
  expect(requestOf("POST /api/projects", { body: { name: "a" } }).body).toBe('{"name":"a"}');
});

test("what no route takes does not compile", () => {
  // @ts-expect-error there is no such route
  const route: Question<"POST /api/trace">["query"] = {};
  // @ts-expect-error a name of the path is missing
  const noName: Question<"GET /api/traces/:trace"> = {};
  // @ts-expect-error the route has no such parameter
  const parameter: Question<"GET /api/traces"> = { query: { words: "" } };
  // @ts-expect-error no parameter at all
  const none: Question<"GET /api/setup"> = { query: { project: "a" } };
  // @ts-expect-error the search needs its words
  const words: Question<"GET /api/search"> = {};
  // @ts-expect-error a project needs its name
  const body: Question<"POST /api/projects"> = { body: {} };
  expect([route, noName, parameter, none, words, body]).toHaveLength(6);
});

/** Which letters find a page or an action. */
import { describe, expect, test } from "bun:test";
import { matchesFuzzy } from "../../../src/ui/shell/commands.ts";

describe("a name is found by", () => {
  test.each([
    ["nothing typed", ""],
    ["its beginning", "age"],
    ["a later word", "tools"],
    ["first letters of its words", "at"],
    ["beginnings of several words", "ag to"],
    ["capital letters", "AGENTS"],
  ])("%s", (_, text) => {
    expect(matchesFuzzy(text, "Agents & tools")).toBeTrue();
  });
});

describe("a name is not found by", () => {
  test.each([
    ["letters within its words", "gents"],
    ["letters in another order", "ta"],
    ["more than it has", "agents and tools"],
  ])("%s", (_, text) => {
    expect(matchesFuzzy(text, "Agents & tools")).toBeFalse();
  });
});

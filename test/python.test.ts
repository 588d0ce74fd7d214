import { describe, expect, test } from "bun:test";
import { fromPython } from "../src/python.ts";

const read = (text: string) => JSON.parse(fromPython(text)!);

describe("what Python prints", () => {
  test("is read as JSON, whichever quotes its strings have", () => {
    expect(read(`{'a': "it's", 'b': [None, True, False]}`)).toEqual({
      a: "it's",
      b: [null, true, false],
    });
  });

  test("has numbers with an exponent, and words within strings stay", () => {
    expect(read("['None', 1E5, -2.5e-3]")).toEqual(["None", 1e5, -0.0025]);
  });

  test("has tuples, of one member with a comma behind it", () => {
    expect(read("[('a',), ('b', 1)]")).toEqual([["a"], ["b", 1]]);
  });

  test("is refused at once where something else follows many numbers", () => {
    const numbers = Array(20_000).fill("0.12345678").join(", ");
    expect(fromPython(`{"v": [${numbers}, null], "b": 1}`)).toBeNull();
  });
});

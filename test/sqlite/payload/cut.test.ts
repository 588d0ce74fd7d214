import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cut, type Place } from "../../../src/sqlite/payload/cut.ts";
import { cpuMs } from "../../helpers.ts";
import { wireText } from "../../payload.arbitrary.ts";

interface Mark {
  end: number;
  place: Place;
}

function marksOf(text: string, from = 0, place: Place = "start"): Mark[] {
  const marks: Mark[] = [];
  cut(text, from, place, (end, place) => marks.push({ end, place }));
  return marks;
}

function partsOf(text: string): string[] {
  let at = 0;
  return marksOf(text).map(({ end }) => {
    const part = text.slice(at, end);
    at = end;
    return part;
  });
}

const message = (what: string) =>
  JSON.stringify({ role: "user", content: `${what} [with "brackets"] and \\ `.padEnd(80, ".") });
const [a, b, c] = ["a", "b", "c"].map(message) as [string, string, string];

describe("a text is cut", () => {
  test.each([
    ["at the elements of an array", `[${a}, ${b},\n${c} ]`, ["[", a, ", ", b, ",\n", c, " ]"]],
    ["nowhere, if it is no JSON", `say ${a}`, [`say ${a}`]],
    ["nowhere, if it is a reply", a, [a]],
    [
      "at the messages and tools of an object, not at its other arrays",
      `{"stop":[${a}],"messages":[${b}],"tools" : [${c}],"n":1}`,
      [`{"stop":[${a}],"messages":[`, b, `],"tools" : [`, c, `],"n":1}`],
    ],
    [
      "at whole elements, the rest apart, if it is cut off",
      `[${a},${b.slice(0, 70)}`,
      ["[", a, `,${b.slice(0, 70)}`],
    ],
    ["not at short elements", `["short",${a},1,2,${b}]`, [`["short",`, a, ",1,2,", b, "]"]],
    ["behind white space", ` \n[${a}] `, [" \n[", a, "] "]],
    ["as far as brackets match", `[${a}}],[${b}]`, ["[", a, `}],[${b}]`]],
    [
      "into strings as elements",
      `["${"x".repeat(80)}","${'y\\"'.repeat(40)}"]`,
      ["[", `"${"x".repeat(80)}"`, ",", `"${'y\\"'.repeat(40)}"`, "]"],
    ],
  ])("%s", (_, text, parts) => {
    expect(partsOf(text)).toEqual(parts);
  });

  test("into nothing, if it is empty", () => {
    expect(marksOf("")).toEqual([]);
  });

  test("from left to right: from any mark on it goes on as it did the first time", () => {
    const element = fc.oneof(fc.constantFrom(a, b, c), fc.json(), wireText(60));
    const list = fc
      .tuple(fc.array(element, { maxLength: 8 }), fc.constantFrom(",", ", ", "\n"), fc.nat(60))
      .map(([elements, glue, lost]) =>
        `[${elements.join(glue)}]`.slice(0, lost < 50 ? undefined : -lost),
      );
    const text = fc.oneof(
      wireText(200),
      list,
      list.map((list) => `{"model":"m","messages":${list},"tools":${list}}`),
    );
    fc.assert(
      fc.property(text, (text) => {
        const marks = marksOf(text);
        expect(marks.at(-1)?.end ?? 0).toBe(text.length);
        for (const [i, { end, place }] of marks.entries()) {
          expect(end).toBeGreaterThan(marks[i - 1]?.end ?? 0);
          expect(marksOf(text, end, place)).toEqual(marks.slice(i + 1));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each(["[", '"', "\\", '{"messages":[', '[{"a":1},', ",", '["\\"'])(
    "in linear time, if it is a megabyte of %s",
    (unit) => {
      const text = unit.repeat(1_000_000 / unit.length);
      const start = cpuMs();
      expect(marksOf(text).at(-1)!.end).toBe(text.length);
      expect(marksOf(`[${text}`).at(-1)!.end).toBe(text.length + 1);
      // It takes some ms; what is quadratic takes minutes.
      expect(cpuMs() - start).toBeLessThan(3000);
    },
  );
});

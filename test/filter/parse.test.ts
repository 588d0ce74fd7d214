import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../src/errors.ts";
import { findKey, keys, type Key } from "../../src/filter/keys.ts";
import { parseFilter, type Filter, type Term, type Test } from "../../src/filter/parse.ts";
import { fits } from "../../src/pattern.ts";

const now = Date.parse("2026-03-04T05:06:07Z");

function parseOne(text: string): Test {
  const [term, ...more] = parseFilter(text, now);
  expect(more).toEqual([]);
  expect(term!.tests.length).toBe(1);
  return term!.tests[0]!;
}

function refusal(text: string): AppError {
  try {
    parseFilter(text, now);
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error(`${text} was taken`);
}

/** Writes a filter that means the same: another way than any that the program has. */
function write(filter: Filter): string {
  return filter.map(writeTerm).join("  ");
}

function writeTerm({ isNegated, tests }: Term): string {
  const [first] = tests;
  const sign = isNegated ? "-" : "";
  if (first!.kind === "free") return `${sign}${quoted(first!.text)}`;
  const { key } = first!;
  const root = first!.kind === "text" && first!.isRoot ? "root." : "";
  const name = first!.kind === "text" && first!.name !== null ? `.${quoted(first!.name)}` : "";
  return `${sign}${root}${key.name}${name}:${tests.map(writeValue).join(",")}`;
}

function writeValue(test: Test): string {
  if (test.kind === "free") throw new Error("free text is alone");
  if (test.kind === "text" && test.isContained) return test.pattern[1]!;
  if (test.kind === "text") return test.pattern.map(quoted).join("*");
  const scale = test.key.kind === "money" ? 1e12 : 1;
  const text = (value: number) => String(value / scale);
  if (test.min === -Infinity) return `${test.isMaxOpen ? "<" : "<="}${text(test.max)}`;
  if (test.max === Infinity) return `${test.isMinOpen ? ">" : ">="}${text(test.min)}`;
  return `${text(test.min)}..${text(test.max)}`;
}

const quoted = (text: string) => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;

const text = fc.string({ unit: "binary-ascii", maxLength: 8 });
const ofKind = (...kinds: Key["kind"][]) => keys.filter(({ kind }) => kinds.includes(kind));

/** Written bare, a free text is contained in what it finds; in quotes it is exact. */
const textTest = (key: Key): fc.Arbitrary<Test> =>
  fc
    .record({
      parts: fc.array(text, { minLength: 1, maxLength: 3 }),
      bare: fc.option(fc.stringMatching(/^[a-z]{1,8}$/)),
      isRoot: fc.boolean(),
      name: text,
    })
    .map(({ parts, bare, isRoot, name }) => {
      const isContained = key.isFree === true && bare !== null;
      return {
        kind: "text",
        key,
        name: key.isOpen ? name : null,
        isRoot: key.scope === "span" && isRoot,
        pattern: isContained ? ["", bare, ""] : (parts as [string, ...string[]]),
        isContained,
      };
    });
const choiceTest = (key: Key): fc.Arbitrary<Test> =>
  fc.constantFrom(...key.values!).map((value) => ({
    kind: "text",
    key,
    name: null,
    isRoot: false,
    pattern: [value],
    isContained: false,
  }));
const rangeTest = (key: Key): fc.Arbitrary<Test> =>
  fc
    .tuple(fc.nat(10_000), fc.nat(10_000), fc.integer({ min: 0, max: 2 }), fc.boolean())
    .map(([a, b, form, isOpen]) => {
      const scale = key.kind === "money" ? 1e12 : 1;
      const [min, max] = [Math.min(a, b) * scale, Math.max(a, b) * scale];
      const range = { kind: "range" as const, key, min, max, isMinOpen: false, isMaxOpen: false };
      if (form === 0) return range;
      return form === 1
        ? { ...range, max: Infinity, isMinOpen: isOpen }
        : { ...range, min: -Infinity, isMaxOpen: isOpen };
    });

const testsOf = (one: fc.Arbitrary<Test>) =>
  fc
    .array(one, { minLength: 1, maxLength: 3 })
    // One word has one key: its name and scope are those of the first.
    .map((tests) => {
      const [first] = tests;
      if (first!.kind !== "text") return tests;
      const { name, isRoot } = first!;
      return tests.map((test) => ({ ...test, name, isRoot }) as Test);
    });
const term: fc.Arbitrary<Term> = fc.record({
  isNegated: fc.boolean(),
  tests: fc.oneof(
    fc.constantFrom(...ofKind("text")).chain((key) => testsOf(textTest(key))),
    fc.constantFrom(...ofKind("choice")).chain((key) => testsOf(choiceTest(key))),
    fc
      .constantFrom(...ofKind("duration", "money", "count"))
      .chain((key) => testsOf(rangeTest(key))),
    text
      .filter((one) => one !== "")
      .map((one): Test[] => [{ kind: "free", text: one.toLowerCase() }]),
  ),
});

describe("a filter", () => {
  test("that is written out and read again is the same", () => {
    fc.assert(
      fc.property(fc.array(term, { maxLength: 5 }), (filter) => {
        // An empty value or name is written as "", which is one.
        expect(parseFilter(write(filter), now)).toEqual(filter);
      }),
      { numRuns: 1000 },
    );
  });

  test("of any text is a filter, or refused with the place of what is wrong", () => {
    const piece = fc.constantFrom(
      ...["-", ":", '"', "\\", "*", ",", "..", ">", "<=", " ", "root.", "meta.", "has:", "5s", "$"],
      ...keys.map(({ name }) => name),
    );
    const words = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(fc.oneof(words, fc.string({ unit: "binary" }), fc.string()), (filter) => {
        try {
          parseFilter(filter, now);
        } catch (cause) {
          if (!(cause instanceof AppError)) throw cause;
          expect(cause.code).toBe("bad_request");
          const { position, length } = cause.extra as { position: number; length: number };
          expect(position).toBeGreaterThanOrEqual(0);
          expect(length).toBeGreaterThanOrEqual(0);
          expect(position + length).toBeLessThanOrEqual(filter.length);
          expect(cause.message).toContain(`at position ${position}`);
          expect(cause.hint).toBeTruthy();
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("takes all that the grammar has in one line", () => {
    const line =
      'status:error is:open model:claude* agent:x session:y tool:bash duration:>5s cost:>0.02 tokens:>10k meta.env:prod attr.user.id:42 project:z -agent:eval "free text"';
    const filter = parseFilter(line, now);
    expect(filter.map(({ isNegated }) => isNegated)).toEqual([
      ...new Array(12).fill(false),
      true,
      false,
    ]);
    expect(filter[10]!.tests[0]).toMatchObject({ name: "user.id", pattern: ["42"] });
    expect(filter[2]!.tests[0]).toMatchObject({ pattern: ["claude", ""] });
    expect(filter[13]!.tests).toEqual([{ kind: "free", text: "free text" }]);
  });

  test.each([
    ["duration:>5s", { min: 5000, max: Infinity, isMinOpen: true }],
    ["duration:<=200", { min: -Infinity, max: 200, isMaxOpen: false }],
    ["duration:1.5m", { min: 90_000, max: 90_000 }],
    ["duration:5s..10s", { min: 5000, max: 10_000, isMinOpen: false, isMaxOpen: false }],
    ["ttft:..2s", { min: -Infinity, max: 2000 }],
    ["cost:>$0.07", { min: 70_000_000_000, isMinOpen: true }],
    ["cost:20000..", { min: 2e16, max: Infinity }],
    ["tokens:1.5k..2M", { min: 1500, max: 2_000_000 }],
    ["has:error", { min: 1, max: Infinity }],
    ["has:errors", { min: 1, max: Infinity }],
    ["has:cost", { min: 0, max: Infinity }],
    ["since:2h", { min: now - 7_200_000, max: Infinity }],
    ["until:2026-03-04", { max: Date.parse("2026-03-04"), isMaxOpen: true }],
  ])("%s is a range", (filter, expected) => {
    expect(parseOne(filter)).toMatchObject({ kind: "range", ...expected });
  });

  test.each([
    ["12:30", "12:30"],
    ['"agent:x"', "agent:x"],
    ["Größe", "größe"],
    ['a"b c"d', "ab cd"],
    ['"say \\"hi\\" \\\\"', 'say "hi" \\'],
  ])("%s is free text", (filter, expected) => {
    expect(parseOne(filter)).toEqual({ kind: "free", text: expected });
  });

  test("keeps stars and commas that are quoted", () => {
    expect(parseOne('agent:"a*,b"*')).toMatchObject({ pattern: ["a*,b", ""] });
    expect(parseOne('meta."my key":""')).toMatchObject({ name: "my key", pattern: [""] });
    expect(parseOne("root.span:chat")).toMatchObject({ isRoot: true });
  });

  test.each([
    ["error:Timeout", { pattern: ["", "timeout", ""], isContained: true }],
    ["name:night", { pattern: ["", "night", ""], isContained: true }],
    ['error:"Timeout"', { pattern: ["Timeout"], isContained: false }],
    ["error:Time*", { pattern: ["Time", ""], isContained: false }],
    ["agent:coder", { pattern: ["coder"], isContained: false }],
  ])("%s is contained only where a free text is written bare", (filter, expected) => {
    expect(parseOne(filter)).toMatchObject(expected);
  });

  test.each([
    ["agnet:x", 0, 5, "did you mean agent?"],
    ["status:ok  nonsense:x", 11, 8, "known keys:"],
    ["status:bad", 7, 3, "ok, ok-with-errors, error, aborted"],
    ["status:ok,bad", 10, 3, "ok, ok-with-errors, error, aborted"],
    ["status:", 7, 0, "ok, ok-with-errors, error, aborted"],
    ["agent:a,,b", 8, 0, "agent:text"],
    ['a "b', 2, 2, "end it with"],
    ["duration:fast", 9, 4, "duration:>5s"],
    ["duration:>5q", 10, 2, "duration:>5s"],
    ["cost:5..1", 5, 4, "smaller number first"],
    ["tokens:..", 7, 2, "tokens:>10k"],
    ["meta:x", 0, 4, "meta.KEY"],
    ["agent.x:y", 0, 7, "agent:value"],
    ["root.agent:x", 0, 10, "root.attr.KEY"],
    ["since:soon", 6, 4, "15m"],
    ["has:status", 4, 6, "has:errors,"],
    ["-", 0, 1, "minus"],
    ["https://x", 0, 5, "in quotes"],
  ])("%s is refused at its place", (filter, position, length, hint) => {
    const error = refusal(filter);
    expect(error.extra).toEqual({ position, length });
    expect(`${error.message} ${error.hint}`).toContain(hint);
  });
});

test("what hints say to write is a filter, in which keys are spelt as they are listed", () => {
  let examples = 0;
  for (const key of keys) {
    const name = key.isOpen ? `${key.name}.KEY` : key.name;
    for (const wrong of ["", "a,,b", "..", "soon", "status"]) {
      const { hint } = problemOf(`${name}:${wrong}`) ?? {};
      for (const [example, value] of (hint ?? "").matchAll(
        /\b[a-z]+(?:\.KEY)?:("[^"]*"|[^\s,;]+)/g,
      )) {
        examples++;
        expect([example, problemOf(example)?.message]).toEqual([example, undefined]);
        const named = value!.split(".")[0]!;
        if (example.startsWith("has:"))
          expect([example, !!findKey(named)]).toEqual([example, true]);
        if (example.startsWith("has:")) expect(named).not.toBe("error");
      }
    }
  }
  expect(examples).toBeGreaterThan(50);
});

function problemOf(filter: string): AppError | undefined {
  try {
    parseFilter(filter, now);
    return undefined;
  } catch (cause) {
    return cause as AppError;
  }
}

describe("a pattern", () => {
  test("fits what a plain search finds", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 4 }), letters, (parts, text) => {
        const plain = new RegExp(`^${parts.map(RegExp.escape).join(".*")}$`, "s");
        expect(fits(parts as [string, ...string[]], text)).toBe(plain.test(text));
      }),
    );
  });
});

import { expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { SearchBench } from "./searchbench.ts";

const words = [
  "ab",
  "Abc",
  "abcd",
  "a",
  "日本",
  "日本語",
  "😀",
  "🦓😀x",
  "ΣΊΣΥΦΟΣ",
  "σίσυφος",
  "İx",
  "c:\\dir",
  'say "hi"',
  "tab\tand\nline",
  "\u00e9t\u00e9",
  "e\u0301te\u0301",
  "big\u00a0 \r\n gap",
  "\u3000",
  "x\0y",
  "\ud800z",
  "12345678901234567890",
];
const phrase = fc
  .array(fc.constantFrom(...words), { minLength: 1, maxLength: 14 })
  .map((parts) => parts.join(" ").slice(0, 200));
const message = fc.record({
  role: fc.constantFrom("user", "assistant"),
  content: fc.oneof(
    phrase,
    // Arguments and results of tools: JSON as a string, sometimes of JSON as a string.
    phrase.map((q) => JSON.stringify({ q })),
    phrase.map((q) => JSON.stringify({ q: JSON.stringify({ q }) })),
    fc.array(fc.record({ type: fc.constant("text"), text: phrase }), { maxLength: 2 }),
  ),
});
const text = fc.oneof(
  { weight: 4, arbitrary: fc.array(message, { maxLength: 6 }).map((list) => JSON.stringify(list)) },
  { weight: 1, arbitrary: phrase.filter((plain) => !/^[\s"[{\d-]/.test(plain)) },
  { weight: 1, arbitrary: phrase.map((plain) => JSON.stringify(plain)) },
  {
    weight: 1,
    arbitrary: fc.record({ path: phrase, line: fc.nat() }).map((o) => JSON.stringify(o)),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(message, { maxLength: 4 })
      .map((messages) => JSON.stringify({ model: "m1", messages })),
  },
);

type Spans = Record<string, { input?: string; output?: string }>;
type Step =
  | { do: "put"; trace: string; span: string; input: string; output: string }
  | { do: "delete"; trace: string }
  | {
      do: "settle" | "index" | "step" | "crash" | "reopen" | "rebuild" | "damage" | "lose" | "pack";
    };

const trace = fc.constantFrom("t1", "t2", "t3");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      trace,
      span: fc.constantFrom("s1", "s2", "s3"),
      input: text,
      output: text,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), trace }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("index" as const, "step" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(...(["crash", "reopen", "rebuild", "damage", "lose", "pack"] as const)),
    }),
  },
);
/** White space alone is nothing to search for. */
const asked = words.filter((word) => word.trim() !== "");
const query: fc.Arbitrary<string[]> = fc.oneof<fc.Arbitrary<string[]>[]>(
  fc.constantFrom(...asked).map((word) => [word]),
  phrase.map((p) => [p.slice(0, 12)]).filter(([p]) => p!.trim() !== ""),
  fc.tuple(fc.constantFrom(...asked), fc.constantFrom(...asked)),
  fc.constantFrom(["t1"], ["s2"], ["call"], ["34567890123"], ["ςυ"], ["\0"], ['hi"'], ["gap a"]),
);

/** What is equal for a reader looks equal. */
const plain = (text: string) => text.normalize("NFC").split(/\s+/).join(" ");

/** Each character for itself, so that no rule of `toLowerCase` about its neighbours counts. */
const lower = (text: string) =>
  plain(text)
    .split("")
    .map((c) => (c === "İ" ? "i" : c === "ς" ? "σ" : c.toLowerCase()))
    .join("")
    .toWellFormed()
    .replaceAll("\0", "\ufffd");

const structure = new Set(["role", "content", "type", "text"]);

/** The one member of a nested object with its text as a reader knows it. */
function decoded(text: string): string {
  return text.startsWith('{"q":') ? `{"q":"${decoded(JSON.parse(text).q)}"}` : text;
}

function linesOf(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [decoded(value)];
  if (typeof value === "number") return [String(value)];
  return Object.entries(value as object).flatMap(([name, member]) => [
    ...(Array.isArray(value) || structure.has(name) ? [] : [name]),
    ...linesOf(member),
  ]);
}

/** The messages of a payload, as someone says them who knows nothing of pieces. */
function messagesOf(payload: string): string[] {
  if (!/^[[{"]/.test(payload)) return [payload];
  const value = JSON.parse(payload);
  const units = Array.isArray(value) ? value : value.messages && ["m1", ...value.messages];
  if (!units) return [linesOf(value).join("\n")];
  return units.map((unit: unknown) => linesOf(unit).join("\n"));
}

function modelHits(traces: Map<string, Spans>, wanted: string[]): string[] {
  const hits: string[] = [];
  for (const [id, spans] of traces) {
    const names = ["t", "call", id, ...Object.keys(spans)];
    const said = new Set(
      Object.values(spans).flatMap(({ input, output }) => [
        ...messagesOf(input!),
        ...messagesOf(output!),
      ]),
    );
    for (const unit of [...names, ...said]) {
      if (wanted.every((word) => lower(unit).includes(lower(word).trim())))
        hits.push(shown(id, unit));
    }
  }
  return hits.sort();
}

const shown = (id: string, unit: string) =>
  `${id}: ${plain(unit)
    .replace(/\p{Cc}/gu, " ")
    .slice(0, 200)}`;

const quoted = (word: string) => `"${word.replace(/["\\]/g, "\\$&")}"`;

test("search finds what a scan over all messages finds, whatever was indexed, lost or changed", () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 3, maxLength: 14 }),
      fc.array(query, { minLength: 3, maxLength: 5 }),
      (steps, queries) => {
        using bench = new SearchBench();
        const traces = new Map<string, Spans>();
        let endTime = 1;
        for (const step of steps) {
          if (step.do === "put") {
            const { trace, span, input, output } = step;
            bench.store.store(trace, { [span]: { input, output, endTime: endTime++ } });
            traces.set(trace, { ...traces.get(trace), [span]: { input, output } });
          } else if (step.do === "delete") {
            if (traces.delete(step.trace)) bench.store.delete(step.trace);
          } else if (step.do === "settle") bench.settle();
          else if (step.do === "index") bench.index();
          else if (step.do === "step") bench.step();
          else if (step.do === "crash") bench.crash();
          else if (step.do === "rebuild") bench.indexer.rebuild();
          else if (step.do === "pack") bench.store.collect();
          else if (step.do === "reopen") {
            bench.close();
            bench.open();
          } else {
            bench.close();
            for (const name of existsSync(bench.dir) ? readdirSync(bench.dir) : []) {
              const path = join(bench.dir, name);
              if (step.do === "lose") rmSync(path);
              else writeFileSync(path, "no database");
            }
            bench.open();
          }
          for (const wanted of queries) {
            const hits = bench
              .find(wanted.map(quoted).join(" "))
              .map((hit) => `${hit.traceId}: ${hit.snippet.slice(0, 200)}`)
              .sort();
            expect([step.do, wanted, hits]).toEqual([step.do, wanted, modelHits(traces, wanted)]);
          }
        }
      },
    ),
    { numRuns: 25, includeErrorInReport: true },
  );
});

/** Spans as they come back: by any query, and whole. */
import { describe, expect, test } from "bun:test";
import type { SpanQuery } from "../../../src/backend/spans.ts";
import type { ImportedSpan } from "../../../src/contract/v1.ts";
import { spanFields, toBatch, toSpan, type Bench } from "./bench.ts";

const most = Number.MAX_SAFE_INTEGER;
const odd = 'a\0b\ud800c\udfff 日本 😀 e\u0301 \u2028"\\\ufeff\uffff';

/** With everything that a span can say. */
const full: ImportedSpan = {
  spanId: "a\0\ud800",
  parentSpanId: "a\0\udc00",
  spanType: "llm",
  name: odd,
  startTime: 1,
  endTime: most,
  status: "aborted",
  errorMessage: odd,
  provider: odd,
  modelId: odd,
  usage: {
    inputTokens: most,
    outputTokens: 0,
    totalTokens: most,
    reasoningTokens: 1,
    cachedInputTokens: 2,
    cacheWriteInputTokens: 3,
    imageCount: 4,
    webSearchCount: 5,
    requestCount: 6,
  },
  ttftMs: Number.MAX_VALUE,
  input: `[{"role":"user","content":"${odd.replaceAll(/["\\\0]/g, "")}"},  1e400 ,{"n":18446744073709551615}]`,
  output: odd,
  toolCatalog: "",
  sources: '[1,\n {"a" : 0.10}, "\\ud800"]',
  systemPrompt: `${odd}x`,
  modelCallMs: 1,
  responseTimeMs: 2,
  reasoningDurationMs: 3,
  effectiveOutputTps: 0.1,
  effectiveTotalTps: 5e-324,
  outputTps: 2 ** 64,
  inputTps: 0,
  chunkJitter: { min: 0, p10: 0.1, median: 1, avg: 1.5, p90: 2, max: 1e21 },
  systemFingerprint: odd,
  safetyMetadata: odd,
  rateLimit: { requestsLimit: 1, tokensRemaining: most },
  metadata: { [odd]: odd, empty: "", "": "no name" },
  x: {
    startNanos: 0,
    endNanos: 999_999,
    attributes: '{"big":18446744073709551615, "a": [1.0, null]}',
    traceAttributes: '{"unknown.env":"prod"}',
    resource: '{"attributes":{"host":"h1"}}',
    events: '[{"type":"event","name":"x"}]',
    spanName: odd,
    kind: "client",
    traceState: "a=b",
    flags: 1,
    statusMessage: odd,
    droppedAttributesCount: 1,
    droppedEventsCount: 2,
    droppedLinksCount: 3,
    droppedLogsCount: 4,
    endTimeUnixNano: "18446744073709551615",
    reportedCostUsd: 0.25,
    usageDetails: { audioInputTokens: 7 },
    serviceTier: "flex",
    responseId: odd,
    requestModelId: odd,
    toolCallId: "call",
    toolCallKey: "key",
    instrumentation: odd,
    statusCode: 1,
    textKeys: { input: "gen_ai.input.messages" },
    wholeLengths: { output: 2_000_000 },
    isStartMissing: true,
  },
};

export function describeSpans(empty: () => Bench): void {
  describe("spans", () => {
    test("come back exactly as they were sent, with the fields of their trace", async () => {
      const bench = empty();
      const header = {
        traceName: odd,
        agentName: "",
        customer: { id: odd, name: "", imageUrl: "https://example.com/x" },
        metadata: { [odd]: odd },
        x: { serviceName: odd },
      };
      await bench.send(toBatch("t\0\ud800", [full], header, { receivedAt: 42, source: "otlp" }));
      const { x, ...span } = full;
      const [whole, ...more] = bench.whole("t\0\ud800");
      expect(more).toEqual([]);
      expect(whole!.span).toStrictEqual(span);
      expect(whole!.x).toStrictEqual({ ...x, source: "otlp", receivedAt: 42 });
      expect(whole!.header).toStrictEqual(header);
      expect(whole!.damaged).toEqual([]);
      const { key } = bench.trace("t\0\ud800");
      expect(bench.read((reader) => reader.wholeSpan(key, whole!.key))).toStrictEqual(whole!);
    });

    test("lack what they were sent without", async () => {
      const bench = empty();
      await bench.send(toBatch("t", [{}]));
      const [{ span, x, header }] = bench.whole("t") as [ReturnType<Bench["whole"]>[number]];
      expect(span).toStrictEqual(toSpan());
      expect(x).toStrictEqual({ source: "foglamp", receivedAt: 1 });
      expect(header).toStrictEqual({});
      const [{ key: _, texts, ...record }] = bench.spans("t") as [
        ReturnType<Bench["spans"]>[number],
      ];
      expect(bench.read((reader) => reader.fieldsOf(texts))).toEqual([]);
      const said = Object.entries(record).filter(([, value]) => value !== null);
      expect(Object.fromEntries(said)).toEqual({
        ...{ spanId: "1", spanType: "llm", name: "chat", startTime: 1000, durationMs: 1000 },
        ...{ reportsUsage: false, isCostEstimated: false, isRuntime: false },
      });
    });

    test("tell what is empty from what is absent", async () => {
      const bench = empty();
      const span = { usage: {}, metadata: {}, input: "", modelId: "", errorMessage: "", name: "" };
      await bench.send(toBatch("t", [span]));
      expect(bench.whole("t")[0]!.span).toStrictEqual({ ...toSpan(), ...span });
      const [{ texts, ...record }] = bench.spans("t") as [ReturnType<Bench["spans"]>[number]];
      expect(record).toMatchObject({ reportsUsage: false, metadata: {}, modelId: "" });
      expect(bench.read((reader) => reader.fieldsOf(texts))).toEqual(["input"]);
    });

    test("tell ids apart that differ in one code unit", async () => {
      const bench = empty();
      const ids = ["a", "A", "a\0", "a\ud800", "a\udc00", "a\ufffd", "é", "e\u0301"];
      await bench.send(
        ...ids.map((id) =>
          toBatch(
            id,
            ids.map((spanId) => ({ spanId })),
          ),
        ),
      );
      for (const id of ids) {
        expect(bench.trace(id).summary).toMatchObject({ traceId: id, spanCount: ids.length });
        expect(bench.spans(id).map(({ spanId }) => spanId)).toEqual(ids);
        const found = bench.read((reader) => reader.findSpan({ traceId: id }, { spanId: id }));
        expect(found).toMatchObject({ spanId: id, traceKey: bench.trace(id).key });
      }
    });

    test("come page by page, in the order in which they came", async () => {
      const bench = empty();
      const ids = Array.from({ length: 7 }, (_, i) => `${i}`);
      await bench.send(
        toBatch(
          "t",
          ids.map((spanId) => ({ spanId, startTime: 7 - Number(spanId) })),
        ),
      );
      const { key } = bench.trace("t");
      const seen: string[] = [];
      let after: number | null = null;
      for (;;) {
        const page = bench.read((reader) => [...reader.wholeSpans(key, after, 3)]);
        seen.push(...page.map(({ span }) => span.spanId));
        if (page.length < 3) break;
        after = page.at(-1)!.key;
      }
      expect(seen).toEqual(ids);
    });

    test("are found by the sender's id or their key, and nothing else is", async () => {
      const bench = empty();
      const hex = "0123456789abcdef";
      await bench.send(toBatch(hex.repeat(2), [{ spanId: hex }]), toBatch("u", [{ spanId: "u" }]));
      const find = (traceId: string, span: { spanId: string } | { key: number }) =>
        bench.read((reader) => reader.findSpan({ traceId }, span));
      const { key } = find(hex.repeat(2), { spanId: hex });
      expect(find(hex.repeat(2), { key }).spanId).toBe(hex);
      // OTLP's ids in other ways of writing.
      const uuid = "01234567-89AB-CDEF-0123-456789ABCDEF";
      expect(find(uuid, { spanId: `0x${hex.toUpperCase()}` }).key).toBe(key);
      expect(() => find("u", { key })).toThrow("no such span");
      expect(() => find("u", { spanId: hex })).toThrow("no such span");
      expect(() => find("nowhere", { spanId: hex })).toThrow("no such trace");
    });

    test("are found by any condition, in any order", async () => {
      const bench = empty();
      const spans = (
        [
          ["a", "agent", 10],
          ["b", "llm", 10],
          ["c", "tool", 5],
          ["d", "llm", 20],
          ["e", "agent", 20],
          ["f", "other", 10],
        ] as const
      ).map(([spanId, spanType, startTime]) => ({
        ...{ spanId, spanType, startTime, endTime: 30 },
        ...(spanId !== "a" && { parentSpanId: spanId < "d" ? "a" : "d" }),
      }));
      await bench.send(toBatch("t", spans), toBatch("u", [{ spanId: "u" }]));
      const { key: traceKey } = bench.trace("t");
      const all = bench.spans("t");
      const keyOf = (id: string) => all.find(({ spanId }) => spanId === id)!.key;
      const place = (id: string) => {
        const { startTime, spanType, key } = all.find(({ spanId }) => spanId === id)!;
        return { startTime, spanType, key };
      };
      const ids = (query: Omit<SpanQuery, "traceKey">) =>
        bench
          .read((reader) => [...reader.spans({ traceKey, ...query }, ["spanId"])])
          .map(({ spanId }) => spanId)
          .join("");
      const outside = bench.spans("u")[0]!.key;
      expect(ids({})).toBe("abcdef");
      expect(ids({ isDescending: true })).toBe("fedcba");
      expect(ids({ order: "start" })).toBe("cabfde");
      expect(ids({ order: "start", isDescending: true })).toBe("edfbac");
      expect(ids({ order: "startAndType" })).toBe("cabfed");
      expect(ids({ order: "startAndType", isDescending: true, limit: 2 })).toBe("de");
      expect(ids({ keys: [keyOf("b"), keyOf("d"), outside, -1] })).toBe("bd");
      expect(ids({ keys: [] })).toBe("");
      expect(ids({ lastKey: keyOf("c") })).toBe("abc");
      expect(ids({ types: ["llm", "tool"] })).toBe("bcd");
      expect(ids({ types: [] })).toBe("");
      expect(ids({ parentSpanIds: ["a"] })).toBe("bc");
      expect(ids({ parentSpanIds: ["d", "nowhere"] })).toBe("def");
      expect(ids({ order: "start", after: place("a") })).toBe("bfde");
      expect(ids({ order: "start", from: place("a") })).toBe("abfde");
      expect(ids({ order: "start", before: place("f") })).toBe("cab");
      expect(ids({ order: "start", upTo: place("f"), isDescending: true, limit: 3 })).toBe("fba");
      expect(ids({ order: "startAndType", after: place("f") })).toBe("ed");
      expect(ids({ order: "startAndType", upTo: place("e") })).toBe("cabfe");
      expect(ids({ order: "start", types: ["llm"], after: place("b"), limit: 5 })).toBe("d");
      expect(ids({ limit: 0 })).toBe("");
      expect(bench.read((reader) => [...reader.spans({ traceKey: -1 }, ["key"])])).toEqual([]);
    });

    test("have the fields that are asked for", async () => {
      const bench = empty();
      await bench.send(toBatch("t", [full]));
      const { key: traceKey } = bench.trace("t");
      const [whole] = bench.spans("t");
      for (const field of spanFields) {
        const [part] = bench.read((reader) => [...reader.spans({ traceKey }, [field])]);
        if (field !== "texts") expect([field, part![field]]).toEqual([field, whole![field]]);
      }
    });

    test("tell which of them report one call, and that it counts once", async () => {
      const bench = empty();
      const usage = { inputTokens: 5, outputTokens: 6 };
      const [outer, inner] = ["a", "b"].map((instrumentation, i) => ({
        ...{ spanId: `${i + 1}`, modelId: "m1", usage, startTime: 1000 + i, endTime: 2000 - i },
        x: { instrumentation, responseId: "chatcmpl-00112233445566" },
      }));
      await bench.send(toBatch("t", [{ ...outer, input: "asked" }]), toBatch("t", [inner!]));
      expect(bench.trace("t").summary).toMatchObject({ spanCount: 2, llmCount: 1, inputTokens: 5 });
      const spans = bench.spans("t");
      const repeated = spans.filter(({ repeats }) => repeats !== null);
      expect(repeated).toHaveLength(1);
      expect(repeated[0]!.repeats).toBe(spans.find((span) => span !== repeated[0])!.key);
      const { key: traceKey } = bench.trace("t");
      const shown = bench.read((reader) => [...reader.spans({ traceKey, isShown: true }, ["key"])]);
      expect(shown).toHaveLength(1);
    });

    test("tell of other traces that report the same call", async () => {
      const bench = empty();
      const call = (instrumentation: string, startTime: number, responseId = "answer-1") => [
        { startTime, endTime: startTime + 100, x: { instrumentation, responseId } },
      ];
      bench.writer.createProject("elsewhere");
      const { id } = bench.writer.accounts().projects.find(({ name }) => name === "elsewhere")!;
      await bench.send(
        toBatch("t", call("a", 1000)),
        toBatch("same", call("b", 1050)),
        toBatch("later", call("b", 1100)),
        toBatch("other", call("b", 1050, "answer-2")),
        toBatch("twice", call("a", 1050)),
        toBatch("project", call("b", 1050), {}, { projectId: id }),
      );
      const [{ key }] = bench.spans("t") as [ReturnType<Bench["spans"]>[number]];
      const { key: traceKey } = bench.trace("t");
      const [same] = bench.spans("same");
      expect(bench.read((reader) => reader.sameCalls(traceKey, key, 8))).toEqual([
        { traceKey: bench.trace("same").key, traceId: "same", key: same!.key, spanId: "1" },
      ]);
    });

    test("give a call of OTLP the model of the nearest span above that names one, whichever comes first", async () => {
      const bench = empty();
      const call = {
        ...{ spanId: "call", parentSpanId: "turn", usage: { inputTokens: 1 } },
        x: { instrumentation: "i" },
      };
      const turn = { spanId: "turn", spanType: "agent", modelId: "m1" } as const;
      await bench.send(toBatch("t", [call]), toBatch("t", [turn]));
      expect(bench.spans("t").map(({ modelId }) => modelId)).toEqual(["m1", "m1"]);
      expect(bench.trace("t").summary).toMatchObject({ models: ["m1"], pricedSpanCount: 1 });
      expect(bench.whole("t")[0]!.x.isModelInherited).toBe(true);
    });

    test("say what they know of their trace under names of the sender, the later end last", async () => {
      const bench = empty();
      const attributes = (traceId: string) => {
        const { key } = bench.trace(traceId);
        return bench.read((reader) => reader.traceAttributes(key));
      };
      const say = (spanId: string, endTime: number, traceAttributes: string) => ({
        ...{ spanId, endTime },
        x: { traceAttributes },
      });
      const big = '{"n":18446744073709551615}';
      await bench.send(
        toBatch("t", [say("1", 3000, '{"a":1,"b":2}'), say("2", 2500, '{"a":0,"c":3}')]),
        toBatch("one", [say("1", 3000, big), say("2", 3000, big)]),
        toBatch("none", [{}]),
      );
      expect(JSON.parse(attributes("t")!)).toEqual({ a: 1, b: 2, c: 3 });
      expect(attributes("one")).toBe(big);
      expect(attributes("none")).toBeNull();
    });
  });
}

/** From text to a checked payload: the order of the checks, the rules across fields, the report. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parsePayload } from "../../src/contract/check.ts";
import { AppError } from "../../src/errors.ts";
import { cpuMs, makePayload, makeSpan } from "../helpers.ts";

function parse(payload: unknown) {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return parsePayload(text, { unknownFields: "reject" }).payload;
}

function refusal(payload: unknown): AppError {
  try {
    parse(payload);
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error("the payload was accepted");
}

function refusedAt(payload: unknown): (string | number)[][] {
  const { code, message, issues } = refusal(payload);
  expect({ code, message }).toEqual({ code: "invalid_payload", message: "invalid payload" });
  return issues!.map(({ path }) => path);
}

/** All that a sender gets to see of a refusal. */
function shown({ message, hint, issues, extra }: AppError): string {
  return JSON.stringify({ message, hint, issues, extra });
}

describe("JSON", () => {
  test.each([
    "",
    " ",
    "{",
    "[1,]",
    "undefined",
    "NaN",
    "'v1'",
    '{"version":"v1"}x',
    "\ufeff\ufeff{}",
    '{"a":01}',
    "\0",
    "//\n{}",
  ])("%j is none", (text) => {
    expect(refusal(text)).toMatchObject({
      code: "invalid_json",
      message: "invalid JSON body",
      status: 400,
    });
  });

  test.each(["null", "true", "1", '"x"', "[]", "{}", "[[]]", '[{"version":"v1"}]'])(
    "%s is JSON but no payload",
    (text) => expect(refusedAt(text).length).toBeGreaterThan(0),
  );

  test("of a duplicate key the last value counts", () => {
    const text = JSON.stringify(makePayload({}, { name: "last" }));
    const doubled = text.replace('"name":"last"', '"name":null,"name":"first","name":"last"');
    expect(parse(doubled).traces[0]!.spans[0]!.name).toBe("last");
    expect(refusedAt(text.replace('"name":"last"', '"name":"first","name":null'))).toEqual([
      ["traces", 0, "spans", 0, "name"],
    ]);
    expect(parse(`{"version":"v2",${text.slice(1)}`).version).toBe("v1");
  });

  test("escapes and raw characters are the same text", () => {
    const text = JSON.stringify(makePayload({}, { name: "é😀/" }));
    const escaped = text.replace("é😀/", "\\u00e9\\ud83d\\ude00\\/");
    expect(parse(escaped)).toEqual(parse(text));
  });
});

describe("the name of a trace", () => {
  const at = [["traces", 0, "traceName"]];

  test.each([
    { traceName: "t", agentName: undefined },
    { traceName: undefined, agentName: "a" },
    { traceName: "", agentName: "a" },
    { traceName: "t", agentName: "" },
    { traceName: " ", agentName: undefined },
    { traceName: "", agentName: "\n" },
    { traceName: "\0", agentName: undefined },
  ])("is there with %j", (names) => {
    expect(parse(makePayload(names)).traces).toHaveLength(1);
  });

  test.each([
    { traceName: undefined, agentName: undefined },
    { traceName: "", agentName: undefined },
    { traceName: undefined, agentName: "" },
    { traceName: "", agentName: "" },
  ])("is missing with %j", (names) => {
    expect(refusedAt(makePayload(names))).toEqual(at);
  });
});

describe("the workflow of a trace", () => {
  test.each([
    { workflowName: "w", workflowRunId: "r" },
    { workflowName: " ", workflowRunId: " " },
    { workflowName: "", workflowRunId: "" },
    { workflowName: "" },
    { workflowRunId: "" },
    {},
  ])("is whole with %j", (workflow) => {
    expect(parse(makePayload(workflow)).traces[0]).toMatchObject(workflow);
  });

  test.each([
    [{ workflowName: "w" }, "workflowRunId"],
    [{ workflowName: "w", workflowRunId: "" }, "workflowRunId"],
    [{ workflowRunId: "r" }, "workflowName"],
    [{ workflowName: "", workflowRunId: " " }, "workflowName"],
  ])("is half with %j", (workflow, missing) => {
    expect(refusedAt(makePayload(workflow))).toEqual([["traces", 0, missing]]);
  });
});

describe("the times of a span", () => {
  test.each([
    [0, 0],
    [5, 5],
    [0, 2 ** 53 - 1],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [2 ** 53 - 2, 2 ** 53 - 1],
  ])("may go from %d to %d", (startTime, endTime) => {
    expect(parse(makePayload({}, { startTime, endTime })).traces).toHaveLength(1);
  });

  test("may not end before they start", () => {
    for (const [startTime, endTime] of [
      [1, 0],
      [2 ** 53 - 1, 2 ** 53 - 2],
    ]) {
      expect(refusedAt(makePayload({}, { startTime, endTime }))).toEqual([
        ["traces", 0, "spans", 0, "endTime"],
      ]);
    }
  });
});

describe("a batch", () => {
  test("is refused whole for one bad span", () => {
    const spans = Array.from({ length: 50 }, (_, i) => makeSpan({ spanId: `s${i}` }));
    spans[37] = makeSpan({ spanId: "" });
    expect(refusedAt(makePayload({ spans }))).toEqual([["traces", 0, "spans", 37, "spanId"]]);
    spans[37] = makeSpan({ startTime: 3, endTime: 2 });
    expect(refusedAt(makePayload({ spans }))).toEqual([["traces", 0, "spans", 37, "endTime"]]);
  });

  test("may hold one span id or trace id several times", () => {
    const trace = makePayload({ spans: [makeSpan(), makeSpan({ name: "again" })] }).traces[0]!;
    expect(parse({ version: "v1", traces: [trace, trace] }).traces).toHaveLength(2);
  });

  test("is checked across fields only when each field is right by itself", () => {
    const both = makePayload({ traceName: "" }, { name: 1 });
    expect(refusedAt(both)).toEqual([["traces", 0, "spans", 0, "name"]]);
  });

  test("comes back as it was sent, less what the contract drops", () => {
    const sent = makePayload(
      {
        agentName: "",
        sessionId: "\ud800",
        customer: { id: "c", imageUrl: " https://example.test/ " },
        metadata: { a: "" },
      },
      { status: "ok", usage: {}, rateLimit: {}, chunkOffsets: [1], metadata: {} },
    );
    const [trace] = sent.traces;
    const { chunkOffsets: _, ...span } = trace!.spans[0] as Record<string, unknown>;
    expect(parse(sent)).toStrictEqual({
      version: "v1",
      traces: [
        { ...trace!, customer: { id: "c", imageUrl: "https://example.test/" }, spans: [span] },
      ],
    } as never);
  });
});

describe("the report", () => {
  const codes = [
    "custom",
    "invalid_type",
    "invalid_value",
    "too_big",
    "too_small",
    "unrecognized_keys",
  ];

  test("names each problem by code, path and message", () => {
    const { issues } = refusal(
      makePayload(
        { traceId: "", customer: { id: "c", imageUrl: "no" } },
        { name: "n".repeat(513), spanType: "chain", startTime: -1, extra: 1, metadata: { k: 1 } },
      ),
    );
    const span = ["traces", 0, "spans", 0];
    const byPath = issues!.map(({ code, path }) => [path.join("."), code]);
    expect(byPath.sort()).toEqual(
      [
        [["traces", 0, "traceId"], "too_small"],
        [["traces", 0, "customer", "imageUrl"], "invalid_value"],
        [[...span, "name"], "too_big"],
        [[...span, "spanType"], "invalid_value"],
        [[...span, "startTime"], "too_small"],
        [[...span, "extra"], "unrecognized_keys"],
        [[...span, "metadata", "k"], "invalid_value"],
      ]
        .map(([path, code]) => [(path as string[]).join("."), code as string])
        .sort(),
    );
    for (const issue of issues!) {
      expect(Object.keys(issue).sort()).toEqual(["code", "message", "path"]);
      expect(issue.message).not.toBe("");
      expect(codes).toContain(issue.code);
    }
  });

  test("says which key is unknown, and how such clients are taken in", () => {
    const error = refusal(makePayload({}, { costUsd: 1 }));
    expect(error.hint).toContain("--unknown-fields keep");
    expect(error.issues![0]).toMatchObject({
      code: "unrecognized_keys",
      path: ["traces", 0, "spans", 0, "costUsd"],
    });
    expect(refusal(makePayload({}, { name: 1 })).hint).toContain("/api/docs");
  });

  test("stops at 20 problems, wherever they are", () => {
    const many = (length: number, item: object) => Array.from({ length }, () => item);
    const unknown = Object.fromEntries(many(50, {}).map((_, i) => [`unknown${i}`, 1]));
    for (const payload of [
      { ...makePayload(), ...unknown },
      makePayload(unknown),
      makePayload({}, unknown),
      makePayload({}, { usage: unknown }),
      makePayload({ spans: many(50, makeSpan({ name: 1 })) }),
      makePayload({ spans: many(50, { bad: 1 }) }),
      { version: "v1", traces: many(50, {}) },
      makePayload({ spans: many(50, makeSpan({ startTime: 3, endTime: 2 })) }),
      { version: "v1", traces: many(50, { traceId: "t", spans: [makeSpan()] }) },
      makePayload({}, { chunkOffsets: Array(150).fill(-1) }),
    ])
      expect(refusal(payload).issues).toHaveLength(20);
    expect(refusal(makePayload({ spans: many(19, makeSpan({ name: 1 })) })).issues).toHaveLength(
      19,
    );
  });

  test("finds one bad span among the last of 80,000", () => {
    const traces = Array.from({ length: 40 }, (_, t) => ({
      traceId: `t${t}`,
      traceName: "n",
      spans: Array.from({ length: 2000 }, (_, s) => makeSpan({ spanId: `${s}` })),
    }));
    traces[39]!.spans[1999]!.endTime = -1;
    expect(refusedAt({ version: "v1", traces })).toEqual([
      ["traces", 39, "spans", 1999, "endTime"],
    ]);
  });

  test("does not grow with the names of unknown keys", () => {
    const key = "k".repeat(100_000);
    expect(shown(refusal(makePayload({}, { [key]: 1 }))).length).toBeLessThan(1000);
    expect(shown(refusal(makePayload({ metadata: { [key]: "v" } }))).length).toBeLessThan(1000);
  });
});

describe("no refused value is repeated", () => {
  const secret = "s3cret-marker";
  /** Every value that is wrong somewhere, with the secret in it. */
  const wrong = [
    secret,
    secret.repeat(100_000),
    `${secret}\0`,
    [secret],
    { [`key-${secret}`.slice(0, 3)]: secret },
    [[{ deep: secret }]],
  ];

  test("from any place of a payload", () => {
    const jitter = { min: 0, p10: 0, median: 0, avg: 0, p90: 0, max: 0 };
    const full = makePayload(
      {
        agentName: "a",
        workflowName: "w",
        workflowRunId: "r",
        sessionId: "s",
        customer: { id: "c", name: "n", imageUrl: "https://example.test/" },
        metadata: { k: "v" },
      },
      {
        parentSpanId: "p",
        status: "ok",
        errorMessage: "e",
        provider: "p",
        modelId: "m",
        usage: { inputTokens: 1 },
        ttftMs: 1,
        input: "i",
        modelCallMs: 1,
        outputTps: 1,
        chunkJitter: jitter,
        rateLimit: { tokensLimit: 1 },
        metadata: { k: "v" },
        chunkOffsets: [1],
      },
    );
    let refused = 0;
    const tryAt = (holder: Record<string, unknown>, field: string) => {
      const value = holder[field];
      for (const other of wrong) {
        holder[field] = other;
        try {
          parse(full);
        } catch (cause) {
          refused++;
          expect(shown(cause as AppError)).not.toContain(secret);
        }
      }
      holder[field] = value;
      if (typeof value === "object" && value !== null) {
        for (const key of Object.keys(value)) tryAt(value as Record<string, unknown>, key);
        if (!Array.isArray(value)) tryUnknown(value as Record<string, unknown>);
      }
    };
    const tryUnknown = (holder: Record<string, unknown>) => {
      for (const value of wrong) {
        holder.unknown = value;
        try {
          parse(full);
        } catch (cause) {
          refused++;
          expect(shown(cause as AppError)).not.toContain(secret);
        }
        delete holder.unknown;
      }
    };
    for (const field of Object.keys(full)) tryAt(full as Record<string, unknown>, field);
    tryUnknown(full);
    expect(parse(full).traces).toHaveLength(1);
    expect(refused).toBeGreaterThan(200);
  });

  test("from text that is no JSON", () => {
    for (const text of [secret, `{"a": ${secret}}`, `{"${secret}": }`, `"${secret}`, `[${secret}]`])
      expect(shown(refusal(text))).not.toContain(secret);
  });

  test("by the rules across fields", () => {
    for (const payload of [
      makePayload({ workflowName: secret }),
      makePayload({ workflowRunId: secret }),
      makePayload({ traceName: "", sessionId: secret }),
      makePayload({ traceId: secret }, { spanId: secret, startTime: 2, endTime: 1 }),
    ])
      expect(shown(refusal(payload))).not.toContain(secret);
  });
});

describe("nesting", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  /** A large payload with `json` as the value of an unknown key. */
  const around = (json: string, padding = 0) =>
    JSON.stringify(makePayload({}, { input: "x".repeat(padding), unknown: 0 })).replace(
      '"unknown":0',
      `"unknown":${json}`,
    );
  const isTooDeep = (error: AppError) =>
    error.issues!.length === 1 && error.issues![0]!.message.includes("100");

  test("of 101 levels is an invalid payload, in any body", () => {
    for (const padding of [0, 100_000]) {
      // Payload, traces, trace, spans and span are five levels.
      expect(refusal(around(nested(96), padding)).code).toBe("invalid_payload");
    }
    expect(isTooDeep(refusal(around(nested(95), 100_000)))).toBe(false);
    expect(isTooDeep(refusal(around(nested(96), 100_000)))).toBe(true);
  });

  test("of 101 levels under a key that is skipped is refused in a small body, too", () => {
    const text = JSON.stringify(makePayload({ metadata: { marker: "" } }));
    refusal(text.replace('"marker":""', `"__proto__":${nested(200)}`));
  });

  test("of 101 levels under a key that is skipped is refused in a large body", () => {
    const text = JSON.stringify(
      makePayload({ metadata: { marker: "" } }, { input: "x".repeat(100_000) }),
    );
    const at = (levels: number) => text.replace('"marker":""', `"__proto__":${nested(levels)}`);
    expect(parse(at(96)).traces).toHaveLength(1);
    expect(isTooDeep(refusal(at(97)))).toBe(true);
  });

  test("of millions of levels is refused without a wait, closed or not", () => {
    for (const text of [
      "[".repeat(5_000_000),
      '{"a":'.repeat(2_000_000),
      nested(2_000_000),
      `{"version":"v1","traces":${nested(1_000_000)}}`,
    ]) {
      const startedAt = cpuMs();
      expect(refusal(text).code).toBe("invalid_payload");
      expect(cpuMs() - startedAt).toBeLessThan(500);
    }
  });

  test("just below the length that is scanned is refused without a wait", () => {
    for (const text of ["[".repeat(16_000), nested(8000), '{"a":'.repeat(3200)]) {
      const startedAt = cpuMs();
      expect(["invalid_json", "invalid_payload"]).toContain(refusal(text).code);
      expect(cpuMs() - startedAt).toBeLessThan(200);
    }
  });
});

test("whatever the text, the answer is a payload or a refusal with 1 to 20 problems", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `{"version":"v1","traces":[${json}]}`),
    fc.json().map((json) => `{"version":"v1","traces":[{"traceId":"t","spans":[${json}]}]}`),
  );
  fc.assert(
    fc.property(text, (text) => {
      const { code, issues = [] } = refusal(text);
      if (code === "invalid_json") return;
      expect(code).toBe("invalid_payload");
      expect(issues.length).toBeWithin(1, 21);
    }),
  );
});

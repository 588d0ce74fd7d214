/** Every field of the contract at its limits. The figures stand here, apart from src/limits.ts. */
import { describe, expect, test } from "bun:test";
import { parsePayload } from "../../src/contract/check.ts";
import { Payload, Span, Trace } from "../../src/contract/v1.ts";
import { AppError } from "../../src/errors.ts";
import { makePayload, makeSpan } from "../helpers.ts";

type Fields = Record<string, unknown>;
type Path = (string | number)[];

const jitter = { min: 0, p10: 0, median: 0, avg: 0, p90: 0, max: 0 };
const inTrace: Path = ["traces", 0];
const inSpan: Path = [...inTrace, "spans", 0];

/** Every closed object: a valid payload around it, and the path that leads to it. */
const places = {
  payload: { around: (fields: Fields) => ({ ...makePayload(), ...fields }), path: [] },
  trace: { around: (fields: Fields) => makePayload(fields), path: inTrace },
  customer: {
    around: (fields: Fields) => makePayload({ customer: { id: "c", ...fields } }),
    path: [...inTrace, "customer"],
  },
  span: { around: (fields: Fields) => makePayload({}, fields), path: inSpan },
  usage: {
    around: (fields: Fields) => makePayload({}, { usage: fields }),
    path: [...inSpan, "usage"],
  },
  chunkJitter: {
    around: (fields: Fields) => makePayload({}, { chunkJitter: { ...jitter, ...fields } }),
    path: [...inSpan, "chunkJitter"],
  },
  rateLimit: {
    around: (fields: Fields) => makePayload({}, { rateLimit: fields }),
    path: [...inSpan, "rateLimit"],
  },
} satisfies Record<string, { around: (fields: Fields) => unknown; path: Path }>;

type Place = keyof typeof places;

/** Stands for JSON that JSON.stringify cannot write, such as `1e400` or an own `__proto__`. */
class Raw {
  readonly json: string;
  constructor(json: string) {
    this.json = json;
  }
  toJSON() {
    return `«${this.json}»`;
  }
}

function toText(value: unknown): string {
  return JSON.stringify(value).replace(/"«(.*?)»"/g, (_, json) => JSON.parse(`"${json}"`));
}

function parse(payload: unknown) {
  return parsePayload(toText(payload), { unknownFields: "reject" }).payload;
}

/** The issues' paths, or null where the payload was accepted. */
function refusedAt(payload: unknown): Path[] | null {
  try {
    parse(payload);
    return null;
  } catch (cause) {
    expect(cause).toBeInstanceOf(AppError);
    expect((cause as AppError).code).toBe("invalid_payload");
    return (cause as AppError).issues!.map(({ path }) => path);
  }
}

/** What the checked payload has where `field` was put. */
function accepted(place: Place, fields: Fields, field: string): unknown {
  let at: any = parse(places[place].around(fields));
  for (const step of places[place].path) at = at[step];
  return at[field];
}

function expectRefused(place: Place, fields: Fields, field: string): void {
  expect(refusedAt(places[place].around(fields))).toEqual([[...places[place].path, field]]);
}

const texts: [place: Place, field: string, min: number, max: number][] = [
  ["trace", "traceId", 1, 128],
  ["trace", "traceName", 0, 256],
  ["trace", "agentName", 0, 256],
  ["trace", "workflowName", 0, 256],
  ["trace", "workflowRunId", 0, 128],
  ["trace", "sessionId", 0, 128],
  ["customer", "id", 1, 128],
  ["customer", "name", 0, 256],
  ["span", "spanId", 1, 128],
  ["span", "parentSpanId", 1, 128],
  ["span", "name", 0, 512],
  ["span", "errorMessage", 0, 8192],
  ["span", "provider", 0, 128],
  ["span", "modelId", 0, 256],
  ["span", "input", 0, 1_000_000],
  ["span", "output", 0, 1_000_000],
  ["span", "toolCatalog", 0, 1_000_000],
  ["span", "sources", 0, 1_000_000],
  ["span", "systemPrompt", 0, 1_000_000],
  ["span", "systemFingerprint", 0, 256],
  ["span", "safetyMetadata", 0, 16_384],
];

/** Fields that the rules across fields want beside this one. */
function beside(field: string): Fields {
  if (field === "traceName") return { agentName: "a" };
  if (field === "workflowName") return { workflowRunId: "r" };
  if (field === "workflowRunId") return { workflowName: "w" };
  return {};
}

describe.each(texts)("%s.%s", (place, field, min, max) => {
  const put = (value: unknown) => ({ ...beside(field), [field]: value });

  test(`holds at most ${max} UTF-16 code units`, () => {
    const full = "x".repeat(max);
    expect(accepted(place, put(full), field)).toBe(full);
    expectRefused(place, put(`${full}x`), field);
    const emoji = "😀".repeat(max / 2);
    expect(accepted(place, put(emoji), field)).toBe(emoji);
    expectRefused(place, put(`${emoji}x`), field);
  });

  test(min === 0 ? "may be empty" : "may not be empty", () => {
    // An empty name of a workflow is an absent one, so nothing may stand beside it.
    if (min > 0) expectRefused(place, put(""), field);
    else if (field.startsWith("workflow")) expect(accepted(place, { [field]: "" }, field)).toBe("");
    else expect(accepted(place, put(""), field)).toBe("");
  });

  test("is text and nothing else", () => {
    for (const value of [null, 0, 1.5, true, [], {}, ["x"]])
      expectRefused(place, put(value), field);
  });

  test("keeps NUL, line breaks and lone surrogates as they are", () => {
    for (const text of ["\0", "a\0b", "\n", "\ud800", "x\udc00", "\ud800\ud800"])
      expect(accepted(place, put(text), field)).toBe(text);
  });
});

const counts: [place: Place, field: string][] = [
  ["span", "startTime"],
  ["span", "endTime"],
  ["span", "modelCallMs"],
  ["span", "responseTimeMs"],
  ["span", "reasoningDurationMs"],
  ["usage", "inputTokens"],
  ["usage", "outputTokens"],
  ["usage", "totalTokens"],
  ["usage", "reasoningTokens"],
  ["usage", "cachedInputTokens"],
  ["usage", "cacheWriteInputTokens"],
  ["usage", "imageCount"],
  ["usage", "webSearchCount"],
  ["usage", "requestCount"],
  ["rateLimit", "requestsLimit"],
  ["rateLimit", "requestsRemaining"],
  ["rateLimit", "requestsResetMs"],
  ["rateLimit", "tokensLimit"],
  ["rateLimit", "tokensRemaining"],
  ["rateLimit", "tokensResetMs"],
];

describe.each(counts)("%s.%s", (place, field) => {
  const put = (json: string) => ({
    ...(field === "startTime" && { endTime: Number.MAX_SAFE_INTEGER }),
    ...(field === "endTime" && { startTime: 0 }),
    [field]: new Raw(json),
  });

  test.each([
    ["0", 0],
    ["1", 1],
    ["9007199254740991", 2 ** 53 - 1],
    ["1.0", 1],
    ["1e3", 1000],
    ["-0", -0],
    ["0e5", 0],
    ["12.5e1", 125],
  ])("accepts the count %s", (json, value) => {
    expect(accepted(place, put(json), field)).toBe(value);
  });

  test.each(["1.5", "-1", "9007199254740992", "1e21", "1e400", "-1e400", "0.1", "-0.5"])(
    "refuses %s, which is no count",
    (json) => expectRefused(place, put(json), field),
  );

  test.each(["null", '"1"', '""', "true", "false", "[]", "[1]", "{}"])(
    "refuses %s, which is no number",
    (json) => expectRefused(place, put(json), field),
  );
});

const numbers: [place: Place, field: string][] = [
  ["span", "ttftMs"],
  ["span", "effectiveOutputTps"],
  ["span", "effectiveTotalTps"],
  ["span", "outputTps"],
  ["span", "inputTps"],
  ["chunkJitter", "min"],
  ["chunkJitter", "p10"],
  ["chunkJitter", "median"],
  ["chunkJitter", "avg"],
  ["chunkJitter", "p90"],
  ["chunkJitter", "max"],
];

describe.each(numbers)("%s.%s", (place, field) => {
  test.each(["0", "-0", "0.1", "1.5", "5e-324", "9007199254740992", "1.7976931348623157e308"])(
    "accepts the number %s",
    (json) => {
      expect(accepted(place, { [field]: new Raw(json) }, field)).toBe(Number(json));
    },
  );

  test.each(["-1", "-0.1", "-5e-324", "1e400", "-1e400", "null", '"1"', "true", "[]", "{}"])(
    "refuses %s",
    (json) => expectRefused(place, { [field]: new Raw(json) }, field),
  );
});

describe("required fields", () => {
  const required: [place: Place, field: string][] = [
    ["payload", "version"],
    ["payload", "traces"],
    ["trace", "traceId"],
    ["trace", "spans"],
    ["customer", "id"],
    ["span", "spanId"],
    ["span", "spanType"],
    ["span", "name"],
    ["span", "startTime"],
    ["span", "endTime"],
    ...Object.keys(jitter).map((field): [Place, string] => ["chunkJitter", field]),
  ];

  test.each(required)("%s.%s must be there, once reported", (place, field) => {
    // JSON.stringify leaves undefined out.
    expectRefused(place, { [field]: undefined }, field);
  });

  test("are the only ones: everything else may be absent", () => {
    const payload = makePayload();
    expect(parse(payload)).toEqual(payload as never);
    for (const place of ["usage", "rateLimit", "customer", "chunkJitter"] as const)
      expect(refusedAt(places[place].around({}))).toBeNull();
  });
});

describe("closed choices", () => {
  test.each(["agent", "llm", "tool", "embedding", "other"])("spanType may be %s", (spanType) => {
    expect(accepted("span", { spanType }, "spanType")).toBe(spanType);
  });

  test.each(["ok", "error", "aborted"])("status may be %s", (status) => {
    expect(accepted("span", { status }, "status")).toBe(status);
  });

  test("nothing else is one of them", () => {
    for (const value of ["", "LLM", "llm ", "chain", "agent\0", null, 0, true, [], ["llm"], {}])
      expectRefused("span", { spanType: value }, "spanType");
    for (const value of ["", "OK", "failed", "unset", null, 0, true, [], ["ok"], {}])
      expectRefused("span", { status: value }, "status");
    for (const value of ["v2", "V1", "", "1", 1, null, ["v1"], {}])
      expectRefused("payload", { version: value }, "version");
  });

  test("an absent status stays absent in what is handed on", () => {
    expect(accepted("span", {}, "status")).toBeUndefined();
  });
});

describe("how many", () => {
  const spans = (length: number) => Array.from({ length }, (_, i) => makeSpan({ spanId: `s${i}` }));
  const traces = (length: number) =>
    Array.from({ length }, (_, i) => ({ traceId: `t${i}`, traceName: "n", spans: [makeSpan()] }));

  test("a payload holds 1 to 1000 traces", () => {
    expect(refusedAt({ version: "v1", traces: traces(1000) })).toBeNull();
    expect(refusedAt({ version: "v1", traces: traces(1001) })).toEqual([["traces"]]);
    expect(refusedAt({ version: "v1", traces: [] })).toEqual([["traces"]]);
  });

  test("a trace holds 1 to 2000 spans", () => {
    expect(refusedAt(makePayload({ spans: spans(2000) }))).toBeNull();
    expectRefused("trace", { spans: spans(2001) }, "spans");
    expectRefused("trace", { spans: [] }, "spans");
  });

  test("lists are lists, and objects are objects", () => {
    for (const value of [null, {}, "x", 1, true]) {
      expectRefused("payload", { traces: value }, "traces");
      expectRefused("trace", { spans: value }, "spans");
    }
    for (const value of [null, [], "x", 1, true]) {
      for (const field of ["usage", "chunkJitter", "rateLimit", "metadata"])
        expect(refusedAt(makePayload({}, { [field]: value }))).toContainEqual([...inSpan, field]);
      for (const field of ["customer", "metadata"])
        expect(refusedAt(makePayload({ [field]: value }))).toContainEqual([...inTrace, field]);
      expect(refusedAt(makePayload({ spans: [value] }))).toContainEqual(inSpan);
      expect(refusedAt({ version: "v1", traces: [value] })).toContainEqual(inTrace);
      expect(refusedAt(value)).toContainEqual([]);
    }
  });
});

describe("deprecated arrays", () => {
  const fields = ["chunkOffsets", "chunkTokens", "reasoningOffsets", "reasoningChunkTokens"];

  test.each(fields)("%s is accepted up to 200 counts, and dropped", (field) => {
    for (const value of [[], [0, 1, 2 ** 53 - 1], Array(200).fill(7)]) {
      expect(refusedAt(makePayload({}, { [field]: value }))).toBeNull();
      expect(parse(makePayload({}, { [field]: value })).traces[0]!.spans[0]).not.toHaveProperty(
        field,
      );
    }
    expectRefused("span", { [field]: Array(201).fill(7) }, field);
    for (const value of [null, {}, "x", 1]) expectRefused("span", { [field]: value }, field);
    for (const item of [-1, 1.5, 2 ** 53, "1", null]) {
      expect(refusedAt(makePayload({}, { [field]: [0, item] }))).toEqual([[...inSpan, field, 1]]);
    }
  });
});

describe("closed objects", () => {
  const keys = [
    "extra",
    "constructor",
    "toString",
    "hasOwnProperty",
    "x",
    "a/b",
    "a~b",
    "",
    "a\nb",
    "TraceId",
  ];

  describe.each(Object.keys(places) as Place[])("%s", (place) => {
    test.each(keys)("refuses the unknown key %j whatever its value", (key) => {
      for (const value of [null, 1, "x", [], {}]) expectRefused(place, { [key]: value }, key);
    });

    test("takes an own __proto__ for an unknown key", () => {
      const text = toText(places[place].around({ marker: 1 }));
      for (const value of ["{}", "null", '"x"']) {
        expectRefusedText(text.replace('"marker":1', `"__proto__":${value}`), [
          ...places[place].path,
          "__proto__",
        ]);
      }
    });
  });

  function expectRefusedText(text: string, path: Path): void {
    expect(() => parsePayload(text, { unknownFields: "reject" })).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ path })] }),
    );
  }
});

describe.each([
  ["trace", inTrace],
  ["span", inSpan],
] as const)("%s.metadata", (place, path) => {
  const put = (metadata: unknown) => places[place].around({ metadata });
  const keysOf = (length: number) =>
    Object.fromEntries(Array.from({ length }, (_, i) => [`k${i}`, "v"]));

  test("holds at most 64 keys", () => {
    expect(accepted(place, { metadata: keysOf(64) }, "metadata")).toEqual(keysOf(64));
    expect(accepted(place, { metadata: {} }, "metadata")).toEqual({});
    expectRefused(place, { metadata: keysOf(65) }, "metadata");
  });

  test("has keys of at most 128 and values of at most 1024 code units", () => {
    const key = "k".repeat(128);
    const value = "v".repeat(1024);
    expect(accepted(place, { metadata: { [key]: value } }, "metadata")).toEqual({ [key]: value });
    expect(refusedAt(put({ [`${key}k`]: "v" }))).toHaveLength(1);
    expect(refusedAt(put({ k: `${value}v` }))).toEqual([[...path, "metadata", "k"]]);
    const emoji = "😀".repeat(64);
    expect(refusedAt(put({ [emoji]: "v" }))).toBeNull();
    expect(refusedAt(put({ [`${emoji}k`]: "v" }))).toHaveLength(1);
  });

  test("takes any text for a key", () => {
    const metadata = Object.fromEntries(
      [
        "",
        "a\nb",
        "\r",
        "\u2028",
        "\0",
        "a/b",
        "a~b",
        "constructor",
        "toString",
        "\ud800",
        "0",
      ].map((key) => [key, key]),
    );
    expect(accepted(place, { metadata }, "metadata")).toEqual(metadata);
  });

  test("takes nothing but text for a value", () => {
    for (const value of [null, 1, true, [], {}, ["v"]]) {
      expect(refusedAt(put({ good: "v", k: value }))).toEqual([[...path, "metadata", "k"]]);
    }
  });

  test("skips an own __proto__ whatever its value, also beside 64 keys", () => {
    for (const value of ['"v"', "null", "1", '{"polluted":"yes"}', `"${"v".repeat(2000)}"`]) {
      const text = toText(put({ ...keysOf(64), marker: 1 })).replace(
        '"marker":1',
        `"__proto__":${value}`,
      );
      let metadata: any = parsePayload(text, { unknownFields: "reject" }).payload;
      for (const step of [...path, "metadata"]) metadata = metadata[step];
      expect(Object.hasOwn(metadata, "__proto__")).toBe(false);
      expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
      expect(metadata).toEqual(keysOf(64));
    }
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

describe("customer.imageUrl", () => {
  const at2048 = `https://example.test/${"x".repeat(2048 - 21)}`;

  test.each([
    "https://example.test/a.png",
    "http://localhost:1/?q=1#f",
    "data:image/png;base64,AAAA",
    "x:y",
    "https://例え.test/",
    "https://example.test/a b",
    "https://example.test/\ud800",
  ])("accepts %j as it is", (imageUrl) => {
    expect(accepted("customer", { imageUrl }, "imageUrl")).toBe(imageUrl);
  });

  test("is trimmed, and measured after that", () => {
    expect(at2048).toHaveLength(2048);
    expect(accepted("customer", { imageUrl: at2048 }, "imageUrl")).toBe(at2048);
    expect(accepted("customer", { imageUrl: ` \n\t${at2048}\u00a0 ` }, "imageUrl")).toBe(at2048);
    expectRefused("customer", { imageUrl: `${at2048}x` }, "imageUrl");
  });

  test("must be a URL by the WHATWG parser", () => {
    for (const imageUrl of [
      "",
      " ",
      "example.test/a.png",
      "/a.png",
      "//example.test",
      "https://",
      "http://exa mple.test/",
      "http://example.test:99999/",
      null,
      1,
      {},
      [],
    ])
      expectRefused("customer", { imageUrl }, "imageUrl");
  });
});

test("no field of the schema is left out here", () => {
  const tested = new Set([...texts, ...counts, ...numbers].map(([place, field]) => place + field));
  const others = {
    payload: ["version", "traces"],
    trace: ["customer", "metadata", "spans"],
    customer: ["imageUrl"],
    span: [
      "spanType",
      "status",
      "usage",
      "chunkJitter",
      "rateLimit",
      "metadata",
      "chunkOffsets",
      "chunkTokens",
      "reasoningOffsets",
      "reasoningChunkTokens",
    ],
    usage: [],
    chunkJitter: [],
    rateLimit: [],
  } satisfies Record<Place, string[]>;
  const { usage, chunkJitter, rateLimit } = Span.properties as Record<string, unknown>;
  const schemas: Record<Place, unknown> = {
    payload: Payload,
    trace: Trace,
    customer: Trace.properties.customer,
    span: Span,
    usage,
    chunkJitter,
    rateLimit,
  };
  for (const [place, schema] of Object.entries(schemas) as [Place, { properties: object }][]) {
    const missing = Object.keys(schema.properties).filter(
      (field) => !tested.has(place + field) && !(others[place] as string[]).includes(field),
    );
    expect(missing).toEqual([]);
  }
});

import { describe, expect, test } from "bun:test";
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { decompress } from "../../src/contract/body.ts";
import { AppError } from "../../src/errors.ts";
import { makePayload } from "../helpers.ts";

const maxBytes = 10 * 1024 * 1024;
const bytes = (text: string) => new TextEncoder().encode(text);

const readText = (body: Uint8Array, encoding: string | null, limit: number) =>
  new TextDecoder().decode(decompress(body, encoding, limit, "invalid_json"));

function failureOf(body: Uint8Array, encoding: string | null, limit = maxBytes): AppError {
  try {
    readText(body, encoding, limit);
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error("the body was read");
}

const small = JSON.stringify(makePayload());
/** Text that hardly compresses, for blocks of another kind than repetitions make. */
const dense = Array.from({ length: 100_000 }, (_, i) =>
  String.fromCharCode(35 + ((Math.imul(i ^ (i >>> 3), 2654435761) >>> 25) % 57)),
).join("");
const bodies = {
  small,
  repetitive: JSON.stringify(makePayload({}, { input: "the same words, ".repeat(20_000) })),
  dense: JSON.stringify(makePayload({}, { input: dense })),
  spaced: ` \r\n\t${JSON.stringify(makePayload(), null, 2)}\n`,
  unicode: JSON.stringify(makePayload({}, { input: "é例😀\0".repeat(1000) })),
};

const encoders: [name: string, encoding: string, encode: (text: string) => Uint8Array][] = [
  ["gzip", "gzip", gzipSync],
  ["x-gzip", "x-gzip", gzipSync],
  ["GZip, spelt so", " GZip ", gzipSync],
  ["zlib", "deflate", deflateSync],
  ["zlib, stored", "deflate", (text) => deflateSync(text, { level: 0 })],
  ["raw deflate", "deflate", deflateRawSync],
  ["raw deflate, stored", "deflate", (text) => deflateRawSync(text, { level: 0 })],
  [
    "raw deflate, fixed",
    "deflate",
    (text) => deflateRawSync(text, { strategy: constants.Z_FIXED }),
  ],
  ["zstd", "zstd", zstdCompressSync],
  [
    "brotli",
    "br",
    (text) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ],
  ...[10, 16, 18, 20, 21, 23, 24].map((window): [string, string, (text: string) => Uint8Array] => [
    `brotli, window 2^${window}`,
    "br",
    (text) =>
      brotliCompressSync(text, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: 4,
          [constants.BROTLI_PARAM_LGWIN]: window,
        },
      }),
  ]),
];

describe.each(encoders)("%s", (_, encoding, encode) => {
  test("is read back exactly", () => {
    for (const text of Object.values(bodies))
      expect(readText(encode(text), encoding, maxBytes)).toBe(text);
  });

  test("may hold a byte order mark", () => {
    expect(readText(encode(`\ufeff${small}`), encoding, maxBytes)).toBe(small);
  });

  test("is held to the limit after decompression", () => {
    const limit = small.length;
    expect(readText(encode(small), encoding, limit)).toBe(small);
    expect(failureOf(encode(`${small} `), encoding, limit)).toMatchObject({
      code: "payload_too_large",
      message: "payload too large",
      status: 413,
    });
    const bomb = encode(" ".repeat(50_000_000));
    expect(failureOf(bomb, encoding, 100_000).code).toBe("payload_too_large");
  });

  test("named over a plain JSON body does no harm", () => {
    for (const text of Object.values(bodies))
      expect(readText(bytes(text), encoding, maxBytes)).toBe(text);
    for (const text of ["", " ", "{}", "{\n}", `\ufeff${small}`, `${" ".repeat(200)}${small}`])
      expect(readText(bytes(text), encoding, maxBytes)).toBe(text.replace("\ufeff", ""));
  });
});

describe("a damaged stream", () => {
  const checked = encoders.filter(([, encoding]) => encoding !== "zstd");

  test.each(checked)("of %s is no JSON", (_, encoding, encode) => {
    const whole = encode(bodies.dense);
    for (const kept of [whole.length - 20, whole.length >> 1, 20]) {
      expect(failureOf(whole.subarray(0, kept), encoding)).toMatchObject({
        code: "invalid_json",
        message: "invalid JSON body",
        status: 400,
      });
    }
  });

  test("of zstd is no JSON, or at least not all of it", () => {
    const whole = zstdCompressSync(bodies.dense);
    for (const kept of [whole.length - 20, whole.length >> 1, 20]) {
      let text = "";
      try {
        text = readText(whole.subarray(0, kept), "zstd", maxBytes);
      } catch (cause) {
        expect(cause).toMatchObject({ code: "invalid_json" });
      }
      expect(() => JSON.parse(text)).toThrow();
    }
  });

  test("with other bytes inside is noticed by its checksum", () => {
    for (const [encoding, encode] of [
      ["gzip", gzipSync],
      ["deflate", deflateSync],
    ] as const) {
      const broken = Uint8Array.from(encode(bodies.dense));
      broken[broken.length >> 1]! ^= 0xff;
      expect(failureOf(broken, encoding).code).toBe("invalid_json");
    }
  });

  test("of something else than the header says is left to the JSON parser", () => {
    for (const encoding of ["gzip", "zstd"]) {
      const text = readText(bytes("plain words"), encoding, maxBytes);
      expect(text).toBe("plain words");
    }
    expect(failureOf(bytes("plain words"), "deflate").code).toBe("invalid_json");
    expect(failureOf(bytes("plain words"), "br").code).toBe("invalid_json");
  });
});

test("an encoding that is not known is not undone", () => {
  for (const encoding of [null, "identity", "", "compress", "gzip, gzip"])
    expect(readText(bytes(small), encoding, maxBytes)).toBe(small);
  expect(() => JSON.parse(readText(gzipSync(small), null, maxBytes))).toThrow();
});

describe("plain text", () => {
  const read = (...parts: (string | number[])[]) =>
    readText(Buffer.concat(parts.map((part) => Buffer.from(part as string))), null, maxBytes);

  test("may begin with one byte order mark, not two", () => {
    expect(read("\ufeff{}")).toBe("{}");
    expect(() => JSON.parse(read("\ufeff\ufeff{}"))).toThrow();
    expect(read('{"a":"\ufeff"}')).toBe('{"a":"\ufeff"}');
  });

  test.each([
    ["a byte that never occurs", [0xff], "\ufffd"],
    ["a lone continuation", [0x80], "\ufffd"],
    ["a cut-off sequence", [0xe2, 0x82], "\ufffd"],
    ["an overlong slash", [0xc0, 0xaf], "\ufffd\ufffd"],
    ["a surrogate in UTF-8", [0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
    ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80], "\ufffd\ufffd\ufffd\ufffd"],
  ])("that is bad UTF-8 becomes U+FFFD: %s", (_, wrong, shown) => {
    expect(JSON.parse(read('{"a":"x', wrong, 'y"}'))).toEqual({ a: `x${shown}y` });
  });

  test("in UTF-16 or UTF-32 is no JSON", () => {
    const le = Buffer.from(small, "utf16le");
    const be = Buffer.from(le).swap16();
    const wide = Buffer.from(new Uint32Array([...small].map((c) => c.codePointAt(0)!)).buffer);
    for (const body of [
      le,
      be,
      Buffer.concat([Buffer.from([0xff, 0xfe]), le]),
      Buffer.concat([Buffer.from([0xfe, 0xff]), be]),
      wide,
    ])
      expect(() => JSON.parse(readText(body, null, maxBytes))).toThrow();
  });
});

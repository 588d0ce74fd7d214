/** The bytes of a request: decompression under a cap. */
import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import { AppError, type ErrorCode } from "../errors.ts";

/**
 * A request body without its compression. A `Content-Encoding` counts only where the bytes agree with
 * it, so a header that lies about a plain JSON body does no harm.
 *
 * @param damaged the error of the protocol for a compressed stream that is damaged.
 * @throws AppError `payload_too_large` where the body is larger than `maxBytes` once decompressed.
 */
export function decompress(
  body: Uint8Array,
  encoding: string | null,
  maxBytes: number,
  damaged: ErrorCode,
): Uint8Array {
  const inflate = encoding === null ? null : inflaterFor(body, encoding.trim().toLowerCase());
  if (!inflate) return body;
  try {
    return inflate(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") {
      throw new AppError("payload_too_large", "payload too large", { cause });
    }
    const message = damaged === "invalid_json" ? "invalid JSON body" : "invalid body";
    throw new AppError(damaged, message, {
      hint: "the compressed body is damaged or cut off",
      cause,
    });
  }
}

type Inflate = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

function inflaterFor(body: Uint8Array, encoding: string): Inflate | null {
  const [a, b, c, d] = body;
  if (encoding === "gzip" || encoding === "x-gzip")
    return a === 0x1f && b === 0x8b ? gunzipSync : null;
  if (encoding === "zstd") {
    return a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd ? zstdDecompressSync : null;
  }
  if (encoding === "deflate") {
    // RFC 9110 means zlib's format; some clients send the raw stream.
    if (a === undefined || looksLikeJson(body)) return null;
    return (a & 0x0f) === 8 && ((a << 8) | (b ?? 0)) % 31 === 0 ? inflateSync : inflateRawSync;
  }
  if (encoding === "br") return looksLikeJson(body) ? null : brotliDecompressSync;
  return null;
}

/**
 * Whether a body starts as a JSON object does. Its first byte alone would not tell: a raw deflate
 * stream may begin with a brace or white space, brotli of 64 KB and more with a bracket.
 */
function looksLikeJson(body: Uint8Array): boolean {
  return /^\s*(\{\s*(["}]|$)|$)/.test(new TextDecoder().decode(body.subarray(0, 64)));
}

/** Decompresses request bodies, up to a maximum size. */
import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import { AppError, type ErrorCode } from "../errors.ts";

/**
 * Decompresses a request body. A `Content-Encoding` is used only if the bytes agree with it, so a wrong
 * header on a plain JSON body does no harm.
 *
 * @param damaged creates the protocol's error for a damaged compressed stream.
 * @throws AppError `payload_too_large` if the decompressed body is larger than `maxBytes`.
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
    // RFC 9110 means the zlib format; some clients send the raw deflate stream.
    if (a === undefined || looksLikeJson(body)) return null;
    return (a & 0x0f) === 8 && ((a << 8) | (b ?? 0)) % 31 === 0 ? inflateSync : inflateRawSync;
  }
  if (encoding === "br") return looksLikeJson(body) ? null : brotliDecompressSync;
  return null;
}

/**
 * Whether a body starts like a JSON object. The first byte is not enough: a raw deflate stream can start
 * with a brace or whitespace, brotli of 64 KB and more with a bracket.
 */
function looksLikeJson(body: Uint8Array): boolean {
  return /^\s*(\{\s*(["}]|$)|$)/.test(new TextDecoder().decode(body.subarray(0, 64)));
}

/**
 * Compression of answers, as the client accepts it. zstd at its fastest level beats gzip in both bytes and
 * time: the skeleton of 50,000 spans (19 MB of objects) is 2.0 MB in 70 ms, with gzip 2.5 MB in 330. Level 4
 * of gzip is the last that gains more than it takes. Brotli has no client that knows neither.
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { compression as limits } from "../limits.ts";

export type Coding = "zstd" | "gzip";

type Bytes = Uint8Array<ArrayBuffer>;

const zstdLevel = 1;
const gzipLevel = 4;
const gzipAsync = promisify(gzip);

/** Null where the client takes neither. */
export function codingFor(request: Request): Coding | null {
  const header = request.headers.get("accept-encoding");
  if (header === null) return null;
  if (accepts(header, "zstd")) return "zstd";
  return accepts(header, "gzip") ? "gzip" : null;
}

export function acceptsGzip(request: Request): boolean {
  return accepts(request.headers.get("accept-encoding") ?? "", "gzip");
}

function accepts(header: string, coding: Coding): boolean {
  return header
    .toLowerCase()
    .split(",")
    .some((part) => {
      const [name, ...parameters] = part.split(";").map((word) => word.trim());
      return name === coding && !parameters.some((word) => /^q=0(\.0*)?$/.test(word));
    });
}

/** Off the event loop where it takes longer than the way there, 0.15 ms. */
export function compressText(text: string, coding: Coding): Bytes | Promise<Bytes> {
  if (text.length < limits.asyncLength) {
    return coding === "zstd"
      ? (Bun.zstdCompressSync(text, { level: zstdLevel }) as Bytes)
      : Bun.gzipSync(text, { level: gzipLevel });
  }
  return coding === "zstd"
    ? (Bun.zstdCompress(text, { level: zstdLevel }) as Promise<Bytes>)
    : (gzipAsync(text, { level: gzipLevel }) as Promise<Bytes>);
}

export function compressStream(
  stream: ReadableStream<Uint8Array>,
  coding: Coding,
): ReadableStream<Uint8Array> {
  // The types of lib.dom know neither zstd nor that what it takes is wider.
  const through = new CompressionStream(coding as "gzip");
  return stream.pipeThrough(through as ReadableWritablePair<Uint8Array, Uint8Array>);
}

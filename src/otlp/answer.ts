/**
 * OTLP responses in protobuf or JSON: the Export…ServiceResponse of each signal, which differ only in one
 * JSON name, and google.rpc.Status for errors.
 *
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
import type { Encoding, Signal } from "./request.ts";

/** The JSON name of the number of rejected records. */
export const rejectedNames: Record<Signal, string> = {
  traces: "rejectedSpans",
  logs: "rejectedLogRecords",
  metrics: "rejectedDataPoints",
};

/** @param rejected the number of rejected records; if 0, the message is a warning. */
export function exportResponse(
  signal: Signal,
  encoding: Encoding,
  rejected: number,
  message: string,
): Uint8Array | string {
  const isWhole = rejected === 0 && message === "";
  if (encoding === "json") {
    if (isWhole) return "{}";
    const counted = rejected > 0 && { [rejectedNames[signal]]: String(rejected) };
    return JSON.stringify({ partialSuccess: { ...counted, errorMessage: message } });
  }
  if (isWhole) return new Uint8Array();
  const count = rejected > 0 ? Buffer.from([0x08, ...varint(rejected)]) : Buffer.alloc(0);
  return bytesField(1, Buffer.concat([count, bytesField(2, Buffer.from(message))]));
}

/** gRPC codes by HTTP status. Exporters retry after UNAVAILABLE, but not after RESOURCE_EXHAUSTED. */
const grpcCodes: Record<number, number> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  403: 7, // PERMISSION_DENIED
  404: 12, // UNIMPLEMENTED
  405: 12,
  408: 4, // DEADLINE_EXCEEDED
  413: 8, // RESOURCE_EXHAUSTED
  415: 3,
  429: 14, // UNAVAILABLE
  503: 14,
};

/** The gRPC code of an error; INTERNAL for errors that the sender did not cause. */
export function grpcCodeOf(httpStatus: number): number {
  return grpcCodes[httpStatus] ?? 13;
}

/** @param code the gRPC code. */
export function errorStatus(
  encoding: Encoding,
  code: number,
  message: string,
): Uint8Array | string {
  if (encoding === "json") return JSON.stringify({ code, message });
  return Buffer.concat([Buffer.from([0x08, ...varint(code)]), bytesField(2, Buffer.from(message))]);
}

function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([field * 8 + 2, ...varint(bytes.byteLength)]), bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  bytes.push(value);
  return bytes;
}

/** Captures of real senders, request by request, as messages that can be taken apart and sent anew. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Encoding, Signal } from "../../../src/otlp/request.ts";
import { recordsField, requests, type Message, type Signal as Field } from "../second.ts";
import { bodyOf } from "../sender.ts";

/** One request as it was captured. */
export interface Request {
  signal: Signal;
  encoding: Encoding;
  body: Buffer;
}

export interface Capture {
  name: string;
  requests: Request[];
  /** What a correct store shows of it, where the file says so. */
  right: unknown;
}

export const sharedDir = join(import.meta.dir, "../../../../shared");

export const fields: Record<Signal, Field> = { traces: "Spans", logs: "Logs", metrics: "Metrics" };

/** The captures in a folder of `../shared/data`; none where it is absent. */
export function readCaptures(folder: string): Capture[] {
  const dir = join(sharedDir, "data", folder);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((file) => file.endsWith(".json"))
    .map((file) => {
      const { requests, right = null } = JSON.parse(readFileSync(join(dir, file), "utf8"));
      return { name: file.replace(/\.json$/, ""), requests: requests.map(requestOf), right };
    });
}

function requestOf(kept: Message): Request {
  const zipped = kept.bodyGzipB64 ?? kept.bodyGzipBase64;
  const body = zipped
    ? gunzipSync(Buffer.from(zipped, "base64"))
    : Buffer.from(kept.bodyBase64, "base64");
  const signal = kept.path.split("/").at(-1);
  return { signal, encoding: body[0] === "{".charCodeAt(0) ? "json" : "protobuf", body };
}

/** The request in protobuf, whatever it came in. */
export function toProtobuf({ signal, encoding, body }: Request): Request {
  if (encoding === "protobuf") return { signal, encoding, body };
  const message = JSON.parse(body.toString());
  return { signal, encoding: "protobuf", body: bodyOf(signal, message, "protobuf") };
}

/** The request as a message of protobufjs. */
export function toMessage(request: Request): Message {
  return requests[fields[request.signal]].decode(toProtobuf(request).body) as Message;
}

export function fromMessage(signal: Signal, message: Message): Request {
  const body = Buffer.from(requests[fields[signal]].encode(message).finish());
  return { signal, encoding: "protobuf", body };
}

/** The records of a request, each with the resource and the scope around it. */
export function recordsOf(
  request: Request,
): { resource: Message; scope: Message; record: Message }[] {
  const field = fields[request.signal];
  return toMessage(request)[`resource${field}`].flatMap((resource: Message) =>
    resource[`scope${field}`].flatMap((scope: Message) =>
      scope[recordsField[field]].map((record: Message) => ({ resource, scope, record })),
    ),
  );
}

/** The spans of a capture: what must be stored, and below what. */
export function spansOf({
  requests,
}: Capture): { traceId: string; id: string; parentId: string }[] {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  return requests
    .filter(({ signal }) => signal === "traces")
    .flatMap(recordsOf)
    .map(({ record }) => ({
      traceId: hex(record.traceId),
      id: hex(record.spanId),
      parentId: hex(record.parentSpanId),
    }));
}

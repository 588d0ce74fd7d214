/** From the bytes of a request to spans for the store, whatever protocol they came in. */
import type { Fresh, TraceSpans } from "../backend/batch.ts";
import { decompress } from "../contract/body.ts";
import { parsePayload } from "../contract/check.ts";
import type { UnknownField } from "../contract/unknown.ts";
import { maxOtlpBodyBytes } from "../limits.ts";
import { readRequest, type Encoding, type Signal } from "../otlp/request.ts";
import { countSpans, groupByTrace } from "./batch.ts";

/** What is asked of a body. */
export interface Rules {
  /** Of ingest v1, on the wire and after decompression. */
  maxBodyBytes: number;
  unknownFields: "reject" | "keep";
}

/** How a body is to be read. An `import` is an operator's: no rate limit, and `x` is read. */
export type Format =
  | { protocol: "ingest" | "import" }
  | { protocol: "otlp"; signal: Signal; encoding: Encoding };

/** What became of a request's records. */
export interface Receipt {
  accepted: number;
  /** What of it is new; 0 until it is stored. */
  fresh: Fresh;
  /** Records that could not be stored, by reason. Of ingest v1 none: it is taken whole or refused. */
  refused: { reason: string; count: number }[];
  /** Records that we do not keep. */
  dropped: number;
  /** Of ingest v1: fields that it does not know, which were kept. */
  unknown: UnknownField[];
}

export interface Parsed {
  traces: TraceSpans[];
  receipt: Receipt;
}

/** @throws AppError as the protocol has it. */
export function parseBody(
  body: ArrayBuffer,
  compression: string | null,
  format: Format,
  rules: Rules,
): Parsed {
  const bytes = new Uint8Array(body);
  if (format.protocol === "otlp") {
    const plain = decompress(bytes, compression, maxOtlpBodyBytes, "invalid_otlp");
    const { traces, refused, ...counts } = readRequest(format.signal, format.encoding, plain);
    const reasons = Array.from(refused, ([reason, count]) => ({ reason, count }));
    return { traces, receipt: { ...counts, fresh: noneFresh(), refused: reasons, unknown: [] } };
  }
  const plain = decompress(bytes, compression, rules.maxBodyBytes, "invalid_json");
  // Bad UTF-8 becomes U+FFFD and one byte order mark is skipped.
  const { payload, unknown } = parsePayload(new TextDecoder().decode(plain), {
    unknownFields: rules.unknownFields,
    imported: format.protocol === "import",
  });
  const accepted = countSpans(payload);
  const receipt = { accepted, fresh: noneFresh(), refused: [], dropped: 0, unknown };
  return { traces: groupByTrace(payload), receipt };
}

const noneFresh = (): Fresh => ({ traces: 0, spans: 0 });

/** Adds what was new of a part that is stored. */
export function noteFresh({ fresh }: Receipt, { traces, spans }: Fresh): void {
  fresh.traces += traces;
  fresh.spans += spans;
}

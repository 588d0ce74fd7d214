/**
 * The thread for large bodies: parses and checks them and cuts them into parts that the writing
 * thread takes one at a time. 10 MiB keep a parser busy for 100 ms, which small requests would wait.
 */
import { readText } from "../contract/body.ts";
import { parsePayload } from "../contract/check.ts";
import { part } from "../limits.ts";
import { serveThread } from "../threads.ts";
import { countSpans, cut, groupByTrace, type Part } from "./batch.ts";
import type { Rules } from "./thread.ts";

export type LargeMethods = typeof methods;

const methods = {
  /** @throws AppError as the contract has it. */
  parse(body: ArrayBuffer, encoding: string | null, imported: boolean, rules: Rules) {
    const text = readText(new Uint8Array(body), encoding, rules.maxBodyBytes);
    const payload = parsePayload(text, { unknownFields: rules.unknownFields, imported });
    const accepted = countSpans(payload);
    const encoder = new TextEncoder();
    const parts = Array.from(cut(groupByTrace(payload), part), ({ traces, weight }): Part => {
      return { json: encoder.encode(JSON.stringify(traces)).buffer, weight };
    });
    // What a parse leaves behind is ten times the body, and the next one may follow at once.
    setImmediate(() => Bun.gc(true));
    return { accepted, parts };
  },
};

serveThread(methods);

/**
 * The thread for large bodies: parses and checks them and cuts them into parts that the writing
 * thread takes one at a time. 10 MiB keep a parser busy for 100 ms, which small requests would wait.
 */
import { cut, type Part } from "../ingest/batch.ts";
import { parseBody, type Format, type Rules } from "../ingest/parse.ts";
import { part } from "../limits.ts";
import { serveThread } from "./host.ts";

export type LargeMethods = typeof methods;

let rules: Rules;

const methods = {
  open(settings: Rules): void {
    rules = settings;
  },
  /** @throws AppError as the protocol has it. */
  parse(body: ArrayBuffer, compression: string | null, format: Format) {
    const { traces, receipt } = parseBody(body, compression, format, rules);
    const encoder = new TextEncoder();
    const parts = Array.from(cut(traces, part), ({ traces, weight }): Part => {
      return { json: encoder.encode(JSON.stringify(traces)).buffer, weight };
    });
    // What a parse leaves behind is ten times the body, and the next one may follow at once.
    setImmediate(() => Bun.gc(true));
    return { receipt, parts };
  },
  close() {},
};

serveThread(methods);

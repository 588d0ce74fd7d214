/** `tealight export`: traces as JSON Lines of ingest v1, for `import` or any other reader. */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { byKey, type AnswerOf } from "../api.ts";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { connectToStore, type Client } from "./client.ts";
import { count, out } from "./output.ts";

export interface ExportOptions {
  project?: string;
  since?: string;
  until?: string;
  full: boolean;
  format: "jsonl" | "json";
  output?: string;
}

/** @param trace an id or `~key`; without it all traces of the window. @throws AppError `not_found`. */
export async function exportTraces(
  config: Config,
  trace: string | undefined,
  options: ExportOptions,
): Promise<void> {
  if (trace === "") throw new AppError("usage", "a trace id is not empty");
  if (trace === undefined && options.format === "json") {
    throw new AppError("usage", "one JSON document holds one trace", {
      hint: "name a trace, or use --format jsonl",
    });
  }
  const client = await connectToStore(config);
  try {
    let traces = 0;
    let damagedTexts = 0;
    let cutTexts = 0;
    const pieces = async function* () {
      for await (const each of trace === undefined ? allTraces(client, options) : [trace]) {
        yield* exportOne(client, each, options, (headers) => {
          damagedTexts += Number(headers.get("x-tealight-damaged-texts") ?? 0);
          cutTexts += Number(headers.get("x-tealight-cut-texts") ?? 0);
        });
        traces++;
      }
    };
    const isWhole = await write(pieces(), options.output);
    if (damagedTexts > 0) {
      const what = `at least ${count(damagedTexts, "text")} ${damagedTexts === 1 ? "is" : "are"}`;
      out.error(`${what} damaged in the store: the export has a note in place of each`);
    }
    if (cutTexts > 0) {
      const [was, they] = cutTexts === 1 ? ["was", "it was"] : ["were", "they were"];
      const what = `at least ${count(cutTexts, "text")} ${was} cut before ${they} stored`;
      out.error(`${what}: the export has what is there`);
    }
    if (!isWhole) return;
    if (traces === 0) throw new AppError("not_found", "no trace matches");
    if (out.isErrorTerminal) out.error(`exported ${count(traces, "trace")}`);
  } finally {
    await client.close();
  }
}

async function* allTraces(
  client: Client,
  { project, since, until }: ExportOptions,
): AsyncGenerator<string> {
  let cursor: string | null = null;
  do {
    const query = { limit: 500, project, since, until, cursor };
    const page: AnswerOf<"GET /api/traces"> = await client.ask("GET /api/traces", { query });
    for (const { key } of page.traces) yield byKey(key);
    cursor = page.nextCursor;
  } while (cursor !== null);
}

async function* exportOne(
  client: Client,
  trace: string,
  { format, full, project }: ExportOptions,
  onHeaders: (headers: Headers) => void,
): AsyncGenerator<Uint8Array> {
  const { body, headers } = await client.request("GET /api/traces/:trace/export", {
    at: { trace },
    query: { format, full: full ? "1" : null, project },
  });
  onHeaders(headers);
  yield* body as unknown as AsyncIterable<Uint8Array>;
}

/** @returns false where the reader of a pipe has seen enough, which is no failure. */
async function write(pieces: AsyncIterable<Uint8Array>, output?: string): Promise<boolean> {
  const target = output === undefined ? process.stdout : createWriteStream(output, { mode: 0o600 });
  try {
    await pipeline(pieces, target, { end: output !== undefined });
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof AppError || code === undefined) throw cause;
    if (code === "EPIPE") return false;
    throw new AppError("usage", `cannot write ${output ?? "standard output"} (${code})`, { cause });
  }
}

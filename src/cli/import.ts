/** `tealight import`: sends JSON Lines of ingest v1 to the server. Sending twice changes nothing. */
import { createReadStream, statSync } from "node:fs";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { connect, type Client } from "./client.ts";
import { count, out, showProgress } from "./output.ts";

/** Lines under way at one time: enough that the writer commits them together. */
const linesAtOnce = 8;

/** @param files paths, `-` for standard input. */
export async function importFiles(
  config: Config,
  files: string[],
  { project, json }: { project?: string; json: boolean },
): Promise<void> {
  for (const file of files) checkReadable(file);
  const client = await connect(config);
  let accepted = 0;
  try {
    for (const file of files) {
      const underWay = new Set<Promise<void>>();
      let lineNumber = 0;
      for await (const line of linesOf(file)) {
        lineNumber++;
        if (line.trim() === "") continue;
        const where = `${file === "-" ? "standard input" : file}, line ${lineNumber}`;
        const sent = send(client, project, line, where).then((spans) => {
          accepted += spans;
          underWay.delete(sent);
          showProgress(count(accepted, "span"));
        });
        // A refusal is seen below, which may be after a long wait for the next line.
        sent.catch(() => {});
        underWay.add(sent);
        if (underWay.size >= linesAtOnce) await Promise.race(underWay);
      }
      await Promise.all(underWay);
    }
  } finally {
    showProgress("");
    await client.close();
  }
  out.write(json ? JSON.stringify({ accepted }) : `imported ${count(accepted, "span")}`);
}

async function send(
  client: Client,
  project: string | undefined,
  line: string,
  where: string,
): Promise<number> {
  while (true) {
    try {
      const { accepted } = await client.ask("POST /api/import", { query: { project }, body: line });
      return accepted;
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      // The server is busy, which is no fault of the file.
      if (cause.code === "buffer_full") {
        await Bun.sleep(1000 * (cause.retryAfterSeconds ?? 1));
        continue;
      }
      const [issue] = cause.issues ?? [];
      throw new AppError(cause.code, `${where}: ${cause.message}`, {
        hint: issue ? `${issue.path.join(".")}: ${issue.message}` : cause.hint,
        cause,
      });
    }
  }
}

function checkReadable(file: string): void {
  if (file === "-") return;
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new AppError("not_found", `no such file: ${file}`);
  }
}

/** Not readline's lines: it also breaks at U+2028, which JSON has no need to escape. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  for await (const chunk of input) {
    const [end = "", ...starts] = decoder.decode(chunk, { stream: true }).split("\n");
    pieces.push(end);
    for (const start of starts) {
      yield pieces.join("");
      pieces = [start];
    }
  }
  yield pieces.join("") + decoder.decode();
}

/** `tealight import`: sends JSON Lines of ingest v1 to the server. Sending twice changes nothing. */
import { createReadStream, statSync } from "node:fs";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { linesOf, sendLines, untilThereIsRoom, whyRefused } from "../importing.ts";
import { connect, type Client } from "./client.ts";
import { count, out, showProgress } from "./output.ts";

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
      const input = file === "-" ? process.stdin : createReadStream(file);
      await sendLines(linesOf(input), async ({ number, text }) => {
        const where = `${file === "-" ? "standard input" : file}, line ${number}`;
        const spans = await send(client, project, text!, where);
        accepted += spans;
        showProgress(count(accepted, "span"));
      });
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
  try {
    const question = { query: { project }, body: line };
    const { accepted } = await untilThereIsRoom(() => client.ask("POST /api/import", question));
    return accepted;
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw new AppError(cause.code, `${where}: ${cause.message}`, {
      hint: whyRefused(cause.issues, cause.hint),
      cause,
    });
  }
}

function checkReadable(file: string): void {
  if (file === "-") return;
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new AppError("not_found", `no such file: ${file}`);
  }
}

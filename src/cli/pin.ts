/** `tealight pin|unpin`: keeps a trace from retention and from deletes that do not name it. */
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { connectToStore } from "./client.ts";
import { out } from "./output.ts";
import { printable } from "./table.ts";

export async function pin(
  config: Config,
  trace: string,
  word: "pin" | "unpin",
  { project, json }: { project?: string; json: boolean },
): Promise<void> {
  if (trace === "") throw new AppError("usage", "a trace id is not empty");
  const client = await connectToStore(config);
  try {
    const route = `POST /api/traces/:trace/${word}` as const;
    const answer = await client.ask(route, { at: { trace }, query: { project } });
    const state = answer.pinned ? "pinned" : "not pinned any more";
    out.write(json ? JSON.stringify(answer) : `${printable(trace)}: ${state}`);
  } finally {
    await client.close();
  }
}

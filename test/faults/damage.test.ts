import { test } from "bun:test";
import { runScript } from "./script.ts";

test.skipIf(process.platform !== "linux")(
  "a server on a store or an index with a page overwritten serves the rest, says what is damaged, and rests",
  async () => {
    const from = String(Math.floor(Math.random() * 60));
    const lines = await runScript("damage.ts", ["60", from]);
    console.info(`from ${from}: ${lines.at(-1)}`);
  },
);

/** What the README says to paste does what it says. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { readApi, startAnnouncedServer } from "../cli/command.ts";
import { blocksIn, readme, root } from "./markdown.ts";

const hasTools = Bun.which("sh") !== null && Bun.which("curl") !== null;

test.skipIf(!hasTools)("the first trace arrives, over ingest v1 and over OTLP", async () => {
  await using server = await startAnnouncedServer();
  const script = blocksIn(readme).find((block) => block.includes("curl"))!;
  const main = join(root, "src/main.ts");
  const child = Bun.spawn(
    ["sh", "-c", script.replaceAll("dist/tealight", `'${process.execPath}' '${main}'`)],
    {
      env: { ...process.env, TEALIGHT_DATA_DIR: server.dataDir },
      stdout: "pipe",
      stderr: "ignore",
    },
  );
  expect(await child.stdout.text()).toContain('{"accepted":1}');
  expect(await child.exited).toBe(0);
  const { traces } = await readApi(server, "/api/traces");
  const sent = traces.map(({ name, models, state }: any) => ({ name, models, state }));
  expect(sent).toHaveLength(2);
  for (const trace of sent) expect(trace).toMatchObject({ models: ["gpt-4o"], state: "ended" });
});

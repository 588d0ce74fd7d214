/**
 * Takes the README's pictures of the viewer, from recorded agents and made-up runs, in a real Chromium:
 * `bun scripts/screenshots.ts` writes scripts/screenshots/*.png.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnServer } from "../test/server.process.ts";
import { chromiumPath, closeBrowser, openViewer } from "../test/ui/browser.ts";
import { madeUpRuns, recordedRuns, sendAll } from "../test/ui/demo.ts";

const pictures = [
  { name: "traces", path: "/traces", theme: "dark", ready: ".traces-row" },
  {
    name: "trace",
    path: "/traces/demo-subagent?view=spans&span=sub_llm",
    theme: "light",
    ready: ".inspector .transcript-row",
  },
] as const;

if (!chromiumPath) throw new Error("no Chromium here; name one in TEALIGHT_CHROMIUM");
const dataDir = mkdtempSync(join(tmpdir(), "tealight-pictures-"));
try {
  await using server = await spawnServer(dataDir);
  const now = Date.now();
  await sendAll(server, [...recordedRuns(now, 60), ...madeUpRuns(now)]);
  for (const { name, path, theme, ready } of pictures) {
    await using viewer = await openViewer(server, { theme });
    await viewer.open(path);
    await viewer.page.locator(ready).first().waitFor();
    // What is asked for beside it comes, too.
    await Bun.sleep(1_500);
    await viewer.page.screenshot({ path: join(import.meta.dir, `screenshots/${name}.png`) });
  }
} finally {
  await closeBrowser();
  rmSync(dataDir, { recursive: true, force: true });
}

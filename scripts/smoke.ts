/**
 * Drives the compiled file as its users do, each check in a directory of its own:
 * `bun scripts/smoke.ts [file]`. test/e2e/binary.test.ts runs the same checks.
 */
import { join, resolve } from "node:path";
import { ends } from "./smoke/ends.ts";
import { refuses } from "./smoke/refuses.ts";
import { serves } from "./smoke/serves.ts";

export const checks = [...serves, ...ends, ...refuses];

async function main([program = join(import.meta.dir, "../dist/tealight")]: string[]) {
  let failed = 0;
  for (const { title, run } of checks) {
    const startedAt = performance.now();
    try {
      const figure = await run(resolve(program));
      const tookMs = performance.now() - startedAt;
      console.log(`ok    ${title}${figure ? `: ${figure}` : ""} [${tookMs.toFixed(0)} ms]`);
    } catch (cause) {
      failed++;
      console.log(`FAIL  ${title}: ${(cause as Error).stack ?? cause}`);
    }
  }
  console.log(`smoke: ${checks.length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

if (import.meta.main) await main(process.argv.slice(2));

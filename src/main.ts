/** argv → command → exit code. */
import { main } from "./cli/program.ts";

// `tealight export | head`: whoever reads has seen enough.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) =>
  process.exit(code === "EPIPE" ? 0 : 1),
);

const exitCode = await main(process.argv.slice(2));
// A pipe may still hold the end of an export.
await new Promise((flushed) => process.stdout.write("", flushed));
process.exit(exitCode);

/** argv → command → exit code. */
import { main } from "./cli/program.ts";

const exitCode = await main(process.argv.slice(2));
// A pipe may still hold the end of an export.
await new Promise((flushed) => process.stdout.write("", flushed));
process.exit(exitCode);

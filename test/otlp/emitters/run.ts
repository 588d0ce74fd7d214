/**
 * `bun run.ts <file> <function> <target as JSON>`: one emitter in a process of its own, since
 * instrumentations patch their clients for good.
 */
import type { Target } from "./sdk.ts";

const [file, name, target] = process.argv.slice(2) as [string, string, string];
const emitters: Record<string, (target: Target) => Promise<void>> = await import(`./${file}`);
await emitters[name]!(JSON.parse(target));

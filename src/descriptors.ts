/**
 * How many files and connections the process has open, of those that the system allows. Bun ends the process
 * where a thread that starts finds none left, and takes any number of connections. So a thread only starts
 * while there are enough, and idle connections are closed before they run out.
 */
import { readdirSync, readFileSync } from "node:fs";
import { AppError } from "./errors.ts";
import { connections as limits } from "./limits.ts";

/** Where the system does not say: Bun raises its limit, on macOS to this. */
const assumedLimit = 10_240;

let limit: number | null = null;

/** How many it may have open. Read once: nobody changes it. */
export function descriptorLimit(): number {
  return (limit ??= readLimit());
}

function readLimit(): number {
  try {
    const text = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? assumedLimit);
  } catch {
    return assumedLimit;
  }
}

/** The share of all descriptors that is in use, 0 where that is not known, as on Windows. */
export function descriptorsInUse(): number {
  try {
    return readdirSync("/dev/fd").length / descriptorLimit();
  } catch (cause) {
    // To look takes one itself.
    return (cause as { code?: string }).code === "EMFILE" ? 1 : 0;
  }
}

/** @throws AppError `buffer_full` where a thread that starts now might find none left. */
export function requireDescriptors(): void {
  if (descriptorsInUse() < limits.startShare) return;
  throw new AppError("buffer_full", "too many connections are open", {
    hint: "try again in some seconds, close some, or start the server with a higher limit (ulimit -n)",
    retryAfterSeconds: 10,
  });
}

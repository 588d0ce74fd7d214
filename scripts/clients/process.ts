/** Programs with a bound in time, ended with all that they started. */

export interface Ended {
  code: number | null;
  isTimeout: boolean;
  /** The end of what it said on both streams. */
  said: string;
}

const running = new Set<number>();

/**
 * Runs a program to its end, in a process group of its own.
 *
 * @param seconds after which the group is killed.
 */
export async function runBounded(
  command: string[],
  options: { cwd: string; env: Record<string, string | undefined>; seconds: number },
): Promise<Ended> {
  const child = Bun.spawn(command, {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child.pid);
  let isTimeout = false;
  const timer = setTimeout(() => {
    isTimeout = true;
    killGroup(child.pid);
  }, options.seconds * 1000);
  const said = Promise.all([endOf(child.stdout), endOf(child.stderr)]);
  const code = await child.exited;
  clearTimeout(timer);
  // What it left behind holds its streams open; what left the group is not waited for.
  killGroup(child.pid);
  running.delete(child.pid);
  const texts = await Promise.race([said, Bun.sleep(5000).then(() => ["what it said has no end"])]);
  return { code, isTimeout, said: texts.join("\n").trim() };
}

/** The last 4,000 characters. */
async function endOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const text = await new Response(stream).text();
  return text.slice(-4000);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has ended.
  }
}

/** Ends what still runs, on the way out. */
export function killAll(): void {
  for (const pid of running) killGroup(pid);
}

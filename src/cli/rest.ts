/** Gives memory back to the system while there is nothing to do. */
import { rest as limits } from "../limits.ts";
import { restThreads } from "../threads.ts";

/** @returns what ends it. */
export function restWhenIdle(): () => void {
  let usedMs = cpuMs();
  let looks = 0;
  const timer = setInterval(() => {
    const spentMs = cpuMs() - usedMs;
    usedMs += spentMs;
    looks = spentMs > limits.cpuShare * limits.lookEveryMs ? 0 : looks + 1;
    // At the looks 1, 2, 4, 8 and so on: what is done late, such as an index, leaves something, too.
    if (looks === 0 || (looks & (looks - 1)) !== 0) return;
    restThreads();
    Bun.gc(true);
  }, limits.lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Of all threads. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Gives memory back to the system while nothing is stored. */
import { restEveryMs } from "../limits.ts";
import { restThreads } from "../threads/host.ts";

/**
 * @param latestChange grows with whatever is stored.
 * @returns what ends it.
 */
export function restWhenIdle(latestChange: () => number): () => void {
  let seen = latestChange();
  let looks = 0;
  const timer = setInterval(() => {
    const latest = latestChange();
    looks = latest === seen ? looks + 1 : 0;
    seen = latest;
    // At the looks 1, 2, 4, 8 and so on: reads, and an index that is built late, leave something, too.
    if (looks === 0 || (looks & (looks - 1)) !== 0) return;
    restThreads();
    Bun.gc(true);
  }, restEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

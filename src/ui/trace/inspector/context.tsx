/** How much a call had to read: what the provider still had, and what was new to it. */
import type { Skeleton } from "../../../query/views.ts";
import { count, plural } from "../../format.ts";

export function Context({ usage }: { usage: Skeleton["usage"] }) {
  const input = usage?.inputTokens;
  if (input === undefined) return null;
  const cached = usage?.cachedInputTokens;
  const share = cached === undefined || input === 0 ? 0 : Math.min(1, cached / input);
  return (
    <section className="section">
      <h3>
        Context <span className="section-end number">{plural(input, "token")}</span>
      </h3>
      <div className="stats-split inspector-context" aria-hidden="true">
        {share > 0 && <i className="inspector-share is-cached" style={{ flexGrow: share }} />}
        <i className="inspector-share is-llm" style={{ flexGrow: 1 - share }} />
      </div>
      <p className="note">
        {cached === undefined
          ? "What of it came from a cache is not reported."
          : `${count(cached)} from the cache, ${count(Math.max(0, input - cached))} new.`}
      </p>
    </section>
  );
}

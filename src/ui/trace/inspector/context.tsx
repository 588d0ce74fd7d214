/** How much of the model's context window a call used: cached input, new input, output and free. */
import type { SpanView } from "../../../backend/views.ts";
import type { SpanRow } from "../../data/span-table.ts";
import { count, plural } from "../../format.ts";
import { ContextShare, contextUse } from "../../parts/context.tsx";

export function Context({
  usage,
  whole,
}: {
  usage: SpanRow["usage"];
  whole: SpanView | undefined;
}) {
  const input = usage?.inputTokens;
  if (input === undefined) return null;
  const cached = usage?.cachedInputTokens;
  const use = contextUse(usage, whole?.receipt?.contextWindow);
  const fromCache = Math.min(cached ?? 0, input);
  const free = use ? Math.max(0, use.contextWindow - use.tokens) : 0;
  const used = use ? use.tokens : input;
  return (
    <section className="section">
      <h3>
        Context{" "}
        <span className="section-end number">
          {use ? <ContextShare of={use} /> : plural(input, "token")}
        </span>
      </h3>
      <div className="stats-split inspector-context" aria-hidden="true">
        {fromCache > 0 && (
          <i className="inspector-share is-cached" style={{ flexGrow: fromCache }} />
        )}
        <i className="inspector-share is-llm" style={{ flexGrow: used - fromCache }} />
        {free > 0 && <i className="inspector-share is-free" style={{ flexGrow: free }} />}
      </div>
      <p className="note">
        {cached === undefined
          ? "Cached input is not reported."
          : `Input: ${count(cached)} cached, ${count(Math.max(0, input - cached))} new.`}
      </p>
    </section>
  );
}

/** How much of its model's context a call took: "41.5 k of 200 k context, 21 %". */
import type { Usage } from "../../contract/v1.ts";
import { count, percent, short, textOf } from "../format.ts";
import { FigureText } from "./figure.tsx";

export interface ContextUse {
  tokens: number;
  contextWindow: number;
}

/** @returns null where the call does not say what it took, or the limit is not known. */
export function contextUse(
  usage: Usage | null | undefined,
  contextWindow: number | null | undefined,
): ContextUse | null {
  const { inputTokens, outputTokens = 0, cachedInputTokens = 0 } = usage ?? {};
  if (inputTokens === undefined || !contextWindow) return null;
  // Input is with its cache; where the parts are more than the whole, they are believed.
  const cached = cachedInputTokens + (usage?.cacheWriteInputTokens ?? 0);
  return { tokens: Math.max(inputTokens, cached) + outputTokens, contextWindow };
}

/** From here on it is close to its limit. */
const closeShare = 0.8;

/** @param as without the tokens where these stand beside it, or the share alone. */
export function ContextShare({
  of,
  as = "whole",
}: {
  of: ContextUse;
  as?: "whole" | "share of" | "share";
}) {
  const { tokens, contextWindow } = of;
  const share = tokens / contextWindow;
  const look = share > 1 ? "error-text" : share >= closeShare ? "lost-text" : undefined;
  return (
    <span
      className={look}
      title={`${count(tokens)} of ${count(contextWindow)} tokens of context: input, with its cache, and output`}
    >
      {as === "whole" && `${textOf(short(tokens))} of ${textOf(short(contextWindow))} context, `}
      <FigureText figure={percent(share)} />
      {as === "share of" && ` of ${textOf(short(contextWindow))}`}
    </span>
  );
}

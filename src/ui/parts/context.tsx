/** The share of the model's context window that a call used: "41.5 k of 200 k context, 21 %". */
import type { Usage } from "../../contract/v1.ts";
import { count, percent, short, textOf } from "../format.ts";
import { FigureText } from "./figure.tsx";

export interface ContextUse {
  tokens: number;
  contextWindow: number;
}

/** @returns null if the call's usage or the model's limit is unknown. */
export function contextUse(
  usage: Usage | null | undefined,
  contextWindow: number | null | undefined,
): ContextUse | null {
  const { inputTokens, outputTokens = 0, cachedInputTokens = 0 } = usage ?? {};
  if (inputTokens === undefined || !contextWindow) return null;
  // Input tokens include cached ones; if the parts add up to more than the total, the parts are used.
  const cached = cachedInputTokens + (usage?.cacheWriteInputTokens ?? 0);
  return { tokens: Math.max(inputTokens, cached) + outputTokens, contextWindow };
}

/** From here on the call is close to the limit. */
const closeShare = 0.8;

/** @param as whether to show the tokens, or only the share. */
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
      title={`${count(tokens)} of ${count(contextWindow)} tokens of the context window: input including cached, and output`}
    >
      {as === "whole" && `${textOf(short(tokens))} of ${textOf(short(contextWindow))} context, `}
      <FigureText figure={percent(share)} />
      {as === "share of" && ` of ${textOf(short(contextWindow))}`}
    </span>
  );
}

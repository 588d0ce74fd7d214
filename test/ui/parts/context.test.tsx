/** A call's share of its model's context, in words. */
import { expect, test } from "bun:test";
import { renderToStaticMarkup } from "react-dom/server";
import { ContextShare, contextUse } from "../../../src/ui/parts/context.tsx";

const wordsOf = (tokens: number, as?: "share of" | "share") =>
  renderToStaticMarkup(
    <ContextShare of={{ tokens, contextWindow: 200_000 }} {...(as && { as })} />,
  );
const plain = (html: string) => html.replaceAll(/<[^>]*>/g, "");

test("says how much of how much, and the share", () => {
  expect(plain(wordsOf(41_200))).toBe("41.2 k of 200 k context, 21%");
  expect(plain(wordsOf(41_200, "share of"))).toBe("21% of 200 k");
  expect(plain(wordsOf(41_200, "share"))).toBe("21%");
  expect(wordsOf(41_200)).toContain('title="41,200 of 200,000 tokens of the context window');
});

test("is coloured only where it is close to the limit or beyond", () => {
  expect(wordsOf(159_000)).not.toContain('class="lost-text');
  expect(wordsOf(160_000)).toContain("lost-text");
  expect(wordsOf(200_001)).toContain("error-text");
});

test("is not known without a count or a limit", () => {
  expect(contextUse({ outputTokens: 5 }, 1000)).toBeNull();
  expect(contextUse({ inputTokens: 5 }, null)).toBeNull();
  expect(contextUse(null, 1000)).toBeNull();
  expect(contextUse({ inputTokens: 5, cachedInputTokens: 7 }, 1000)!.tokens).toBe(7);
});

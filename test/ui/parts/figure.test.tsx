/** How costs read: what is known, what is missing of it, and what may be billed otherwise. */
import { expect, test } from "bun:test";
import { renderToStaticMarkup } from "react-dom/server";
import { Cost, SpanCost } from "../../../src/ui/parts/figure.tsx";

const trace = {
  costUsd: "0.25",
  isCostEstimated: false,
  reportedCostUsd: null,
  pricedSpanCount: 2,
  priceableSpanCount: 2,
};
const costOf = (more: Partial<Parameters<typeof Cost>[0]["of"]>) =>
  renderToStaticMarkup(<Cost of={{ ...trace, ...more }} />);

test("a cost that is known is a figure", () => {
  expect(costOf({})).toBe('<span title="$0.25">$0.2500</span>');
});

test("one that may be billed otherwise has a mark, and its title says why", () => {
  expect(costOf({ isCostEstimated: true })).toMatch(/^<span title="\$0\.25, estimated: .+">≈ \$/);
  expect(costOf({ isCostEstimated: true, priceableSpanCount: 3 })).toMatch(
    /estimated: .+, 1 call without a price">≈ \$/,
  );
  expect(costOf({ priceableSpanCount: 4 })).toBe(
    '<span title="$0.25, 2 calls without a price">≥ $0.2500</span>',
  );
});

test("what senders report stands in the title alone", () => {
  const none = { costUsd: null, pricedSpanCount: 0, reportedCostUsd: "0.3" };
  expect(costOf(none)).toBe(
    '<span class="dim" title="2 calls without a price, the sender reports $0.3">unpriced</span>',
  );
  expect(costOf({ costUsd: null, pricedSpanCount: 0, priceableSpanCount: 0 })).toBe(
    '<span class="dim">—</span>',
  );
});

test("a call's cost has the same mark", () => {
  const shown = (of: Parameters<typeof SpanCost>[0]["of"]) =>
    renderToStaticMarkup(<SpanCost of={of} />);
  expect(shown({ costUsd: "0.5" })).toBe('<span title="$0.5">$0.5000</span>');
  expect(shown({ costUsd: "0.5", isCostEstimated: true })).toContain("≈ ");
  expect(shown({ costUsd: null })).toBe("");
});

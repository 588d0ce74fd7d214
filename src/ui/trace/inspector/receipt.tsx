/** The cost of a call line by line, and the source of its prices. */
import { useState } from "react";
import { Link } from "wouter";
import type { ReceiptView, SpanView } from "../../../backend/views.ts";
import { pieces } from "../../../pricing/rates.ts";
import type { SpanRow } from "../../data/span-table.ts";
import { count } from "../../format.ts";
import { hrefOf } from "../../pages.ts";
import { CopyButton } from "../../parts/controls.tsx";

type Dimension = ReceiptView["missing"][number];

const names: Record<Dimension, string> = {
  input: "Input, new",
  cacheRead: "Input, from cache",
  cacheWrite: "Input, into cache",
  cacheWrite1h: "Input, into cache for an hour",
  audioInput: "Audio, new",
  imageInput: "Images, new",
  videoInput: "Video, new",
  audioCacheRead: "Audio, from cache",
  imageCacheRead: "Images, from cache",
  output: "Output",
  audioOutput: "Audio output",
  imageOutput: "Image output",
  videoOutput: "Video output",
  reasoning: "Reasoning",
  citation: "Citations",
  image: "Images",
  search: "Web searches",
  fileSearch: "File searches",
  request: "Requests",
};
/** Decimal places of an amount. */
const places = 6;

export function Receipt({ span, whole }: { span: SpanRow; whole: SpanView | undefined }) {
  const receipt = whole?.receipt ?? null;
  if (span.costUsd === null || (whole && receipt === null))
    return <Unpriced span={span} whole={whole} />;
  return (
    <section className="section">
      <h3>
        Cost receipt
        <span className="section-end">
          {receipt && (
            <CopyButton text={() => asText(receipt, span.costUsd)} label="Copy the receipt" />
          )}
        </span>
      </h3>
      <table className="inspector-receipt">
        <thead>
          <tr>
            <th scope="col">Dimension</th>
            <th scope="col">Tokens</th>
            <th scope="col">$ per M</th>
            <th scope="col">Amount</th>
          </tr>
        </thead>
        <tbody>
          {receipt?.lines.map((line) => (
            <tr key={line.dimension}>
              <td>{names[line.dimension]}</td>
              <td>{count(line.quantity)}</td>
              <td className="inspector-rate">{rateText(line)}</td>
              <td>{amount(line.amountUsd)}</td>
            </tr>
          ))}
          {receipt?.missing.map((dimension) => (
            <tr key={dimension} className="inspector-zero">
              <td>{names[dimension]}</td>
              <td>{usedOf(dimension, whole)}</td>
              <td className="inspector-rate">—</td>
              <td>—</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td>Total</td>
            <td>{receipt && count(tokensOf(receipt))}</td>
            <td />
            <td title={receipt ? (causeOf(receipt) ?? undefined) : undefined}>
              {span.isCostEstimated && "≈ "}
              {amount(span.costUsd)}
            </td>
          </tr>
        </tfoot>
      </table>
      {receipt && (
        <Why
          receipt={receipt}
          modelId={span.modelId}
          requestModelId={whole?.requestModelId}
          reported={whole?.reportedCostUsd}
        />
      )}
    </section>
  );
}

function Unpriced({
  span: { modelId, usage, provider },
  whole,
}: {
  span: SpanRow;
  whole: SpanView | undefined;
}) {
  const cause =
    modelId === null
      ? "The call names no model."
      : usage === null
        ? "The call reports no usage."
        : `No price is known for ${modelId}${provider === null ? "" : ` by ${provider}`}.`;
  return (
    <section className="section">
      <h3>
        Cost receipt <span className="section-end lost-text">unpriced</span>
      </h3>
      <p className="note">
        {cause}{" "}
        {modelId !== null && usage !== null && (
          <Link href={hrefOf("settings", { query: { model: modelId }, hash: "prices" })}>
            Add price
          </Link>
        )}
        {whole?.reportedCostUsd !== undefined && ` The sender reports $${whole.reportedCostUsd}.`}
      </p>
    </section>
  );
}

function Why({
  receipt,
  modelId,
  requestModelId,
  reported,
}: {
  receipt: ReceiptView;
  modelId: string | null;
  requestModelId: string | undefined;
  reported: number | undefined;
}) {
  const [isOpen, setOpen] = useState(false);
  const { source, sourceDate, provider, model } = receipt;
  const uncached = withoutCache(receipt);
  const cause = causeOf(receipt);
  return (
    <>
      {cause !== null && <p className="note">≈ {cause}</p>}
      <p className="note">
        Price list {source} of {sourceDate}, for <code className="inspector-model">{model}</code>.
        {uncached !== null && ` Without caching: ${amount(uncached)}.`}{" "}
        <button
          type="button"
          className="link"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          Price source
        </button>
      </p>
      {isOpen && (
        <p className="note inspector-why">
          {receipt.foundBy === "requestModelId" ? (
            <>
              Nothing is known of <code className="inspector-model">{modelId}</code>, which
              answered; the model that was asked for,{" "}
              <code className="inspector-model">{requestModelId}</code>, is in the list as{" "}
              <code className="inspector-model">{model}</code>
            </>
          ) : modelId === model ? (
            "The call's own model is in the list"
          ) : (
            <>
              The call says <code className="inspector-model">{modelId}</code>, which the list knows
              as <code className="inspector-model">{model}</code>
            </>
          )}
          , sold by {provider}. Each token is in one line; tokens from the cache are no part of the
          new ones.
          {reported !== undefined && ` The sender itself reports $${reported}.`}
        </p>
      )}
    </>
  );
}

/** Why a total is estimated; null if it is exact. */
function causeOf({ unpricedTier, missing }: ReceiptView): string | null {
  const tier =
    unpricedTier !== null &&
    `The call was served as ${unpricedTier}, and the list has no price for that: the standard price is used.`;
  const parts = missing.map((dimension) => names[dimension].toLowerCase()).join("; ");
  const rest = parts !== "" && `Without a count or a price of its own: ${parts}.`;
  return [tier, rest].filter(Boolean).join(" ") || null;
}

/** The usage of a dimension that has no price. */
function usedOf(dimension: Dimension, whole: SpanView | undefined): string {
  const { usage, usageDetails } = whole ?? {};
  const used: Partial<Record<Dimension, number | undefined>> = {
    image: usage?.imageCount,
    search: usage?.webSearchCount,
    fileSearch: usageDetails?.fileSearchCount,
    citation: usageDetails?.citationTokens,
    cacheWrite1h: usageDetails?.cacheWrite1hInputTokens,
  };
  const quantity = used[dimension];
  return quantity === undefined ? "not reported" : count(quantity);
}

function rateText({ dimension, unitPrice }: ReceiptView["lines"][number]): string {
  const price = Number(unitPrice);
  if (pieces.has(dimension)) return `${price} each`;
  const perMillion = price * 1e6;
  return perMillion >= 0.01 || perMillion === 0
    ? perMillion.toFixed(2).replace(/^(\d+)\.00$/, "$1.00")
    : perMillion.toPrecision(2);
}

function tokensOf({ lines }: ReceiptView): number {
  return lines
    .filter(({ dimension }) => !pieces.has(dimension))
    .reduce((sum, { quantity }) => sum + quantity, 0);
}

/** The cost if all cached input had been new input; null without cached input. */
function withoutCache({ lines }: ReceiptView): number | null {
  const input = lines.find(({ dimension }) => dimension === "input");
  const cached = lines.find(({ dimension }) => dimension === "cacheRead");
  if (!input || !cached || cached.quantity === 0) return null;
  const total = lines.reduce((sum, { amountUsd }) => sum + Number(amountUsd), 0);
  return total - Number(cached.amountUsd) + cached.quantity * Number(input.unitPrice);
}

function amount(usd: string | number | null): string {
  return usd === null ? "unpriced" : `$${Number(usd).toFixed(places)}`;
}

function asText({ lines }: ReceiptView, costUsd: string | null): string {
  const rows = lines.map(
    (line) => `${names[line.dimension]}\t${line.quantity}\t${rateText(line)}\t${line.amountUsd}`,
  );
  return [...rows, `Total\t\t\t${costUsd}`].join("\n");
}

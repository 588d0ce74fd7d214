/** What a call cost, line by line, and where its prices come from. */
import { useState } from "react";
import { Link } from "wouter";
import type { ReceiptView, SpanView } from "../../../query/views.ts";
import { count } from "../../format.ts";
import { CopyButton } from "../../parts/controls.tsx";
import type { SpanRow } from "../model.ts";

type Dimension = ReceiptView["missing"][number];

const names: Record<Dimension, string> = {
  input: "Input, new",
  cacheRead: "Input, from cache",
  cacheWrite: "Input, into cache",
  output: "Output",
  reasoning: "Reasoning",
  image: "Images",
  search: "Web searches",
  request: "Requests",
};
/** These are priced each, all else by the token. */
const perPiece = new Set<Dimension>(["image", "search", "request"]);
/** What an amount of money is written with. */
const places = 6;

export function Receipt({ span, whole }: { span: SpanRow; whole: SpanView | undefined }) {
  const receipt = whole?.receipt ?? null;
  if (span.costUsd === null || (whole && receipt === null))
    return <Unpriced span={span} whole={whole} />;
  return (
    <section className="sect">
      <h3>
        Cost receipt
        <span className="end">
          {receipt && (
            <CopyButton text={() => asText(receipt, span.costUsd)} label="Copy the receipt" />
          )}
        </span>
      </h3>
      <table className="receipt">
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
              <td className="r">{rateText(line)}</td>
              <td>{amount(line.amountUsd)}</td>
            </tr>
          ))}
          {receipt?.missing.map((dimension) => (
            <tr key={dimension} className="z">
              <td>{names[dimension]}</td>
              <td>not reported</td>
              <td className="r">—</td>
              <td>—</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td>Total</td>
            <td>{receipt && count(tokensOf(receipt))}</td>
            <td />
            <td>{amount(span.costUsd)}</td>
          </tr>
        </tfoot>
      </table>
      {receipt && (
        <Why receipt={receipt} modelId={span.modelId} reported={whole?.reportedCostUsd} />
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
  const search = modelId === null ? "" : `?${new URLSearchParams({ model: modelId })}`;
  const cause =
    modelId === null
      ? "The call names no model."
      : usage === null
        ? "The call reports no usage."
        : `No price is known for ${modelId}${provider === null ? "" : ` by ${provider}`}.`;
  return (
    <section className="sect">
      <h3>
        Cost receipt <span className="end lostc">unpriced</span>
      </h3>
      <p className="note">
        {cause}{" "}
        {modelId !== null && usage !== null && (
          <Link href={`/settings${search}#prices`}>Add price</Link>
        )}
        {whole?.reportedCostUsd !== undefined && ` The sender reports $${whole.reportedCostUsd}.`}
      </p>
    </section>
  );
}

function Why({
  receipt,
  modelId,
  reported,
}: {
  receipt: ReceiptView;
  modelId: string | null;
  reported: number | undefined;
}) {
  const [isOpen, setOpen] = useState(false);
  const { source, sourceDate, provider, model } = receipt;
  const uncached = withoutCache(receipt);
  return (
    <>
      <p className="note">
        Price list {source} of {sourceDate}, for <code className="in">{model}</code>.
        {uncached !== null && ` Without the cache: ${amount(uncached)}.`}{" "}
        <button
          type="button"
          className="lnk"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          Why this price
        </button>
      </p>
      {isOpen && (
        <p className="note why">
          {modelId === model ? (
            "The call's own model is in the list"
          ) : (
            <>
              The call says <code className="in">{modelId}</code>, which the list knows as{" "}
              <code className="in">{model}</code>
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

function rateText({ dimension, unitPrice }: ReceiptView["lines"][number]): string {
  const price = Number(unitPrice);
  if (perPiece.has(dimension)) return `${price} each`;
  const perMillion = price * 1e6;
  return perMillion >= 0.01 || perMillion === 0
    ? perMillion.toFixed(2).replace(/^(\d+)\.00$/, "$1.00")
    : perMillion.toPrecision(2);
}

function tokensOf({ lines }: ReceiptView): number {
  return lines
    .filter(({ dimension }) => !perPiece.has(dimension))
    .reduce((sum, { quantity }) => sum + quantity, 0);
}

/** What it would have cost had the cache been new input; null where nothing came from it. */
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

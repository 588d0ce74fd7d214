/** Prices: the user's own rules, which precede the list prices, and repricing of stored calls. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { PriceListing } from "../../ingest/pricer.ts";
import type { RepriceStatus } from "../../ingest/reprice.ts";
import { dimensions, pieces, type Dimension } from "../../pricing/rates.ts";
import { ask } from "../data/client.ts";
import { money, plural } from "../format.ts";
import { Icon } from "../parts/icon.tsx";
import { useParam } from "../state/url.ts";
import { AskDialog, Field, Section, SetRow } from "./section.tsx";

const shown = ["input", "cacheRead", "cacheWrite", "output"] as const;
const names: Record<Dimension, string> = {
  input: "Input",
  cacheRead: "From cache",
  cacheWrite: "Cache write",
  output: "Output",
  reasoning: "Reasoning",
  image: "Image",
  search: "Web search",
  request: "Request",
  cacheWrite1h: "Cache write for an hour",
  audioInput: "Audio input",
  imageInput: "Image input",
  videoInput: "Video input",
  audioCacheRead: "Audio from cache",
  imageCacheRead: "Images from cache",
  audioOutput: "Audio output",
  imageOutput: "Image output",
  videoOutput: "Video output",
  citation: "Citations",
  fileSearch: "File search",
};
/** The dimensions offered first: most models charge for nothing else. */
const common: readonly Dimension[] = ["input", "cacheRead", "cacheWrite", "output", "reasoning"];
const others = dimensions.filter((dimension) => !common.includes(dimension));

export function Prices() {
  const client = useQueryClient();
  // Links with "Add price" pass the model in the address.
  const [model, setModel] = useParam<string>("model", "");
  const { data: listing } = useQuery({
    queryKey: ["prices"],
    queryFn: ({ signal }) => ask("GET /api/prices", {}, signal),
  });
  const reread = () => client.invalidateQueries({ queryKey: ["prices"] });
  return (
    <Section
      id="prices"
      title="Prices"
      about={
        listing
          ? `Dollars per million tokens. Your prices precede the list prices, ${listing.source} of ${listing.sourceDate}.`
          : "Dollars per million tokens."
      }
      action={
        <button type="button" className="button" onClick={() => setModel("*", { replace: true })}>
          <Icon name="plus" size="s" />
          Add price
        </button>
      }
    >
      {listing && <Rules rules={listing.rules} setModel={setModel} reread={reread} />}
      <Reprice />
      {model !== "" && (
        <PriceDialog
          model={model}
          onClose={() => setModel("", { replace: true })}
          onDone={reread}
        />
      )}
    </Section>
  );
}

/** Models without a price, then the user's own rules. */
function Rules({
  rules,
  setModel,
  reread,
}: {
  rules: PriceListing["rules"];
  setModel: (model: string, options: { replace: boolean }) => void;
  reread: () => Promise<void>;
}) {
  const unpriced = useUnpriced();
  if (rules.length === 0 && unpriced.length === 0) {
    return <p className="nothing">No price of your own is set.</p>;
  }
  return (
    <table className="settings-table">
      <thead>
        <tr>
          <th>Model</th>
          {shown.map((dimension) => (
            <th className="number" key={dimension}>
              {names[dimension]}
            </th>
          ))}
          <th />
        </tr>
      </thead>
      <tbody>
        {unpriced.map(({ value, requests }) => (
          <tr key={value}>
            <td className="mono">{value}</td>
            <td className="dim" colSpan={shown.length}>
              unpriced, {plural(requests, "call")}
            </td>
            <td className="number">
              <button
                type="button"
                className="link"
                onClick={() => setModel(value, { replace: true })}
              >
                Add price
              </button>
            </td>
          </tr>
        ))}
        {rules.map(({ id, provider, model, prices }) => (
          <tr key={id}>
            <td className="mono" title={`provider ${provider}`}>
              {provider === "*" ? model : `${provider} / ${model}`}
            </td>
            {shown.map((dimension) => (
              <td className="number" key={dimension}>
                {prices[dimension] ?? <span className="dim">—</span>}
              </td>
            ))}
            <td className="number">
              {id.startsWith("config:") ? (
                <span className="dim">config.toml</span>
              ) : (
                <button
                  type="button"
                  className="button is-quiet is-small is-danger"
                  aria-label={`Remove the price of ${model}`}
                  onClick={() =>
                    void ask("DELETE /api/prices/:rule", { at: { rule: id } }).then(reread)
                  }
                >
                  Remove
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Models without a price that had calls in the last 30 days. */
function useUnpriced() {
  const { data } = useQuery({
    queryKey: ["models", "30d"],
    queryFn: ({ signal }) =>
      ask("GET /api/models", { query: { since: "30d", limit: 200 } }, signal),
  });
  return (data?.groups ?? []).filter(
    ({ costUsd, priceableSpanCount }) => costUsd === null && priceableSpanCount > 0,
  );
}

function PriceDialog({
  model: first,
  onClose,
  onDone,
}: {
  model: string;
  onClose: () => void;
  onDone: () => Promise<void>;
}) {
  const [model, setModel] = useState(first === "*" ? "" : first);
  const [provider, setProvider] = useState("");
  const [prices, setPrices] = useState<Partial<Record<Dimension, string>>>({});
  const fieldOf = (name: Dimension) => (
    <Field
      key={name}
      label={`${names[name]}, ${pieces.has(name) ? "$ each" : "$ per million"}`}
      value={prices[name] ?? ""}
      set={(price) => setPrices({ ...prices, [name]: price })}
    />
  );
  const given = Object.entries(prices).filter(([, price]) => price.trim() !== "");
  return (
    <AskDialog
      title="Add a price"
      verb="Set price"
      isReady={given.length > 0}
      onClose={onClose}
      act={async () => {
        const body = {
          ...(model.trim() && { model: model.trim() }),
          ...(provider.trim() && { provider: provider.trim() }),
          prices: Object.fromEntries(given.map(([name, price]) => [name, price.trim()])),
        };
        await ask("POST /api/prices", { body });
        await onDone();
      }}
    >
      <p className="dim">It holds for calls from now on; what is stored is repriced on demand.</p>
      <div className="settings-fields">
        <Field label="Model, * for any text" value={model} set={setModel} hint="llama*" isFirst />
        <Field label="Provider (optional)" value={provider} set={setProvider} hint="any" />
        {common.map(fieldOf)}
      </div>
      <details>
        <summary>Audio, images, searches and other dimensions</summary>
        <div className="settings-fields">{others.map(fieldOf)}</div>
      </details>
    </AskDialog>
  );
}

const progressEveryMs = 500;

function Reprice() {
  const client = useQueryClient();
  const { data: status } = useQuery({
    queryKey: ["reprice"],
    queryFn: ({ signal }) => ask("GET /api/reprice", {}, signal),
    refetchInterval: ({ state }) => (state.data?.finishedAt === null ? progressEveryMs : false),
  });
  const isRunning = status?.finishedAt === null;
  return (
    <SetRow
      name="Stored calls"
      end={
        <button
          type="button"
          className="button"
          disabled={isRunning}
          onClick={() =>
            void ask("POST /api/reprice", { body: {} }).then(() =>
              client.invalidateQueries({ queryKey: ["reprice"] }),
            )
          }
        >
          Apply current prices
        </button>
      }
    >
      {status ? wordsOf(status) : "Stored calls keep the prices from when they arrived."}
    </SetRow>
  );
}

function wordsOf(status: RepriceStatus): string {
  const { finishedAt, doneTraceCount, traceCount, changedSpanCount, beforeUsd, afterUsd } = status;
  if (finishedAt === null) return `${plural(doneTraceCount, "trace")} of ${traceCount} are done.`;
  return `${plural(changedSpanCount, "call")} changed: ${money(beforeUsd)} became ${money(afterUsd)}.`;
}

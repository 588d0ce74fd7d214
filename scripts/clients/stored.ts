/** All that a Tealight has of one emitter, read by the API. */
import type { Skeleton, SpanView, Summary, TracePage, TraceView } from "../../src/backend/views.ts";
import type { Message } from "../../src/messages/model.ts";
import type { Product } from "../bench/product.ts";
import type { Call } from "./models/script.ts";

export interface StoredSpan {
  span: SpanView;
  input: Message[];
  output: Message[];
}

export interface Stored {
  traces: Summary[];
  spans: StoredSpan[];
  refusals: string[];
}

async function get<T>(product: Product, path: string): Promise<T> {
  const headers = { authorization: `Bearer ${product.token}` };
  const response = await fetch(product.url + path, { headers });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

async function listTraces(product: Product, project: string): Promise<Summary[]> {
  const traces: Summary[] = [];
  let cursor = "";
  do {
    const page = await get<TracePage>(
      product,
      `/api/traces?project=${project}&limit=100${cursor && `&cursor=${cursor}`}`,
    );
    traces.push(...page.traces);
    cursor = encodeURIComponent(page.nextCursor ?? "");
  } while (cursor);
  return traces;
}

/** Agents that export their runtime have hundreds of others. */
const isRead = ({ spanType, payloads }: Skeleton): boolean =>
  spanType !== "other" || payloads.includes("input") || payloads.includes("output");

export async function readStored(product: Product): Promise<Stored> {
  const traces = await listTraces(product, "default");
  const spans: StoredSpan[] = [];
  for (const { key } of traces) {
    const path = `/api/traces/~${key}`;
    const view = await get<TraceView>(product, path);
    for (const skeleton of view.spans.filter(isRead)) {
      const at = `${path}/spans/~${skeleton.key}`;
      const span = await get<SpanView>(product, at);
      const messages = await get<{ input: Message[] | null; output: Message[] | null }>(
        product,
        `${at}/messages`,
      );
      spans.push({ span, input: messages.input ?? [], output: messages.output ?? [] });
    }
  }
  const rejects = await get<{ rejects: { reason: string }[] }>(product, "/api/rejects");
  return { traces, spans, refusals: rejects.rejects.map((reject) => JSON.stringify(reject)) };
}

const providers: Record<Call["api"], string> = {
  chat: "openai",
  responses: "openai",
  embeddings: "openai",
  anthropic: "anthropic",
  gemini: "google",
};

/** What the same calls cost where they come by ingest v1, which leaves nothing to interpretation. */
export async function costOf(product: Product, calls: Call[]): Promise<number> {
  const headers = {
    authorization: `Bearer ${product.token}`,
    "content-type": "application/json",
  };
  const post = async (path: string, body: object, key = "") => {
    const response = await fetch(product.url + path, {
      method: "POST",
      headers: key ? { ...headers, authorization: `Bearer ${key}` } : headers,
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { key?: { secret: string } };
  };
  await post("/api/projects", { name: "reference" });
  const made = await post("/api/keys", { project: "reference", name: "reference" });
  const now = Date.now();
  const spans = calls.map((call, index) => ({
    spanId: `call-${index}`,
    spanType: call.api === "embeddings" ? "embedding" : "llm",
    name: call.api,
    startTime: now + index,
    endTime: now + index,
    provider: providers[call.api],
    modelId: call.model,
    usage: {
      inputTokens: call.input,
      cachedInputTokens: call.cachedInput,
      cacheWriteInputTokens: call.cacheWrite,
      outputTokens: call.output,
    },
  }));
  const trace = { traceId: "reference", traceName: "reference", spans };
  await post("/ingest", { version: "v1", traces: [trace] }, made.key!.secret);
  return sumCosts(await listTraces(product, "reference"));
}

export function sumCosts(traces: Summary[]): number {
  return traces.reduce((sum, { costUsd }) => sum + Number(costUsd ?? 0), 0);
}

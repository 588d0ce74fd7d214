/** The fields of a span by what they are: its large texts, its token counts, and whether it says anything. */
import type { ImportedSpan, Usage } from "./v1.ts";

/** The large texts of a span, in the order of their slots in a row: what is new goes to the end. */
export const payloadFields = [
  "input",
  "output",
  "toolCatalog",
  "sources",
  "attributes",
  "resource",
  "events",
  "systemPrompt",
  "traceAttributes",
] as const;

export type PayloadField = (typeof payloadFields)[number];

/** A span's texts; what it does not have is absent. */
export type Payloads = Partial<Record<PayloadField, string>>;

export function payloadsOf({
  input,
  output,
  toolCatalog,
  sources,
  systemPrompt,
  x,
}: ImportedSpan): { [F in PayloadField]: string | undefined } {
  const { attributes, resource, events, traceAttributes } = x ?? {};
  return {
    input,
    output,
    toolCatalog,
    sources,
    systemPrompt,
    attributes,
    resource,
    events,
    traceAttributes,
  };
}

/** The counts of a span's usage. */
export const usageColumns = [
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "reasoningTokens",
  "cachedInputTokens",
  "cacheWriteInputTokens",
  "imageCount",
  "webSearchCount",
  "requestCount",
] as const satisfies (keyof Usage)[];

export type UsageField = (typeof usageColumns)[number];

/** The usage that a span reports, or undefined where it reports none. */
export function usageOf(counts: Readonly<Record<UsageField, number | null>>): Usage | undefined {
  let usage: Usage | undefined;
  for (const field of usageColumns) {
    const value = counts[field];
    if (value !== null) (usage ??= {})[field] = value;
  }
  return usage;
}

/**
 * Whether a span says no more than that a program ran, so that it may be internal (internal.ts). What the
 * mapping saw of it is not the last word: log records may have given it texts since.
 */
export function isRuntime(span: ImportedSpan): boolean {
  return (
    span.x?.isRuntime === true &&
    !span.x.fromLogs?.length &&
    span.spanType === "other" &&
    (span.status ?? "ok") === "ok" &&
    span.usage === undefined &&
    span.input === undefined &&
    span.output === undefined &&
    span.toolCatalog === undefined &&
    span.systemPrompt === undefined
  );
}

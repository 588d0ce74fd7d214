/** Whether a trace matches a filter, key by key as src/filter/keys.ts words them. */
import { findPrompt, promptId, promptSpans } from "../../../src/backend/prompt.ts";
import { spanTypes, type ImportedSpan } from "../../../src/contract/v1.ts";
import { okWithErrors } from "../../../src/filter/keys.ts";
import type { Filter, RangeTest, Test, TextTest } from "../../../src/filter/parse.ts";
import type { Pattern } from "../../../src/pattern.ts";
import { storedId } from "./rules.ts";
import type { View } from "./summary.ts";

export function matches(view: View, filter: Filter, all: readonly View[]): boolean {
  return filter.every(
    ({ isNegated, tests }) => tests.some((test) => holds(view, test, all)) !== isNegated,
  );
}

function holds(view: View, test: Test, all: readonly View[]): boolean {
  if (test.kind === "free") return hasText(view, test.text);
  if (test.kind === "range") return lies(numberOf(view, test.key.name), test);
  const { key, name, isRoot, pattern } = test;
  const { summary } = view.record;
  if (key.name === "status" && pattern[0] === okWithErrors)
    return summary.status === "ok" && summary.errorCount > 0;
  if (key.name === "is") {
    if (pattern[0] === "pinned") return summary.pinned;
    return pattern[0] === "internal" ? summary.isInternal : summary.state === pattern[0];
  }
  if (key.name === "trace") return fits(test, wantedId(test, all), summary.traceId);
  const spans = view.spans.filter(({ parentSpanId }) => !isRoot || parentSpanId === undefined);
  const texts = textsOf(view, spans, key.name, name);
  // What stands under a name of the sender's may be empty; elsewhere that says no more than nothing.
  const counts = (text: string) => text !== "" || key.isOpen === true;
  return texts.some((text) => counts(text) && fits(test, pattern, text));
}

/** An id in another way of writing stands for the one that is stored, where no trace has it as it is. */
function wantedId({ pattern }: TextTest, all: readonly View[]): Pattern {
  const [id] = pattern;
  const stored = pattern.length === 1 ? storedId(id) : null;
  return stored === null || all.some(({ trace }) => trace.traceId === id) ? pattern : [stored];
}

/** What a trace has under a key of texts. */
export function textsOf(
  view: View,
  spans: readonly ImportedSpan[],
  key: string,
  name: string | null,
): string[] {
  const { summary, metadata } = view.record;
  const one = (text: string | null | undefined) => (text == null ? [] : [text]);
  switch (key) {
    case "status":
      return [summary.status];
    case "agent":
      return one(summary.agentName);
    case "workflow":
      return one(summary.workflowName);
    case "run":
      return one(summary.workflowRunId);
    case "session":
      return one(summary.sessionId);
    case "customer":
      return one(summary.customer?.id);
    case "name":
      return one(summary.name);
    case "project":
      return [summary.project];
    case "source":
      return [summary.source];
    case "model":
      return summary.models;
    case "provider":
      return spans.flatMap(({ provider }) => one(provider));
    case "tool":
      return spans.flatMap((span) => (span.spanType === "tool" ? [span.name] : []));
    case "prompt":
      return one(promptOf(view)?.id);
    case "meta":
      return metadata && Object.hasOwn(metadata, name!) ? [metadata[name!]!] : [];
    case "type":
      return spans.map(({ spanType }) => spanType);
    case "span":
      return spans.map((span) => span.name);
    case "error":
      return spans.flatMap(({ errorMessage }) => one(errorMessage));
    case "attr":
      return spans.flatMap((span) =>
        attributesOf(span).flatMap((own) =>
          Object.hasOwn(own, name!) ? valuesOf(own[name!]) : [],
        ),
      );
    default:
      throw new Error(`the model does not know the key ${key}`);
  }
}

type Attributes = Record<string, unknown>;

function attributesOf({ metadata, x }: ImportedSpan): Attributes[] {
  const read = (json: string | undefined): Attributes => JSON.parse(json ?? "{}");
  const resource = read(x?.resource).attributes as Attributes | undefined;
  return [metadata ?? {}, read(x?.attributes), read(x?.traceAttributes), resource ?? {}];
}

function valuesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(valuesOf);
  if (value === null) return [];
  return [typeof value === "object" ? JSON.stringify(value) : String(value)];
}

/** The system prompt that a trace begins with. */
export function promptOf({ spans, trace }: View): { id: string; length: number } | null {
  const keyOf = (span: ImportedSpan) => trace.spans.find((kept) => kept.span === span)!.key;
  const typeOf = ({ spanType }: ImportedSpan) => spanTypes.indexOf(spanType);
  const first = spans
    .filter(({ spanType }) => promptSpans.types.some((type) => type === spanType))
    .sort((a, b) => a.startTime - b.startTime || typeOf(a) - typeOf(b) || keyOf(a) - keyOf(b))
    .slice(0, promptSpans.limit);
  const prompt = findPrompt(first, (span, field) => span[field]);
  return prompt === null ? null : { id: promptId(prompt), length: prompt.length };
}

function numberOf({ record: { summary } }: View, key: string): number | null {
  const { inputTokens, outputTokens, costUsd } = summary;
  const known = [inputTokens, outputTokens].filter((count) => count !== null).map(Number);
  switch (key) {
    case "duration":
      return summary.durationMs;
    case "ttft":
      return summary.ttftMs;
    case "cost":
      return costUsd === null ? null : Math.round(Number(costUsd) * 1e12);
    case "tokens":
      return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
    case "input":
      return inputTokens === null ? null : Number(inputTokens);
    case "output":
      return outputTokens === null ? null : Number(outputTokens);
    case "errors":
      return summary.errorCount;
    case "spans":
      return summary.spanCount;
    case "since":
    case "until":
      return summary.startTime;
    default:
      throw new Error(`the model does not know the number ${key}`);
  }
}

function lies(value: number | null, { min, max, isMinOpen, isMaxOpen }: RangeTest): boolean {
  if (value === null) return false;
  if (value < min || value > max) return false;
  return !(isMinOpen && value === min) && !(isMaxOpen && value === max);
}

/** An accent may be a character of its own. */
const folded = (text: string) => text.normalize("NFC").toLowerCase();

function fits({ isContained }: TextTest, pattern: Pattern, text: string): boolean {
  if (isContained) return folded(text).includes(folded(pattern[1]!));
  const literal = (part: string) => part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return new RegExp(`^${pattern.map(literal).join("[^]*")}$`).test(text);
}

function hasText({ spans, record: { summary } }: View, wanted: string): boolean {
  const { traceId, traceName, agentName, workflowName, workflowRunId, sessionId } = summary;
  const said = [
    ...[traceId, traceName, agentName, workflowName, workflowRunId, sessionId],
    ...[summary.inputPreview, summary.outputPreview],
    ...Object.values(summary.customer ?? {}),
    ...summary.models,
    ...spans.flatMap((span) => [span.spanId, span.name, span.provider, span.errorMessage]),
  ];
  return said.some((text) => text && folded(text).includes(folded(wanted)));
}

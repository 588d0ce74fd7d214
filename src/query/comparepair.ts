/** Two spans side by side: what of the instructions, the tools, what was asked and what came of it differs. */
import { Type, type Static } from "@sinclair/typebox";
import type { Reader } from "../backend/reader.ts";
import { type SpanRecord, type SpanRef } from "../backend/spans.ts";
import type { TraceRef } from "../backend/traces.ts";
import type { PayloadField } from "../contract/fields.ts";
import { AppError } from "../errors.ts";
import { instructionsIn, readable, textOfMessages, textOfParts } from "../messages/gist.ts";
import { readTools } from "../messages/tools.ts";
import { readSpanMessages, SpanId } from "./news.ts";
import { diffTexts, TextDiff } from "./textdiff.ts";

export const ComparedPair = Type.Object({
  a: SpanId,
  b: SpanId,
  systemPrompt: TextDiff,
  tools: Type.Intersect([TextDiff], { description: "That were offered, by their names" }),
  input: Type.Intersect([TextDiff], {
    description: "Of a model call the messages that are new in it, of a tool its arguments",
  }),
  output: TextDiff,
});

export type ComparedPair = Static<typeof ComparedPair>;

export interface SpanAt {
  trace: TraceRef;
  span: SpanRef;
}

/** @throws AppError `not_found`, `conflict`. */
export function readComparedPair(
  reader: Reader,
  a: SpanAt,
  b: SpanAt,
  unit?: TextDiff["unit"],
): ComparedPair {
  const [left, right] = [textsOf(reader, a), textsOf(reader, b)];
  return {
    a: left.id,
    b: right.id,
    systemPrompt: diffTexts(left.systemPrompt, right.systemPrompt, unit),
    tools: diffTexts(left.tools, right.tools, unit),
    input: diffTexts(left.input, right.input, unit),
    output: diffTexts(left.output, right.output, unit),
  };
}

function textsOf(reader: Reader, { trace, span }: SpanAt) {
  const found = reader.findSpan(trace, span);
  const id = { key: found.key, spanId: found.spanId };
  const { input, output, tools, newFrom } = readSpanMessages(reader, trace, { key: found.key });
  const isTool = found.spanType === "tool";
  const said = (messages: typeof input) => {
    if (messages.length === 0) return null;
    return isTool ? textOfParts(messages.flatMap(argumentParts)) : textOfMessages(messages);
  };
  const catalog =
    tools.length > 0 ? tools : readTools(inherited(reader, trace, found, "toolCatalog") ?? "");
  return {
    id,
    systemPrompt: isTool
      ? null
      : (instructionsIn(input) ?? inherited(reader, trace, found, "systemPrompt")),
    tools: isTool || catalog.length === 0 ? null : textOfTools(catalog),
    input: said(input.slice(newFrom).filter(({ role }) => role !== "system")),
    output: said(output),
  };
}

/** A tool's call as what it was called with: its name stands above it. */
function argumentParts({ parts }: ReturnType<typeof readSpanMessages>["input"][number]) {
  return parts.map((part) =>
    part.type === "toolCall" ? { type: "text" as const, text: readable(part.text) } : part,
  );
}

function textOfTools(tools: ReturnType<typeof readTools>): string {
  return tools
    .toSorted((x, y) => (x.name < y.name ? -1 : 1))
    .map(({ name, description = "", parameters = "" }) =>
      [name, description, readable(parameters)].filter((text) => text !== "").join("\n"),
    )
    .join("\n\n");
}

/** The text of the nearest span around it that has one: some senders say it once, at the agent. */
function inherited(
  reader: Reader,
  trace: TraceRef,
  span: SpanRecord,
  field: PayloadField,
): string | null {
  const seen = new Set<number>();
  let around: SpanRecord | null = span;
  while (around && !seen.has(around.key)) {
    seen.add(around.key);
    const text = reader.textOf(around.texts, field);
    if (text !== undefined) return text;
    around = parentOf(reader, trace, around);
  }
  return null;
}

function parentOf(
  reader: Reader,
  trace: TraceRef,
  { parentSpanId }: SpanRecord,
): SpanRecord | null {
  if (parentSpanId === null) return null;
  try {
    return reader.findSpan(trace, { spanId: parentSpanId });
  } catch (cause) {
    if (cause instanceof AppError && cause.code === "not_found") return null;
    throw cause;
  }
}

/** Two spans side by side: what of the instructions, the tools, what was asked and what came of it differs. */
import { Type, type Static } from "@sinclair/typebox";
import { AppError } from "../errors.ts";
import { instructionsIn, readable, textOfMessages, textOfParts } from "../messages/gist.ts";
import { readTools } from "../messages/tools.ts";
import { spanTypes } from "../contract/v1.ts";
import type { PayloadField } from "../contract/fields.ts";
import { readText } from "../sqlite/payload/text.ts";
import { readSpanMessages, SpanId } from "./news.ts";
import { diffTexts, TextDiff } from "./textdiff.ts";
import { findSpan, type Source, type SpanRef, type SpanRow } from "../sqlite/trace/trace.ts";
import type { TraceRef } from "../sqlite/list/traces.ts";

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
  source: Source,
  a: SpanAt,
  b: SpanAt,
  unit?: TextDiff["unit"],
): ComparedPair {
  const [left, right] = [textsOf(source, a), textsOf(source, b)];
  return {
    a: left.id,
    b: right.id,
    systemPrompt: diffTexts(left.systemPrompt, right.systemPrompt, unit),
    tools: diffTexts(left.tools, right.tools, unit),
    input: diffTexts(left.input, right.input, unit),
    output: diffTexts(left.output, right.output, unit),
  };
}

function textsOf(source: Source, { trace, span }: SpanAt) {
  const { row } = findSpan(source, trace, span);
  const id = { key: row.key, spanId: row.spanId };
  const { input, output, tools, newFrom } = readSpanMessages(source, trace, { key: row.key });
  const isTool = spanTypes[row.spanType] === "tool";
  const said = (messages: typeof input) => {
    if (messages.length === 0) return null;
    return isTool ? textOfParts(messages.flatMap(argumentParts)) : textOfMessages(messages);
  };
  const catalog =
    tools.length > 0 ? tools : readTools(inherited(source, trace, row, "toolCatalog") ?? "");
  return {
    id,
    systemPrompt: isTool
      ? null
      : (instructionsIn(input) ?? inherited(source, trace, row, "systemPrompt")),
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
  source: Source,
  trace: TraceRef,
  row: SpanRow,
  field: PayloadField,
): string | null {
  const seen = new Set<number>();
  let parent: SpanRow | null = row;
  while (parent && !seen.has(parent.key)) {
    seen.add(parent.key);
    const text = readText(source, parent, field);
    if (text !== undefined) return text;
    parent = parentOf(source, trace, parent);
  }
  return null;
}

function parentOf(source: Source, trace: TraceRef, { parentSpanId }: SpanRow): SpanRow | null {
  if (parentSpanId === null) return null;
  try {
    return findSpan(source, trace, { spanId: parentSpanId }).row;
  } catch (cause) {
    if (cause instanceof AppError && cause.code === "not_found") return null;
    throw cause;
  }
}

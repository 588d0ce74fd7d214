/** Which texts of a span were cut before they were stored, by whom, and how long they were. */
import { Type, type Static } from "@sinclair/typebox";
import type { SpanExtension } from "../contract/v1.ts";
import { wire } from "../limits.ts";
import { cutOf, withCutEnd } from "../messages/cut.ts";
import { Cut, type Message } from "../messages/model.ts";
import { oneOf } from "../schemas.ts";

const cutFields = ["input", "output", "toolCatalog", "sources", "systemPrompt"] as const;
type CutField = (typeof cutFields)[number];
type Texts = { [F in CutField | "errorMessage"]?: string | undefined };

export const CutText = Type.Object({
  field: oneOf([...cutFields, "errorMessage"], "Which text"),
  length: Type.Integer({ description: "What is there, in UTF-16 code units" }),
  ...Cut.properties,
});

export type CutText = Static<typeof CutText>;

/** @param x what the span's row says of them. */
export function cutsOf(texts: Texts, x: SpanExtension & { source?: string }): CutText[] {
  const cuts = cutFields.flatMap((field): CutText[] => {
    const text = texts[field];
    const cut = text === undefined ? null : cutOfField(field, text, x);
    return cut ? [{ field, length: text!.length, ...cut }] : [];
  });
  const length = texts.errorMessage?.length;
  if (x.source !== "otlp" || length !== wire.errorMessageLength) return cuts;
  const wholeLength = x.statusMessage?.length ?? null;
  return [...cuts, { field: "errorMessage", length, by: "server", wholeLength }];
}

function cutOfField(
  field: CutField,
  text: string,
  { source, wholeLengths }: SpanExtension & { source?: string },
): Cut | null {
  const known: Partial<Record<CutField, number>> = wholeLengths ?? {};
  if ((known[field] ?? 0) > text.length) return cutFrom(known[field]!);
  // Over ingest v1 a longer one is refused, not cut.
  if (source === "otlp" && text.length === wire.payloadLength)
    return { by: "server", wholeLength: null };
  return cutOf(text);
}

/** The messages of a span's text, the last of which says how long all of it was, where that is known. */
export function withCutOf(
  field: "input" | "output",
  messages: Message[],
  { wholeLengths }: { wholeLengths: SpanExtension["wholeLengths"] | null },
): Message[] {
  const wholeLength = wholeLengths?.[field];
  return wholeLength === undefined ? messages : withCutEnd(messages, cutFrom(wholeLength));
}

function cutFrom(wholeLength: number): Cut {
  return { by: wholeLength > wire.payloadLength ? "server" : "sender", wholeLength };
}

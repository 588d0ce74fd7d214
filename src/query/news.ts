/**
 * What is new in a model call, against the earlier call of its trace that shares most with it. Lists are
 * compared, not texts, and with a bounded number of calls: in a trace of 50,000 spans, too, a call costs
 * what one of the last ones costs.
 */
import { Type, type Static } from "@sinclair/typebox";
import { withCutOf } from "../backend/cuts.ts";
import type { Reader } from "../backend/reader.ts";
import type { SpanRecord, SpanRef } from "../backend/spans.ts";
import { DamagedText, type Token } from "../backend/texts.ts";
import type { TraceRef } from "../backend/traces.ts";
import type { SpanNews } from "../backend/views.ts";
import type { PayloadField } from "../contract/fields.ts";
import { AppError } from "../errors.ts";
import { transcript as limits } from "../limits.ts";
import { withCut } from "../messages/cut.ts";
import { bytesNamed, withMediaNames } from "../messages/media.ts";
import { Message, Tool, type Part } from "../messages/model.ts";
import { locateMessages, locateRest, readMessages, type Located } from "../messages/read.ts";
import { withSystemPrompt } from "../messages/system.ts";
import { readToolRun, readTools } from "../messages/tools.ts";
import {
  commonLength,
  createTokens,
  findShared,
  findShort,
  goesOnOtherwise,
  readEarlier,
  type Call,
  type Shared,
} from "./compare.ts";

/** Which span is meant where one is named within an answer. */
export const SpanId = Type.Object({ key: Type.Integer(), spanId: Type.String() });

export const newsFields = {
  earlier: Type.Union([SpanId, Type.Null()], {
    description: "The earlier span of the same type whose input begins most like this one's",
  }),
  isEdited: Type.Boolean({
    description: "True where the earlier input went on otherwise: the history was changed or cut",
  }),
};

/** One span's payloads as messages, whole. */
export const SpanMessages = Type.Object({
  input: Type.Array(Message),
  output: Type.Array(Message),
  tools: Type.Array(Tool, { description: "That were offered to the model" }),
  ...newsFields,
  newFrom: Type.Integer({
    description:
      "The index of the first message of the input that the earlier call neither was sent nor answered; the length of the input where there is none",
  }),
});

export type SpanMessages = Static<typeof SpanMessages>;

/**
 * Compares lists, not texts: the longest common prefix with each of the spans of the same type that
 * started before. In a tie the one that started last is taken.
 *
 * @throws AppError `not_found`, `conflict`.
 */
export function readNews(reader: Reader, traceRef: TraceRef, ref: SpanRef): SpanNews {
  const call = reader.findSpan(traceRef, ref);
  const input = reader.textOf(call.texts, "input") ?? "";
  const first: SpanNews = {
    earlier: null,
    sharedLength: 0,
    newLength: input.length,
    isEdited: false,
  };
  const tokensOf = createTokens(reader, call.traceKey);
  const tokens = tokensOf(call);
  const before = readEarlier(reader, call.traceKey, call);
  const shared =
    tokens && (findShared(tokens, before, tokensOf) ?? findShort(() => input, before, tokensOf));
  if (!shared) return first;
  try {
    // Up to the last whole message that both have.
    const boundary = reader.textOfTokens(tokens.slice(0, shared.tokens)).length;
    const other = reader.textOf(shared.call.texts, "input") ?? "";
    const isEdited = goesOnOtherwise(other, input);
    const sharedLength = isEdited ? boundary : Math.max(boundary, commonLength(other, input));
    return {
      earlier: { key: shared.call.key, spanId: shared.call.spanId },
      sharedLength,
      newLength: input.length - sharedLength,
      isEdited,
    };
  } catch (cause) {
    if (cause instanceof DamagedText) return first;
    throw cause;
  }
}

/** @throws AppError `not_found`, `conflict`. */
export function readSpanMessages(reader: Reader, traceRef: TraceRef, ref: SpanRef): SpanMessages {
  const { input, output, ...rest } = readWhole(reader, traceRef, ref);
  const shown = (message: Message) => {
    const { parts, ...more } = withMediaNames(message);
    return { ...more, parts: parts.map(withCut) };
  };
  return { ...rest, input: input.map(shown), output: output.map(shown) };
}

/**
 * The bytes of what is attached to one of a span's messages.
 *
 * @throws AppError `not_found`, `conflict`.
 */
export function readMedia(
  reader: Reader,
  traceRef: TraceRef,
  ref: SpanRef,
  name: string,
): Uint8Array<ArrayBuffer> {
  const { input, output } = readWhole(reader, traceRef, ref);
  const found = bytesNamed([...output, ...input], name);
  if (!found) throw new AppError("not_found", "no message of this span has such an attachment");
  return found;
}

function readWhole(reader: Reader, traceRef: TraceRef, ref: SpanRef): SpanMessages {
  const asked = reader.findSpan(traceRef, ref);
  const row = voiceOf(reader, asked);
  const textOf = (field: PayloadField) => reader.textOf(row.texts, field);
  const [input, output] = [textOf("input"), textOf("output")];
  const [toolCatalog, systemPrompt] = [textOf("toolCatalog"), textOf("systemPrompt")];
  const tools = toolCatalog === undefined ? [] : readTools(toolCatalog);
  if (row.spanType === "tool") {
    const isError = row.status === "error";
    const run = readToolRun({ id: null, name: row.name, input, output, isError });
    const sent = withSystemPrompt(run.input, systemPrompt);
    return {
      input: withCutOf("input", sent, row),
      output: withCutOf("output", run.output, row),
      tools,
      earlier: null,
      isEdited: false,
      newFrom: 0,
    };
  }
  const { earlier, sharedLength, isEdited } = readNews(reader, traceRef, { key: row.key });
  const located = input === undefined ? [] : locateMessages(input, "input");
  const isAnswer =
    !earlier || isEdited
      ? () => false
      : answerIn(outputOf(reader, reader.findSpan(traceRef, { key: earlier.key })));
  const own = located.map(({ message }) => message);
  const sent = withSystemPrompt(own, systemPrompt);
  const newFrom = sent.length - own.length + firstNew(located, sharedLength, isAnswer);
  return {
    input: withCutOf("input", sent, row),
    output: withCutOf("output", output === undefined ? [] : readMessages(output, "output"), row),
    tools,
    earlier,
    isEdited,
    newFrom: earlier ? newFrom : 0,
  };
}

/** Who has no input of its own shows what another span of the same model call was sent. */
function voiceOf(reader: Reader, span: SpanRecord & { traceKey: number }): SpanRecord {
  const { traceKey, shownBy, texts } = span;
  if (shownBy === null || reader.fieldsOf(texts).includes("input")) return span;
  return reader.findSpan({ key: traceKey }, { key: shownBy });
}

/**
 * @param sharedLength of the text that was located.
 * @param isAnswer true for what the earlier call was answered with: new in the input, yet not new.
 */
function firstNew(
  located: Located[],
  sharedLength: number,
  isAnswer: (message: Message) => boolean,
): number {
  let at = located.findIndex(({ end }) => end > sharedLength);
  if (at < 0) return located.length;
  while (at < located.length && isAnswer(located[at]!.message)) at++;
  return at;
}

function outputOf(reader: Reader, { texts }: Pick<Call, "texts">): Message[] {
  return readMessages(reader.textOf(texts, "output") ?? "", "output");
}

/** Tells whether a message says nothing but what a call's output said. */
function answerIn(read: readonly Message[]): (message: Message) => boolean {
  const said = new Set(read.flatMap(({ parts }) => parts.map(gistOf)));
  return ({ role, parts }) =>
    role === "assistant" &&
    parts.length > 0 &&
    parts.every((part) => isBeside(part, parts) || said.has(gistOf(part)));
}

/** Thoughts, and what a sender keeps beside what was said, are often not sent back as they came. */
function isBeside(part: Part, parts: Part[]): boolean {
  if (part.type === "thinking") return true;
  return part.type === "raw" && parts.some(({ type }) => type !== "raw" && type !== "thinking");
}

/** Senders write an answer down again in another form: its ids and its texts stay. */
function gistOf(part: Part): string {
  switch (part.type) {
    case "toolCall":
      return part.id === null ? `call ${part.name} ${part.text}` : `call ${part.id}`;
    case "text":
      return `text ${part.text.trim()}`;
    default:
      return JSON.stringify(part);
  }
}

/** What is new in calls of one trace, for who shows many of them. */
export interface History {
  /** Of all inputs that had to be read whole so far, in UTF-16 code units. */
  readonly readLength: number;
  newsOf(call: Call): CallNews;
  /** The first of the calls that goes on from this one. */
  nextOf(call: Call): Call | null;
  /** What it was answered. */
  outputOf(call: Pick<Call, "key" | "texts">): Message[];
}

export type CallNews = Pick<SpanMessages, keyof typeof newsFields> & {
  /** The messages from the first new one on. */
  input: Message[];
};

/** Answers that are held once they were read. */
const keptOutputs = 32;

/** @param calls one after the other, as they started. */
export function createHistory(reader: Reader, traceKey: number, calls: Call[]): History {
  const tokensOf = createTokens(reader, traceKey);
  const before = calls[0] ? readEarlier(reader, traceKey, calls[0]).reverse() : [];
  const all = [...before, ...calls];
  const places = new Map(all.map(({ key }, i) => [key, i]));
  const shares = new Map<number, Shared | null>();
  const known = new Map<number, CallNews>();
  let readLength = 0;

  /** Mostly asked for by the call itself and by the one that goes on from it. */
  const outputs = new Map<number, Message[]>();
  function readOutput(call: Pick<Call, "key" | "texts">): Message[] {
    let output = outputs.get(call.key);
    if (!output) {
      if (outputs.size >= keptOutputs) outputs.clear();
      outputs.set(call.key, (output = outputOf(reader, call)));
    }
    return output;
  }

  function sharedOf(call: Call): Shared | null {
    let shared = shares.get(call.key);
    if (shared === undefined) {
      const at = places.get(call.key)!;
      const tokens = tokensOf(call);
      const earlier = all.slice(Math.max(0, at - limits.earlierCalls), at).reverse();
      const textOf = () => reader.textOf(call.texts, "input") ?? "";
      shared =
        tokens && (findShared(tokens, earlier, tokensOf) ?? findShort(textOf, earlier, tokensOf));
      shares.set(call.key, shared);
    }
    return shared;
  }

  function wholeOf(call: Call): CallNews {
    const input = reader.textOf(call.texts, "input") ?? "";
    readLength += input.length;
    return { earlier: null, isEdited: false, input: readMessages(input, "input") };
  }

  function readSince(call: Call, { call: earlier, tokens: count }: Shared): CallNews {
    const tokens = tokensOf(call)!;
    const rest = reader.textOfTokens(tokens.slice(count));
    const other = reader.textOfTokens(tokensOf(earlier)!.slice(count));
    const isEdited = goesOnOtherwise(other, rest);
    const sharedLength = isEdited ? 0 : commonLength(other, rest);
    const isAnswer = isEdited ? () => false : answerIn(readOutput(earlier));
    const located = locate(tokens, count, rest);
    const from = firstNew(located, sharedLength, isAnswer);
    return {
      earlier: { key: earlier.key, spanId: earlier.spanId },
      isEdited,
      input: located.slice(from).map(({ message }) => message),
    };
  }

  /** A list goes on behind what is shared; of an object, all is read to know what its members are. */
  function locate(tokens: Token[], count: number, rest: string): Located[] {
    const isList = typeof tokens[0] === "string" && /^\s*\[/.test(tokens[0]);
    if (isList && count > 0) return locateRest(rest, "input");
    const text = reader.textOfTokens(tokens);
    readLength += text.length;
    const start = text.length - rest.length;
    return locateMessages(text, "input").map(({ message, end }) => ({ message, end: end - start }));
  }

  return {
    get readLength() {
      return readLength;
    },
    outputOf: readOutput,
    newsOf(call) {
      let news = known.get(call.key);
      if (!news) {
        try {
          const shared = sharedOf(call);
          news = shared ? readSince(call, shared) : wholeOf(call);
        } catch (cause) {
          if (!(cause instanceof DamagedText)) throw cause;
          // It says so itself.
          news = wholeOf(call);
        }
        known.set(call.key, news);
      }
      return news;
    },
    nextOf(call) {
      const later = calls.slice(calls.findIndex(({ key }) => key === call.key) + 1);
      return later.find((other) => sharedOf(other)?.call.key === call.key) ?? null;
    },
  };
}

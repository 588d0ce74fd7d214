/**
 * A trace as it is read: per model call only what is new in it and what came of it, each tool call with
 * the span that ran it. A page reads a bounded number of spans, compares each call with a bounded number
 * before it and shortens what is long, so that a trace of 50,000 spans costs what one of 500 does but for
 * a scan of its rows.
 */
import { Type, type Static } from "@sinclair/typebox";
import { invalidCursor, parseCursor, toCursor } from "../backend/cursor.ts";
import { withCutOf } from "../backend/cuts.ts";
import type { Reader } from "../backend/reader.ts";
import { type SpanRecord, type StartPlace, type SpanRef } from "../backend/spans.ts";
import { type TraceRef } from "../backend/traces.ts";
import { Summary, Repeats } from "../backend/views.ts";
import { spanStatuses, spanTypes } from "../contract/v1.ts";
import { transcript as limits } from "../limits.ts";
import { createClipper } from "../messages/clip.ts";
import { isObject, parseJson, pickText } from "../messages/json.ts";
import { Message, ToolResult, type Part } from "../messages/model.ts";
import { readMessages } from "../messages/read.ts";
import { saysSystemPrompt, withSystemPrompt } from "../messages/system.ts";
import { readToolRun } from "../messages/tools.ts";
import { described, nullable, oneOf } from "../schemas.ts";
import { callFields, type Call } from "./compare.ts";
import { contextWindowOf } from "./context.ts";
import { createJoiner, idAttributes, type Site } from "./joins.ts";
import { createHistory, newsFields, SpanId, type CallNews } from "./news.ts";
import { findAboveWork, readOutline } from "./outline.ts";
import { createIds } from "./skeleton.ts";

const shownTypes = ["agent", "llm", "tool"] as const;

const JoinedCall = Type.Object({
  id: nullable(Type.String()),
  name: nullable(Type.String()),
  span: Type.Union([SpanId, Type.Null()], {
    description: "The tool's span that ran it; null where none is known to",
  }),
  result: Type.Union([ToolResult, Type.Null()], {
    description: "What came of it; null where nothing did, or did not come yet",
  }),
});

export const TranscriptEntry = Type.Object({
  key: Type.Integer({ description: "The span's" }),
  spanId: Type.String(),
  parentSpanId: nullable(Type.String()),
  spanType: oneOf(shownTypes),
  repeats: Type.Optional(Repeats),
  name: Type.String(),
  modelId: nullable(Type.String()),
  contextWindow: Type.Optional(described("Of the model, in tokens, where the price list knows it")),
  startTime: Type.Integer(),
  endTime: Type.Integer(),
  status: oneOf(spanStatuses),
  errorMessage: nullable(Type.String()),
  ...newsFields,
  input: Type.Array(Message, {
    description:
      "Of a model call what no earlier call was sent or answered with, of a tool its call; of an agent whose work is shown by the spans below it no more than the system prompt that its first call does not show. Long texts are clipped",
  }),
  output: Type.Array(Message, { description: "Long texts are clipped" }),
  calls: Type.Array(JoinedCall, {
    description:
      "The tool calls of the output, in their order, or those that the next call says it had",
  }),
});

export const TranscriptPage = Type.Object({
  entries: Type.Array(TranscriptEntry),
  nextCursor: nullable(Type.String()),
});

export type TranscriptEntry = Static<typeof TranscriptEntry>;
export type TranscriptPage = Static<typeof TranscriptPage>;

export interface TranscriptQuery {
  limit: number;
  cursor?: string | undefined;
  /** The first page begins with the last model call that started before it, or with itself. */
  from?: SpanRef | undefined;
}

/** What is read of each span on the page and behind it. */
const lightFields = [...callFields, "parentSpanId", "name", "status", "errorMessage"] as const;
type Light = Pick<SpanRecord, (typeof lightFields)[number]>;
/** What more is read of those on the page. */
const rowFields = [
  ...lightFields,
  ...(["modelId", "price", "durationMs", "repeats", "wholeLengths"] as const),
];
type Row = Pick<SpanRecord, (typeof rowFields)[number]>;
type JoinedCall = Static<typeof JoinedCall>;

const noNews = { earlier: null, isEdited: false };

/**
 * Model calls, tools and agents in the order in which they started; of those that start at once an agent
 * comes first. Several spans of one model call or tool run are shown as one, the one that says most of its
 * messages. A page may end before its limit, where it is long.
 *
 * @throws AppError `not_found` (also of `from`), `conflict`, `bad_request` for a cursor that is none.
 */
export function readTranscript(
  reader: Reader,
  ref: TraceRef,
  { cursor, from, limit }: TranscriptQuery,
  nowMs: number,
): TranscriptPage {
  const behind = cursor === undefined ? null : placeOf(parseCursor(cursor, 3));
  const { summary } = reader.findTrace(ref, nowMs);
  const traceKey = summary.key;
  const first = behind === null && from !== undefined ? stepOf(reader, ref, from) : null;
  const found = [
    ...reader.spans(
      {
        traceKey,
        types: shownTypes,
        isShown: true,
        ...(behind ? { after: behind } : first ? { from: first } : {}),
        order: "startAndType",
        limit: limit + limits.laterSpans,
      },
      lightFields,
    ),
  ];
  const keys = found.slice(0, limit).map(({ key }) => key);
  const rows = [...reader.spans({ traceKey, keys }, rowFields)];
  const isAgentShown = agentsToShow(reader, summary, rows);
  const writer = createWriter(reader, traceKey, found, createIds(reader, traceKey, rows));
  const entries: TranscriptEntry[] = [];
  for (const row of rows) {
    if (writer.isFull) break;
    entries.push(writer.entryOf(row, row.spanType !== "agent" || isAgentShown(row)));
  }
  const last = rows[entries.length - 1];
  const isLast = !last || entries.length === found.length;
  return {
    entries,
    nextCursor: isLast
      ? null
      : toCursor([last.startTime, spanTypes.indexOf(last.spanType), last.key]),
  };
}

function placeOf([startTime, type, key]: number[]): StartPlace {
  const spanType = spanTypes[type!];
  if (!spanType) throw invalidCursor();
  return { startTime: startTime!, spanType, key: key! };
}

/** The place of the model call that a span follows, or of the span. @throws AppError `not_found`. */
function stepOf(reader: Reader, traceRef: TraceRef, ref: SpanRef): StartPlace {
  const asked = reader.findSpan(traceRef, ref);
  const { traceKey, shownBy } = asked;
  const span = shownBy === null ? asked : reader.findSpan({ key: traceKey }, { key: shownBy });
  const { startTime, spanType, key } = span;
  const own = { startTime, spanType, key };
  const [call] = reader.spans(
    {
      traceKey,
      types: ["llm"],
      isShown: true,
      upTo: own,
      order: "startAndType",
      isDescending: true,
      limit: 1,
    },
    ["startTime", "spanType", "key"],
  );
  return call ?? own;
}

/** An agent is shown where only internal spans are below it: else its calls say what it was asked, too. */
function agentsToShow(
  reader: Reader,
  trace: Pick<Summary, "key" | "spanCount" | "llmCount" | "internalSpanCount">,
  rows: readonly Row[],
): (agent: Row) => boolean {
  const agents = rows.filter(({ spanType }) => spanType === "agent");
  if (trace.llmCount === 0 || agents.length === 0) return () => true;
  if (trace.internalSpanCount > 0) {
    const isAbove = findAboveWork(readOutline(reader, trace));
    return ({ key }) => !isAbove(key);
  }
  const parentSpanIds = agents.map(({ spanId }) => spanId);
  const below = reader.spans({ traceKey: trace.key, parentSpanIds }, ["parentSpanId"]);
  const parents = new Set(Array.from(below, ({ parentSpanId }) => parentSpanId));
  return ({ spanId }) => !parents.has(spanId);
}

/**
 * @param found the spans of the page and those behind it.
 * @param idOf gives the ids of the spans that count in the place of others, by key.
 */
function createWriter(
  reader: Reader,
  traceKey: number,
  found: Light[],
  idOf: (key: number) => string,
) {
  const clipper = createClipper({
    whole: limits.pageLength,
    part: limits.partLength,
    least: limits.leastLength,
  });
  const history = createHistory(
    reader,
    traceKey,
    found.filter(({ spanType }) => spanType === "llm"),
  );
  const sites = new Map(found.map((light) => [light.key, light]));
  const joiner = createJoiner(found, idsOf);

  /** The id of the call that a tool's span names in an attribute. */
  function callIdOf(key: number): string | null {
    const sent = parseJson(reader.textOf(sites.get(key)!.texts, "attributes") ?? "");
    return isObject(sent) ? pickText(sent, ...idAttributes) : null;
  }

  /** The same, and what may be one: some clients put it at the end of the span's own id. */
  function idsOf({ key, spanId }: Site): string[] {
    const id = callIdOf(key);
    return id === null ? [spanId, spanId.slice(spanId.lastIndexOf(":") + 1)] : [id];
  }

  /** @returns input and output of the span as messages, whole. */
  function toolRunOf(key: number, isError: boolean) {
    const site = sites.get(key)!;
    const input = reader.textOf(site.texts, "input");
    const output = reader.textOf(site.texts, "output");
    return readToolRun({ id: callIdOf(key), name: site.name, input, output, isError });
  }

  function joinCalls(row: Row, output: Message[]): JoinedCall[] {
    const next = history.nextOf(row);
    const news = next && history.newsOf(next);
    const said = partsOf(output, "toolCall");
    // Some clients send of an answer only its text, and the calls with the history.
    const calls =
      said.length > 0 || !news || news.isEdited ? said : partsOf(answersIn(news.input), "toolCall");
    if (calls.length === 0) return [];
    const ran = joiner.spansOf(sites.get(row.key)!, calls);
    const answers = partsOf([...output, ...(news?.input ?? [])], "toolResult");
    return calls.map((call, i) => {
      const span = ran[i];
      const sent = answers.findIndex(
        ({ id, name }) => id === call.id && (id !== null || name === null || name === call.name),
      );
      const [answer] = sent < 0 ? [] : answers.splice(sent, 1);
      const result = (span && resultOf(span)) ?? answer;
      return {
        id: call.id,
        name: call.name,
        span: span ? { key: span.key, spanId: span.spanId } : null,
        result: result ? clipper.part({ ...result, id: call.id }) : null,
      };
    });
  }

  function resultOf({ key, name }: Site): ToolResult | null {
    const { status, errorMessage } = sites.get(key)!;
    const isError = status === "error";
    const [result] = partsOf(toolRunOf(key, isError).output, "toolResult");
    if (result || !isError || errorMessage === null) return result ?? null;
    return { type: "toolResult", id: null, name, text: errorMessage, isError };
  }

  function newsOf(row: Row, isShown: boolean): CallNews & { output: Message[] } {
    if (row.spanType === "tool")
      return { ...noNews, ...toolRunOf(row.key, row.status === "error") };
    if (!isShown) return { ...noNews, input: rulesOf(row), output: [] };
    const output = readMessages(reader.textOf(row.texts, "output") ?? "", "output");
    if (row.spanType === "llm") return { ...callNewsOf(row), output };
    const input = readMessages(reader.textOf(row.texts, "input") ?? "", "input");
    return { ...noNews, input: withSystemPrompt(input, promptOf(row)), output };
  }

  function promptOf({ texts }: Pick<Call, "texts">): string | undefined {
    return reader.textOf(texts, "systemPrompt");
  }

  /** The news of a call with its own system prompt, where that is new. */
  function callNewsOf(call: Call): CallNews {
    const news = history.newsOf(call);
    const prompt = promptOf(call);
    if (prompt === undefined) return news;
    const earlier = news.earlier && callAt(news.earlier.key);
    const isNew = !earlier || promptOf(earlier) !== prompt;
    return isNew ? { ...news, input: withSystemPrompt(news.input, prompt) } : news;
  }

  function callAt(key: number): Pick<Call, "texts"> | undefined {
    const [other] = sites.has(key) ? [] : reader.spans({ traceKey, keys: [key] }, ["texts"]);
    return sites.get(key) ?? other;
  }

  /** An agent's system prompt, unless its first call shows it. */
  function rulesOf(agent: Row): Message[] {
    const prompt = promptOf(agent);
    if (prompt === undefined) return [];
    const call = firstCallOf(agent);
    const isSaid = call !== undefined && saysSystemPrompt(callNewsOf(call).input, prompt);
    return isSaid ? [] : withSystemPrompt([], prompt);
  }

  /** Of spans that are not shown nobody knows whose they are: the first call below one may be its own. */
  function firstCallOf(agent: Row): Light | undefined {
    const ids = new Set(found.map(({ spanId }) => spanId));
    const below = new Set([agent.spanId]);
    let other: Light | undefined;
    for (const span of found.slice(found.findIndex(({ key }) => key === agent.key) + 1)) {
      const parent = span.parentSpanId;
      if (parent !== null && below.has(parent)) {
        if (span.spanType === "llm") return span;
        if (span.spanType === "tool") below.add(span.spanId);
      } else if (span.spanType === "llm" && (parent === null || !ids.has(parent))) {
        other ??= span;
      }
    }
    return other;
  }

  function entryOf(row: Row, isShown: boolean): TranscriptEntry {
    const { input, output, ...news } = newsOf(row, isShown);
    return {
      key: row.key,
      spanId: row.spanId,
      parentSpanId: row.parentSpanId,
      ...(row.repeats !== null && { repeats: idOf(row.repeats) }),
      spanType: row.spanType as TranscriptEntry["spanType"],
      name: row.name,
      modelId: row.modelId,
      ...contextWindowOf(row),
      startTime: row.startTime,
      endTime: row.startTime + row.durationMs,
      status: row.status ?? "ok",
      errorMessage: row.errorMessage,
      ...news,
      input: withCutOf("input", input, row).map(clipper.message),
      output: withCutOf("output", output, row).map(clipper.message),
      calls: row.spanType === "llm" ? joinCalls(row, output) : [],
    };
  }

  return {
    /** True where the page is to end, whatever its limit. */
    get isFull() {
      return clipper.left === 0 || history.readLength > limits.readLength;
    },
    entryOf,
  };
}

function partsOf<T extends Part["type"]>(messages: Message[], type: T) {
  return messages.flatMap(({ parts }) =>
    parts.filter((part): part is Extract<Part, { type: T }> => part.type === type),
  );
}

/** What of new messages a model said before any other came. */
function answersIn(messages: Message[]): Message[] {
  const other = messages.findIndex(({ role }) => role !== "assistant");
  return other < 0 ? messages : messages.slice(0, other);
}

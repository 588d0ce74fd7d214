/**
 * A trace as it is read: per model call only what is new in it and what came of it, each tool call with
 * the span that ran it. A page reads a bounded number of spans, compares each call with a bounded number
 * before it and shortens what is long, so that a trace of 50,000 spans costs what one of 500 does but for
 * a scan of its rows.
 */
import { Type, type Static } from "@sinclair/typebox";
import { and, asc, between, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import { spanStatuses, spanTypes } from "../contract/v1.ts";
import { transcript as limits } from "../limits.ts";
import { createClipper } from "../messages/clip.ts";
import { isObject, parseJson, pickText } from "../messages/json.ts";
import { Message, ToolResult, type Part } from "../messages/model.ts";
import { readMessages } from "../messages/read.ts";
import { saysSystemPrompt, withSystemPrompt } from "../messages/system.ts";
import { readToolRun } from "../messages/tools.ts";
import { spanKeyRange } from "../tally/numbers.ts";
import { spans } from "../sqlite/db/schema.ts";
import { contextWindowOf } from "../sqlite/trace/context.ts";
import { callColumns, type Call } from "./compare.ts";
import { readText } from "../sqlite/payload/text.ts";
import { parseCursor, toCursor } from "../backend/cursor.ts";
import { withCutOf } from "../backend/cuts.ts";
import { described, nullable, oneOf } from "../schemas.ts";
import { createJoiner, idAttributes, type Site } from "./joins.ts";
import { createHistory, newsFields, SpanId, type CallNews } from "./news.ts";
import { findAboveWork, readOutline } from "../sqlite/trace/outline.ts";
import { findSpan, type Source, type SpanRef } from "../sqlite/trace/trace.ts";
import { findTrace, type TraceRef } from "../sqlite/list/traces.ts";
import { Repeats } from "../backend/views.ts";

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

type Row = typeof spans.$inferSelect;
/** What is known of each span on the page and behind it. */
type Light = Call & Pick<Row, keyof typeof lightColumns>;
type JoinedCall = Static<typeof JoinedCall>;

const numberOf = (type: (typeof spanTypes)[number]) => spanTypes.indexOf(type);
const types = { agent: numberOf("agent"), llm: numberOf("llm"), tool: numberOf("tool") };
const failed = spanStatuses.indexOf("error");
const lightColumns = {
  ...callColumns,
  parentSpanId: spans.parentSpanId,
  nameId: spans.nameId,
  status: spans.status,
  errorMessage: spans.errorMessage,
};
const noNews = { earlier: null, isEdited: false };
const place = sql`(${spans.startTime}, ${spans.spanType}, ${spans.key})`;

/**
 * Model calls, tools and agents in the order in which they started; of those that start at once an agent
 * comes first. Several spans of one model call or tool run are shown as one, the one that says most of its
 * messages. A page may end before its limit, where it is long.
 *
 * @throws AppError `not_found` (also of `from`), `conflict`, `bad_request` for a cursor that is none.
 */
export function readTranscript(
  source: Source,
  ref: TraceRef,
  { cursor, from, limit }: TranscriptQuery,
): TranscriptPage {
  const behind = cursor === undefined ? null : parseCursor(cursor, 3);
  const { trace } = findTrace(source.db, ref);
  const first = behind === null && from !== undefined ? stepOf(source, ref, from) : null;
  const found: Light[] = source.db
    .select(lightColumns)
    .from(spans)
    .where(
      and(
        between(spans.key, ...spanKeyRange(trace.key)),
        inArray(spans.spanType, Object.values(types)),
        behind
          ? sql`${place} > ${tuple(behind)}`
          : first
            ? sql`${place} >= ${tuple(first)}`
            : undefined,
        isNull(spans.shownBy),
      ),
    )
    .orderBy(asc(spans.startTime), asc(spans.spanType), asc(spans.key))
    .limit(limit + limits.laterSpans)
    .all();
  const rows = loadRows(source, found.slice(0, limit));
  const isAgentShown = agentsToShow(source, trace, rows);
  const writer = createWriter(source, trace.key, found, idsOfCounting(source, rows));
  const entries: TranscriptEntry[] = [];
  for (const row of rows) {
    if (writer.isFull) break;
    entries.push(writer.entryOf(row, row.spanType !== types.agent || isAgentShown(row)));
  }
  const last = rows[entries.length - 1];
  const isLast = !last || entries.length === found.length;
  return {
    entries,
    nextCursor: isLast ? null : toCursor([last.startTime, last.spanType, last.key]),
  };
}

const tuple = ([startTime, spanType, key]: number[]) => sql`(${startTime}, ${spanType}, ${key})`;

/** The place of the model call that a span follows, or of the span. @throws AppError `not_found`. */
function stepOf(source: Source, traceRef: TraceRef, ref: SpanRef): number[] {
  const { row: asked, trace } = findSpan(source, traceRef, ref);
  const row =
    asked.shownBy === null ? asked : findSpan(source, traceRef, { key: asked.shownBy }).row;
  const own = [row.startTime, row.spanType, row.key];
  const call = source.db
    .select({ startTime: spans.startTime, key: spans.key })
    .from(spans)
    .where(
      and(
        between(spans.key, ...spanKeyRange(trace.key)),
        eq(spans.spanType, types.llm),
        isNull(spans.shownBy),
        sql`${place} <= ${tuple(own)}`,
      ),
    )
    .orderBy(desc(spans.startTime), desc(spans.key))
    .limit(1)
    .get();
  return call ? [call.startTime, types.llm, call.key] : own;
}

function loadRows({ db }: Source, found: Light[]): Row[] {
  const keys = found.map(({ key }) => key);
  const rows = db.select().from(spans).where(inArray(spans.key, keys)).all();
  const byKey = new Map(rows.map((row) => [row.key, row]));
  return keys.map((key) => byKey.get(key)!);
}

/** An agent is shown where only internal spans are below it: else its calls say what it was asked, too. */
function agentsToShow(
  { db, sqlite }: Source,
  trace: { key: number; llmCount: number; internalSpanCount: number },
  rows: Row[],
): (agent: Row) => boolean {
  const agents = rows.filter(({ spanType }) => spanType === types.agent);
  if (trace.llmCount === 0 || agents.length === 0) return () => true;
  if (trace.internalSpanCount > 0) {
    const isAbove = findAboveWork(readOutline(sqlite, trace.key));
    return ({ key }) => !isAbove(key);
  }
  const ids = agents.map(({ spanId }) => spanId);
  const found = db
    .selectDistinct({ parentSpanId: spans.parentSpanId })
    .from(spans)
    .where(and(between(spans.key, ...spanKeyRange(trace.key)), inArray(spans.parentSpanId, ids)))
    .all();
  const parents = new Set(found.map(({ parentSpanId }) => parentSpanId));
  return ({ spanId }) => !parents.has(spanId);
}

/** The ids of the spans that count for calls that are shown by others, by key. */
function idsOfCounting({ db }: Source, rows: Row[]): Map<number, string> {
  const keys = rows.flatMap(({ repeats }) => repeats ?? []);
  if (keys.length === 0) return new Map();
  const found = db
    .select({ key: spans.key, spanId: spans.spanId })
    .from(spans)
    .where(inArray(spans.key, keys))
    .all();
  return new Map(found.map(({ key, spanId }) => [key, spanId]));
}

/**
 * @param found the spans of the page and those behind it.
 * @param counting the ids of the spans that count in the place of some of them, by key.
 */
function createWriter(
  source: Source,
  traceKey: number,
  found: Light[],
  counting: ReadonlyMap<number, string>,
) {
  const { names } = source;
  const clipper = createClipper({
    whole: limits.pageLength,
    part: limits.partLength,
    least: limits.leastLength,
  });
  const history = createHistory(
    source,
    traceKey,
    found.filter(({ spanType }) => spanType === types.llm),
  );
  const sites = new Map(
    found.map(({ nameId, ...light }) => [light.key, { ...light, name: names.nameOf(nameId) }]),
  );
  const joiner = createJoiner([...sites.values()], types, idsOf);

  /** The id of the call that a tool's span names in an attribute. */
  function callIdOf(key: number): string | null {
    const sent = parseJson(readText(source, sites.get(key)!, "attributes") ?? "");
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
    const input = readText(source, site, "input");
    const output = readText(source, site, "output");
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
    const isError = status === failed;
    const [result] = partsOf(toolRunOf(key, isError).output, "toolResult");
    if (result || !isError || errorMessage === null) return result ?? null;
    return { type: "toolResult", id: null, name, text: errorMessage, isError };
  }

  function newsOf(row: Row, isShown: boolean): CallNews & { output: Message[] } {
    if (row.spanType === types.tool)
      return { ...noNews, ...toolRunOf(row.key, row.status === failed) };
    if (!isShown) return { ...noNews, input: rulesOf(row), output: [] };
    const output = readMessages(readText(source, row, "output") ?? "", "output");
    if (row.spanType === types.llm) return { ...callNewsOf(row), output };
    const input = readMessages(readText(source, row, "input") ?? "", "input");
    return { ...noNews, input: withSystemPrompt(input, promptOf(row)), output };
  }

  function promptOf(span: Pick<Call, "key" | "lists">): string | undefined {
    return readText(source, span, "systemPrompt");
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

  function callAt(key: number): Pick<Call, "key" | "lists"> | undefined {
    const { db } = source;
    return sites.get(key) ?? db.select(callColumns).from(spans).where(eq(spans.key, key)).get();
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
        if (span.spanType === types.llm) return span;
        if (span.spanType === types.tool) below.add(span.spanId);
      } else if (span.spanType === types.llm && (parent === null || !ids.has(parent))) {
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
      ...(row.repeats !== null && { repeats: counting.get(row.repeats)! }),
      spanType: spanTypes[row.spanType] as TranscriptEntry["spanType"],
      name: names.nameOf(row.nameId),
      modelId: row.modelId === null ? null : names.nameOf(row.modelId),
      ...contextWindowOf(names, row),
      startTime: row.startTime,
      endTime: row.startTime + row.durationMs,
      status: row.status === null ? "ok" : spanStatuses[row.status]!,
      errorMessage: row.errorMessage,
      ...news,
      input: withCutOf("input", input, row).map(clipper.message),
      output: withCutOf("output", output, row).map(clipper.message),
      calls: row.spanType === types.llm ? joinCalls(row, output) : [],
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

/**
 * The steps of a trace, as they are compared with those of another: its model calls and tools in the order
 * in which they are shown. Agents are what steps are in; one with no step below it is a step itself.
 */
import type { Database } from "bun:sqlite";
import { spanStatuses, spanTypes } from "../contract/v1.ts";
import { argumentIn } from "../messages/argument.ts";
import { textOfMessages, textOfParts } from "../messages/gist.ts";
import type { Message } from "../messages/model.ts";
import { readMessages } from "../messages/read.ts";
import { readToolRun } from "../messages/tools.ts";
import { readSlots } from "../sqlite/payload/lists.ts";
import { payloadFields } from "../contract/fields.ts";
import { type Call } from "./compare.ts";
import { readText } from "../sqlite/payload/text.ts";
import { createHistory, type History } from "./news.ts";
import type { Alike } from "./pairing.ts";
import { readPlaces, spanTypeOf, type Place, type SkeletonRow } from "../sqlite/trace/skeleton.ts";
import type { Source } from "../sqlite/trace/trace.ts";
import type { TraceRow } from "../sqlite/list/traces.ts";

export interface Step extends Alike {
  row: SkeletonRow;
  /** The name of the agent whose step it is. */
  agent: string | null;
  argument: string | null;
}

export interface Steps {
  steps: Step[];
  /** There are more steps, or more text than was read. */
  partial: boolean;
}

/** So many steps of a trace are compared, of which so much text is read, in UTF-16 code units. */
const maxSteps = 20_000;
const maxReadLength = 32 * 1024 * 1024;
/** Model calls that are read together: their lists are held. */
const callsAtOnce = 256;
/** Of a text by which steps are found alike. */
const alikeLength = 500;

const failed = spanStatuses.indexOf("error");
const inputSlot = payloadFields.indexOf("input") + 1;

export function readSteps(source: Source, trace: ComparedTrace): Steps {
  const { places, isWhole } = readPlaces(source, trace.key);
  const found = findSteps(source, places);
  const shown = found.slice(0, maxSteps);
  const known = knownOf(source.sqlite, trace);
  const reader = createReader(source, trace.key, shown, voicesOf(places));
  const said = new Map<number, Said>();
  const steps = shown.map(({ span, agents }): Step => {
    const spanType = spanTypeOf(span.spanType);
    const name = nameOf(source, span);
    const read = known?.get(span.key) ?? reader.read(span);
    said.set(span.key, read);
    const { argument, text, digest } = read;
    // Who called the outermost agent does not matter, nor how it is called.
    const group = JSON.stringify([spanType, agents.slice(1), spanType === "tool" ? name : ""]);
    return {
      row: span,
      agent: agents.at(-1) ?? null,
      argument,
      key: JSON.stringify([group, name, argument]),
      isTelling: argument !== null,
      group,
      text,
      digest: JSON.stringify([
        span.status ?? 0,
        span.errorMessage,
        span.modelId !== null && source.names.nameOf(span.modelId),
        digest,
      ]),
    };
  });
  if (!known && !reader.isCut) remember(source.sqlite, trace, said);
  return { steps, partial: !isWhole || reader.isCut || found.length > shown.length };
}

/** A trace's row, as far as it says whether what is remembered of it still holds. */
type ComparedTrace = Pick<TraceRow, "key" | "isSettled" | "settledStep">;

/**
 * What the steps of settled traces say, of those compared last: to read it is most of a comparison, and who
 * compares one run goes on to the next. A trace that changes is settled anew.
 */
const caches = new WeakMap<
  Database,
  Map<number, { settledStep: number; said: Map<number, Said> }>
>();
/** So many steps, of all these traces: some 10 MB. */
const keptSteps = 8_000;

function knownOf(db: Database, { key, isSettled, settledStep }: ComparedTrace) {
  const known = caches.get(db)?.get(key);
  return isSettled === 1 && known?.settledStep === settledStep ? known!.said : null;
}

function remember(
  db: Database,
  { key, isSettled, settledStep }: ComparedTrace,
  said: ReadonlyMap<number, Said>,
): void {
  const cache = caches.getOrInsertComputed(db, () => new Map());
  cache.delete(key);
  if (isSettled !== 1 || settledStep === null || said.size > keptSteps) return;
  let steps = said.size;
  for (const other of cache.values()) steps += other.said.size;
  for (const [other, { said }] of cache) {
    if (steps <= keptSteps) break;
    cache.delete(other);
    steps -= said.size;
  }
  const kept = [...said].map(([span, { argument, text, digest }]) => {
    const own = { argument: argument && copyOf(argument), text: copyOf(text), digest };
    return [span, own] as const;
  });
  cache.set(key, { settledStep, said: new Map(kept) });
}

/** A piece of a text holds all of it in memory. */
function copyOf(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}

/** A span and the names of the agents around it, from outside in. */
interface Found {
  span: SkeletonRow;
  agents: string[];
}

function findSteps({ names }: Source, places: readonly Place[]): Found[] {
  const isOpenEnd = agentsWithoutSteps(places);
  const found: Found[] = [];
  const around: { depth: number; agents: string[] }[] = [];
  for (const { span, depth, isInternal } of places) {
    while (around.length > 0 && around.at(-1)!.depth >= depth) around.pop();
    const agents = around.at(-1)?.agents ?? [];
    const isAgent = spanTypeOf(span.spanType) === "agent";
    if (isInternal || span.repeats !== null) continue;
    if (isAgent && !isOpenEnd(span)) {
      around.push({ depth, agents: [...agents, names.nameOf(span.nameId)] });
    } else if (isAgent || isStep(span)) {
      found.push({ span, agents });
    }
  }
  return found;
}

const isStep = ({ spanType }: SkeletonRow) =>
  ["llm", "tool", "embedding"].includes(spanTypeOf(spanType));

function agentsWithoutSteps(places: readonly Place[]): (agent: SkeletonRow) => boolean {
  const empty = new Set<SkeletonRow>();
  /** By depth: whether a step is there, or below it, under the parent that comes next. */
  const has: boolean[] = [];
  for (const { span, depth, isInternal } of places.toReversed()) {
    const isBelow = has[depth + 1] ?? false;
    has[depth + 1] = false;
    const isAgent = spanTypeOf(span.spanType) === "agent";
    if (isAgent && !isBelow) empty.add(span);
    const counts = !isInternal && span.repeats === null && (isAgent || isStep(span));
    has[depth] ||= isBelow || counts;
  }
  return (agent) => empty.has(agent);
}

/** Many senders put the model into the name of a call: it is compared by itself. */
function nameOf({ names }: Source, { nameId, modelId }: SkeletonRow): string {
  const name = names.nameOf(nameId);
  return modelId === null ? name : name.replace(names.nameOf(modelId), "").trim();
}

/** Of several spans of one call that which has its texts. */
function voicesOf(places: readonly Place[]) {
  const hasInput = ({ lists }: SkeletonRow) =>
    lists !== null && readSlots(lists).includes(inputSlot);
  const others = new Map<number, SkeletonRow>();
  for (const { span } of places) {
    if (span.repeats !== null && !others.has(span.repeats) && hasInput(span))
      others.set(span.repeats, span);
  }
  return (span: SkeletonRow) => (hasInput(span) ? span : (others.get(span.key) ?? span));
}

/** What a step says, without what differs from run to run. */
type Said = Pick<Step, "argument" | "text" | "digest">;

function createReader(
  source: Source,
  traceKey: number,
  found: readonly Found[],
  voiceOf: (span: SkeletonRow) => SkeletonRow,
) {
  const calls = found
    .filter(({ span }) => spanTypeOf(span.spanType) === "llm")
    .map(({ span }): Call => {
      const { key, spanId, spanType, startTime, lists } = voiceOf(span);
      return { key, spanId, spanType, startTime, lists: lists as Buffer | null };
    })
    .sort((x, y) => x.startTime - y.startTime || x.key - y.key);
  const indexes = new Map(calls.map(({ key }, i) => [key, i]));
  let around: { first: number; history: History } | null = null;
  let readLength = 0;
  let isCut = false;

  /** The history of the calls around one: steps mostly come as their calls do. */
  function historyOf(key: number): { history: History; call: Call } {
    const at = indexes.get(key)!;
    const first = at - (at % callsAtOnce);
    if (around?.first !== first) {
      const part = calls.slice(first, first + callsAtOnce);
      around = { first, history: createHistory(source, traceKey, part) };
    }
    return { history: around.history, call: calls[at]! };
  }

  function textsOf(span: SkeletonRow) {
    const [input, output] = (["input", "output"] as const).map((field) =>
      readText(source, span, field),
    );
    readLength += (input?.length ?? 0) + (output?.length ?? 0);
    return { input, output };
  }

  function readTool(span: SkeletonRow): Said {
    const name = source.names.nameOf(span.nameId);
    const run = readToolRun({ id: null, name, isError: span.status === failed, ...textsOf(span) });
    const parts = (messages: Message[]) => textOfParts(messages.flatMap(({ parts }) => parts));
    const [sent] = run.input[0]?.parts ?? [];
    const text = sent?.type === "toolCall" ? sent.text : "";
    const argument = argumentIn(text);
    return {
      argument,
      text: argument ?? text.slice(0, alikeLength),
      digest: digestOf(text, parts(run.output)),
    };
  }

  function readCall(span: SkeletonRow): Said {
    const { history, call } = historyOf(span.key);
    const before = history.readLength;
    const news = history.newsOf(call).input;
    const asked = textOfMessages(news);
    const answer = textOfMessages(history.outputOf(call));
    readLength += history.readLength - before + asked.length + answer.length;
    return {
      argument: null,
      text: answer.slice(0, alikeLength),
      digest: digestOf(asked, answer),
    };
  }

  function readOther(span: SkeletonRow): Said {
    const { input = "", output = "" } = textsOf(span);
    const asked = textOfMessages(readMessages(input, "input"));
    const answer = textOfMessages(readMessages(output, "output"));
    const isAgent = spanTypeOf(span.spanType) === "agent";
    return {
      argument: isAgent ? null : argumentIn(input),
      text: asked.slice(0, alikeLength),
      digest: digestOf(asked, answer),
    };
  }

  return {
    get isCut() {
      return isCut;
    },
    read(span: SkeletonRow): Said {
      if (readLength > maxReadLength) {
        isCut = true;
        return { argument: null, text: "", digest: "" };
      }
      const voice = voiceOf(span);
      const spanType = spanTypes[span.spanType];
      if (spanType === "tool") return readTool(voice);
      return spanType === "llm" ? readCall(voice) : readOther(voice);
    },
  };
}

function digestOf(...texts: string[]): string {
  return texts.map((text) => `${text.length}.${Bun.hash(text).toString(36)}`).join(" ");
}

/**
 * The steps of a trace, as they are compared with those of another: its model calls and tools in the order
 * in which they are shown. Agents are what steps are in; one with no step below it is a step itself.
 */
import type { Reader } from "../backend/reader.ts";
import type { TraceRecord } from "../backend/traces.ts";
import { argumentIn } from "../messages/argument.ts";
import { textOfMessages, textOfParts } from "../messages/gist.ts";
import type { Message } from "../messages/model.ts";
import { readMessages } from "../messages/read.ts";
import { readToolRun } from "../messages/tools.ts";
import { type Call } from "./compare.ts";
import { createHistory, type History } from "./news.ts";
import type { Alike } from "./pairing.ts";
import { readPlaces, type Place, type SkeletonSpan } from "./skeleton.ts";

export interface Step extends Alike {
  span: SkeletonSpan;
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

export function readSteps(reader: Reader, trace: TraceRecord): Steps {
  const { places, isWhole } = readPlaces(reader, trace);
  const found = findSteps(places);
  const shown = found.slice(0, maxSteps);
  const known = knownOf(reader, trace);
  const texts = createStepReader(reader, trace.key, shown, voicesOf(reader, places));
  const said = new Map<number, Said>();
  const steps = shown.map(({ span, agents }): Step => {
    const { spanType, modelId, errorMessage, status } = span;
    const name = nameOf(span);
    const read = known?.get(span.key) ?? texts.read(span);
    said.set(span.key, read);
    const { argument, text, digest } = read;
    // Who called the outermost agent does not matter, nor how it is called.
    const group = JSON.stringify([spanType, agents.slice(1), spanType === "tool" ? name : ""]);
    return {
      span,
      agent: agents.at(-1) ?? null,
      argument,
      key: JSON.stringify([group, name, argument]),
      isTelling: argument !== null,
      group,
      text,
      digest: JSON.stringify([status ?? "ok", errorMessage, modelId, digest]),
    };
  });
  if (!known && !texts.isCut) remember(reader, trace, said);
  return { steps, partial: !isWhole || texts.isCut || found.length > shown.length };
}

/**
 * What the steps of traces say, of those compared last: to read it is most of a comparison, and who compares
 * one run goes on to the next.
 */
const caches = new WeakMap<Reader, Map<number, { version: number; said: Map<number, Said> }>>();
/** So many steps, of all these traces: some 10 MB. */
const keptSteps = 8_000;

function knownOf(reader: Reader, { key, version }: TraceRecord) {
  const known = caches.get(reader)?.get(key);
  return version !== null && known?.version === version ? known.said : null;
}

function remember(
  reader: Reader,
  { key, version }: TraceRecord,
  said: ReadonlyMap<number, Said>,
): void {
  const cache = caches.getOrInsertComputed(reader, () => new Map());
  cache.delete(key);
  if (version === null || said.size > keptSteps) return;
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
  cache.set(key, { version, said: new Map(kept) });
}

/** A piece of a text holds all of it in memory. */
function copyOf(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}

/** A span and the names of the agents around it, from outside in. */
interface Found {
  span: SkeletonSpan;
  agents: string[];
}

function findSteps(places: readonly Place[]): Found[] {
  const isOpenEnd = agentsWithoutSteps(places);
  const found: Found[] = [];
  const around: { depth: number; agents: string[] }[] = [];
  for (const { span, depth, isInternal } of places) {
    while (around.length > 0 && around.at(-1)!.depth >= depth) around.pop();
    const agents = around.at(-1)?.agents ?? [];
    const isAgent = span.spanType === "agent";
    if (isInternal || span.repeats !== null) continue;
    if (isAgent && !isOpenEnd(span)) {
      around.push({ depth, agents: [...agents, span.name] });
    } else if (isAgent || isStep(span)) {
      found.push({ span, agents });
    }
  }
  return found;
}

const isStep = ({ spanType }: SkeletonSpan) => ["llm", "tool", "embedding"].includes(spanType);

function agentsWithoutSteps(places: readonly Place[]): (agent: SkeletonSpan) => boolean {
  const empty = new Set<SkeletonSpan>();
  /** By depth: whether a step is there, or below it, under the parent that comes next. */
  const has: boolean[] = [];
  for (const { span, depth, isInternal } of places.toReversed()) {
    const isBelow = has[depth + 1] ?? false;
    has[depth + 1] = false;
    const isAgent = span.spanType === "agent";
    if (isAgent && !isBelow) empty.add(span);
    const counts = !isInternal && span.repeats === null && (isAgent || isStep(span));
    has[depth] ||= isBelow || counts;
  }
  return (agent) => empty.has(agent);
}

/** Many senders put the model into the name of a call: it is compared by itself. */
function nameOf({ name, modelId }: SkeletonSpan): string {
  return modelId === null ? name : name.replace(modelId, "").trim();
}

/** Of several spans of one call that which has its texts. */
function voicesOf(reader: Reader, places: readonly Place[]) {
  const hasInput = ({ texts }: SkeletonSpan) => reader.fieldsOf(texts).includes("input");
  const others = new Map<number, SkeletonSpan>();
  for (const { span } of places) {
    if (span.repeats !== null && !others.has(span.repeats) && hasInput(span))
      others.set(span.repeats, span);
  }
  return (span: SkeletonSpan) => (hasInput(span) ? span : (others.get(span.key) ?? span));
}

/** What a step says, without what differs from run to run. */
type Said = Pick<Step, "argument" | "text" | "digest">;

function createStepReader(
  reader: Reader,
  traceKey: number,
  found: readonly Found[],
  voiceOf: (span: SkeletonSpan) => SkeletonSpan,
) {
  const calls = found
    .filter(({ span }) => span.spanType === "llm")
    .map(({ span }): Call => voiceOf(span))
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
      around = { first, history: createHistory(reader, traceKey, part) };
    }
    return { history: around.history, call: calls[at]! };
  }

  function textsOf(span: SkeletonSpan) {
    const [input, output] = (["input", "output"] as const).map((field) =>
      reader.textOf(span.texts, field),
    );
    readLength += (input?.length ?? 0) + (output?.length ?? 0);
    return { input, output };
  }

  function readTool(span: SkeletonSpan): Said {
    const { name, status } = span;
    const run = readToolRun({ id: null, name, isError: status === "error", ...textsOf(span) });
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

  function readCall(span: SkeletonSpan): Said {
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

  function readOther(span: SkeletonSpan): Said {
    const { input = "", output = "" } = textsOf(span);
    const asked = textOfMessages(readMessages(input, "input"));
    const answer = textOfMessages(readMessages(output, "output"));
    const isAgent = span.spanType === "agent";
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
    read(span: SkeletonSpan): Said {
      if (readLength > maxReadLength) {
        isCut = true;
        return { argument: null, text: "", digest: "" };
      }
      const voice = voiceOf(span);
      const { spanType } = span;
      if (spanType === "tool") return readTool(voice);
      return spanType === "llm" ? readCall(voice) : readOther(voice);
    },
  };
}

function digestOf(...texts: string[]): string {
  return texts.map((text) => `${text.length}.${Bun.hash(text).toString(36)}`).join(" ");
}

/**
 * A transcript in the order in which it is read: steps as they began, what a sub-agent did together where
 * it began, and tools that no call is known for in their own place. Entries that are loaded later come
 * behind those of the same agent.
 */
import type { Media, Message, Part, ToolResult } from "../../messages/model.ts";
import type { TranscriptEntry } from "../../query/transcript.ts";

interface Place {
  /** The span's, or of a run the first one's. */
  key: number;
  /** So many sub-agents it is in. */
  level: number;
}

/** A model call, with what is new in it. */
export interface StepItem extends Place {
  type: "step";
  /** "7", and within a sub-agent that step 5 began, "5.1". */
  number: string;
  entry: TranscriptEntry;
  /** Messages that an earlier call had; null where that is not known before they are read. */
  earlierCount: number | null;
}

/** The head of a sub-agent's work. */
export interface GroupItem extends Place {
  type: "group";
  entry: TranscriptEntry;
  steps: number;
}

/** Tools, side by side, that no model call above asked for. */
export interface ToolsItem extends Place {
  type: "tools";
  entries: TranscriptEntry[];
}

/** What an agent itself was asked and answered, or how it failed. */
export interface AgentItem extends Place {
  type: "agent";
  entry: TranscriptEntry;
}

/** What an agent was told to be, where none of its calls says it; its work stands below. */
export interface RulesItem extends Place {
  type: "rules";
  entry: TranscriptEntry;
}

export type Item = StepItem | GroupItem | ToolsItem | AgentItem | RulesItem;

export interface Transcript {
  items: Item[];
  /** Where a span is shown: the place of its item. */
  placeOf: Map<number, number>;
  /** Each tool's own entry. */
  tools: Map<number, TranscriptEntry>;
  /** Ids of calls whose result stands with them. */
  answered: Set<string>;
  /** What calls got back beside the text, by their ids. */
  attached: Map<string, Attached>;
}

/** Media, and the span that was sent or answered them. */
export interface Attached {
  spanKey: number;
  media: Media[];
}

/** @returns the keys of the agents that a span is in, the outermost first. */
export type AgentsOf = (entry: TranscriptEntry) => readonly number[];

/** Fewer tools of one name stand as they are. */
const foldedTools = 3;

/** @param isClosed true for a sub-agent whose work is folded. */
export function toTranscript(
  entries: readonly TranscriptEntry[],
  agentsOf: AgentsOf,
  isClosed: (agent: number) => boolean,
): Transcript {
  const calls = entries.flatMap((entry) => entry.calls);
  const joined = new Set(calls.flatMap(({ span }) => (span ? [span.key] : [])));
  const answered = new Set(calls.flatMap(({ id, result }) => (id !== null && result ? [id] : [])));
  const tools = new Map<number, TranscriptEntry>();
  for (const entry of entries) if (entry.spanType === "tool") tools.set(entry.key, entry);
  for (const id of shownByTools(entries, joined)) answered.add(id);

  const top: Branch = { item: null, children: [], number: "", steps: 0 };
  const branches = new Map<number, Branch>();
  const earlierCounts = countEarlier(entries);
  let root: TranscriptEntry | null = null;
  for (const entry of entries) {
    const agents = agentsOf(entry).filter((key) => branches.has(key));
    const branch = branches.get(agents.at(-1) ?? -1) ?? top;
    const place = { key: entry.key, level: agents.length };
    if (entry.spanType === "llm") {
      branch.steps++;
      if (branch.item?.type === "group") branch.item.steps++;
      branch.children.push({
        type: "step",
        ...place,
        number: branch.number + branch.steps,
        entry,
        earlierCount: earlierCounts.get(entry.key) ?? null,
      });
    } else if (entry.spanType === "agent") {
      const rules: Item[] = entry.input.length > 0 ? [{ type: "rules", ...place, entry }] : [];
      // Where nothing is below it, it says itself what it was asked and answered.
      if (entry.output.length > 0 || !entry.input.every(isRule))
        branch.children.push({ type: "agent", ...place, entry });
      else if (root === null && place.level === 0) {
        root = entry;
        branch.children.push(...rules);
      } else {
        const item: GroupItem = { type: "group", ...place, entry, steps: 0 };
        const number = `${branch.number}${Math.max(1, branch.steps)}.`;
        const group: Branch = { item, children: rules, number, steps: 0 };
        branches.set(entry.key, group);
        branch.children.push(group);
      }
    } else if (!joined.has(entry.key)) {
      const last = branch.children.at(-1);
      if (last && "type" in last && last.type === "tools") last.entries.push(entry);
      else branch.children.push({ type: "tools", ...place, entries: [entry] });
    }
  }

  const items: Item[] = [];
  const placeOf = new Map<number, number>();
  write(top, true);
  // How it ended comes last.
  if (root && root.status !== "ok") {
    placeOf.set(root.key, items.length);
    items.push({ type: "agent", key: root.key, level: 0, entry: { ...root, input: [] } });
  }
  return { items, placeOf, tools, answered, attached: attachedIn(entries) };

  function write({ children, item }: Branch, isShown: boolean): void {
    if (item && isShown) items.push(item);
    if (item) placeOf.set(item.key, items.length - 1);
    const isOpen = isShown && !(item && isClosed(item.key));
    for (const child of children) {
      if (!("type" in child)) {
        write(child, isOpen);
        continue;
      }
      if (isOpen) items.push(child);
      // What is folded is where its agent is.
      for (const key of keysOf(child)) placeOf.set(key, items.length - 1);
    }
  }
}

/**
 * Ids of results that a model was sent, and that a tool's own span shows above: where neither the answer that
 * asked for it was recorded nor the span says its id, the text tells.
 */
function shownByTools(
  entries: readonly TranscriptEntry[],
  joined: ReadonlySet<number>,
): readonly string[] {
  const results = (messages: readonly Message[]) =>
    messages.flatMap(({ parts }) => parts.filter((part) => part.type === "toolResult"));
  const texts = new Set<string>();
  const ids: string[] = [];
  for (const { key, spanType, input, output } of entries) {
    if (spanType === "tool" && !joined.has(key)) {
      for (const { text } of results(output)) texts.add(text);
    } else if (spanType === "llm") {
      for (const { id, text } of results(input)) if (id !== null && texts.has(text)) ids.push(id);
    }
  }
  return ids;
}

function isRule({ role }: Message): boolean {
  return role === "system" || role === "developer";
}

interface Branch {
  item: Item | null;
  children: (Item | Branch)[];
  number: string;
  steps: number;
}

function keysOf(item: Item): number[] {
  if (item.type === "tools") return item.entries.map(({ key }) => key);
  if (item.type !== "step") return [item.key];
  return [item.key, ...item.entry.calls.flatMap(({ span }) => (span ? [span.key] : []))];
}

/** What a call had of before: all that the earlier one was sent, and its answer. */
function countEarlier(entries: readonly TranscriptEntry[]): Map<number, number | null> {
  const earlier = new Map<number, number | null>();
  const totals = new Map<number, number | null>();
  for (const entry of entries) {
    if (entry.spanType !== "llm") continue;
    const before = entry.earlier ? (totals.get(entry.earlier.key) ?? null) : 0;
    const own = entry.isEdited ? null : before;
    earlier.set(entry.key, own);
    totals.set(entry.key, own === null ? null : own + entry.input.length + entry.output.length);
  }
  return earlier;
}

/** Tools one after the other as they are shown: what is alike and succeeded in one line. */
export function foldTools(entries: readonly TranscriptEntry[]): TranscriptEntry[][] {
  const runs: TranscriptEntry[][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    const isAlike = run?.[0]!.name === entry.name && run[0]!.status === "ok";
    if (isAlike && entry.status === "ok") run.push(entry);
    else runs.push([entry]);
  }
  return runs.flatMap((run) => (run.length < foldedTools ? run.map((entry) => [entry]) : [run]));
}

export interface Told {
  messages: Message[];
  /** What came of the calls in them, by their ids. */
  results: Map<string, ToolResult>;
}

/**
 * Messages as they are read one below the other: a result stands with its call.
 *
 * @param answered calls that stand elsewhere, with their results.
 * @param within where results are looked for.
 */
export function joinResults(
  messages: readonly Message[],
  answered: ReadonlySet<string> = new Set(),
  within = messages,
): Told {
  const results = new Map<string, ToolResult>();
  for (const part of within.flatMap(({ parts }) => parts))
    if (part.type === "toolResult" && part.id !== null) results.set(part.id, part);
  const called = new Set(callsIn(messages).map(({ id }) => id));
  const isShown = (part: Part, i: number, parts: Part[]) => {
    // It stands with its result.
    if (part.type === "media") return !answered.has(resultAbove(parts, i) ?? "");
    if ((part.type !== "toolCall" && part.type !== "toolResult") || part.id === null) return true;
    return !answered.has(part.id) && (part.type === "toolCall" || !called.has(part.id));
  };
  const shown = messages.flatMap((message) => {
    const parts = message.parts.filter(isShown);
    return parts.length > 0 ? [{ ...message, parts }] : [];
  });
  return { messages: shown, results };
}

/** The id of the result that media belong to: they stand right behind it. */
function resultAbove(parts: readonly Part[], at: number): string | null {
  let above = at;
  while (parts[above]?.type === "media") above--;
  const part = parts[above];
  return part?.type === "toolResult" ? part.id : null;
}

/** Of a call whose result several spans have, the media of the first that has any. */
function attachedIn(entries: readonly TranscriptEntry[]): Map<string, Attached> {
  const attached = new Map<string, Attached>();
  for (const { key, input, output } of entries) {
    const own = new Map<string, Attached>();
    for (const { parts } of [...input, ...output]) {
      parts.forEach((part, i) => {
        const id = part.type === "media" ? resultAbove(parts, i) : null;
        if (part.type !== "media" || id === null || attached.has(id)) return;
        if (!own.has(id)) own.set(id, { spanKey: key, media: [] });
        own.get(id)!.media.push(part);
      });
    }
    for (const [id, media] of own) attached.set(id, media);
  }
  return attached;
}

/** What a tool's own span has beside the text that came of it. */
export function attachedTo({ key, output }: TranscriptEntry): Attached | null {
  const parts = output.flatMap((message) => message.parts);
  const media = parts.filter((part) => part.type === "media");
  return media.length > 0 ? { spanKey: key, media } : null;
}

/**
 * New messages that are to be read here, and those sent in place of what was sent before: of a changed
 * history only what follows the model's last answer is new.
 */
export function splitNews(
  { input, isEdited }: TranscriptEntry,
  answered: ReadonlySet<string>,
): { again: Message[]; news: Told } {
  const from = isEdited ? input.findLastIndex(({ role }) => role === "assistant") + 1 : 0;
  return { again: input.slice(0, from), news: joinResults(input.slice(from), answered) };
}

export function callsIn(messages: readonly Message[]) {
  return messages.flatMap(({ parts }) => parts.filter((part) => part.type === "toolCall"));
}

/** All that a message says, as one text. */
export function textOf({ parts }: Message): string {
  return parts.flatMap((part) => ("text" in part ? [part.text] : [])).join("\n\n");
}

/**
 * The items of a transcript in reading order: steps by start time, the work of a sub-agent as one group
 * where it started, and tools without a known call at their own time. Entries loaded later follow earlier
 * ones of the same agent.
 */
import type { Media, Message, Part, ToolResult } from "../../messages/model.ts";
import type { TranscriptEntry } from "../../query/transcript.ts";

interface Place {
  /** The key of the span; for a run of tools that of the first one. */
  key: number;
  /** How many sub-agents enclose it. */
  level: number;
}

/** A model call with its new input and its output. */
export interface StepItem extends Place {
  type: "step";
  /** "7", or "5.1" within a sub-agent that step 5 started. */
  number: string;
  entry: TranscriptEntry;
  /** How many messages were sent before by an earlier call; null if unknown until they are loaded. */
  earlierCount: number | null;
}

/** The heading of a sub-agent's work. */
export interface GroupItem extends Place {
  type: "group";
  entry: TranscriptEntry;
  steps: number;
}

/** Tools in parallel that no model call above requested. */
export interface ToolsItem extends Place {
  type: "tools";
  entries: TranscriptEntry[];
}

/** The input and output of an agent itself, or its error. */
export interface AgentItem extends Place {
  type: "agent";
  entry: TranscriptEntry;
}

/** The instructions of an agent, if none of its calls contains them; its work follows below. */
export interface InstructionsItem extends Place {
  type: "rules";
  entry: TranscriptEntry;
}

export type Item = StepItem | GroupItem | ToolsItem | AgentItem | InstructionsItem;

export interface Transcript {
  items: Item[];
  /** The index of the item that shows a span, by span key. */
  placeOf: Map<number, number>;
  /** The entry of each tool span. */
  tools: Map<number, TranscriptEntry>;
  /** Ids of calls whose result is shown with them. */
  answered: Set<string>;
  /** Media in tool results, by call id. */
  attached: Map<string, Attached>;
}

/** Media, and the span that contains them. */
export interface Attached {
  spanKey: number;
  media: Media[];
}

/** @returns the keys of the agents that enclose a span, outermost first. */
export type AgentsOf = (entry: TranscriptEntry) => readonly number[];

/** The fewest tools of one name that are folded. */
const minFoldedTools = 3;

/** @param isClosed true for a sub-agent whose work is collapsed. */
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
      // An agent without child spans shows its own input and output.
      if (entry.output.length > 0 || !entry.input.every(isInstruction))
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
  // The agent's error comes last.
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
      // Collapsed entries are found at their agent.
      for (const key of keysOf(child)) placeOf.set(key, items.length - 1);
    }
  }
}

/**
 * Ids of results in a model's input that a tool's span already shows. If neither the requesting answer was
 * recorded nor the span has the call's id, results are matched by text.
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

function isInstruction({ role }: Message): boolean {
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

/** How many messages each call repeats from the previous one: its input and its output. */
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

/** Groups consecutive tools: successful tools of the same name form one line. */
export function foldTools(entries: readonly TranscriptEntry[]): TranscriptEntry[][] {
  const runs: TranscriptEntry[][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    const isAlike = run?.[0]!.name === entry.name && run[0]!.status === "ok";
    if (isAlike && entry.status === "ok") run.push(entry);
    else runs.push([entry]);
  }
  return runs.flatMap((run) => (run.length < minFoldedTools ? run.map((entry) => [entry]) : [run]));
}

export interface JoinedMessages {
  messages: Message[];
  /** The results of the calls in the messages, by call id. */
  results: Map<string, ToolResult>;
}

/**
 * Joins each tool result with its call.
 *
 * @param answered ids of calls that are shown elsewhere with their results.
 * @param within the messages to search for results.
 */
export function joinResults(
  messages: readonly Message[],
  answered: ReadonlySet<string> = new Set(),
  within = messages,
): JoinedMessages {
  const results = new Map<string, ToolResult>();
  for (const part of within.flatMap(({ parts }) => parts))
    if (part.type === "toolResult" && part.id !== null) results.set(part.id, part);
  const called = new Set(callsIn(messages).map(({ id }) => id));
  const isShown = (part: Part, i: number, parts: Part[]) => {
    // Media of a result are shown with the result.
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

/** The id of the result that media belong to: media directly follow their result. */
function resultAbove(parts: readonly Part[], at: number): string | null {
  let above = at;
  while (parts[above]?.type === "media") above--;
  const part = parts[above];
  return part?.type === "toolResult" ? part.id : null;
}

/** If several spans contain the result of a call, the media of the first one that has any. */
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

/** The media in a tool span's output. */
export function attachedTo({ key, output }: TranscriptEntry): Attached | null {
  const parts = output.flatMap((message) => message.parts);
  const media = parts.filter((part) => part.type === "media");
  return media.length > 0 ? { spanKey: key, media } : null;
}

/**
 * Splits the input into the new messages to show, and the ones that replace messages sent before: in a
 * changed history only the messages after the model's last answer are new.
 */
export function splitNewInput(
  { input, isEdited }: TranscriptEntry,
  answered: ReadonlySet<string>,
): { again: Message[]; news: JoinedMessages } {
  const from = isEdited ? input.findLastIndex(({ role }) => role === "assistant") + 1 : 0;
  return { again: input.slice(0, from), news: joinResults(input.slice(from), answered) };
}

export function callsIn(messages: readonly Message[]) {
  return messages.flatMap(({ parts }) => parts.filter((part) => part.type === "toolCall"));
}

/** The full text of a message. */
export function textOf({ parts }: Message): string {
  return parts.flatMap((part) => ("text" in part ? [part.text] : [])).join("\n\n");
}

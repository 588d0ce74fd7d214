/** What the API shows of a project, as lines that can be compared and read. */
import type {
  Skeleton,
  SpanView,
  Summary,
  TracePage,
  TraceView,
} from "../../../src/backend/views.ts";
import type { Message, Part, Tool } from "../../../src/messages/model.ts";
import type { SpanMessages } from "../../../src/query/news.ts";
import type { TranscriptPage } from "../../../src/query/transcript.ts";
import type { TestServer } from "../../helpers.ts";

export interface ShownSpan extends Omit<
  Skeleton,
  "key" | "depth" | "childCount" | "endTime" | "durationMs" | "payloads" | "usage"
> {
  usage: Record<string, number> | null;
  reportedCostUsd: number | null;
  /** A line a part: `user Hello`, `thinking …`, `call search {"q":"x"}`, `result …`, `media image`. */
  input: string[];
  output: string[];
  messages: { input: Message[]; output: Message[] };
  tools: Tool[];
}

export interface ShownTrace {
  trace: Summary;
  spans: ShownSpan[];
  /** Model calls that the transcript has. */
  transcriptCalls: number;
}

const read = ["agent", "llm", "tool", "embedding"];

/** Every trace of a project, the oldest first. */
export async function readProject(server: TestServer, project: string): Promise<ShownTrace[]> {
  const get = async <T>(path: string): Promise<T> => {
    const response = await server.api(path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const query = `project=${encodeURIComponent(project)}`;
  const traces: Summary[] = [];
  for (let cursor = ""; ;) {
    const page = await get<TracePage>(`/api/traces?${query}&limit=200${cursor}`);
    traces.push(...page.traces);
    if (page.nextCursor === null) break;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }

  async function readTrace(trace: Summary): Promise<ShownTrace> {
    const path = `/api/traces/${trace.traceId}`;
    const view = await get<TraceView>(`${path}?${query}`);
    const spans: ShownSpan[] = [];
    for (const span of view.spans) spans.push(await readSpan(path, span));
    const { entries } = view.spans.some(({ spanType }) => spanType === "llm")
      ? await get<TranscriptPage>(`${path}/transcript?${query}`)
      : { entries: [] };
    const transcriptCalls = entries.filter(({ spanType }) => spanType === "llm").length;
    return { trace, spans, transcriptCalls };
  }

  async function readSpan(path: string, span: Skeleton): Promise<ShownSpan> {
    const at = `${path}/spans/${span.spanId}`;
    const { input, output, tools } = read.includes(span.spanType)
      ? await get<SpanMessages>(`${at}/messages?${query}`)
      : { input: [], output: [], tools: [] };
    const whole = span.spanType === "llm" ? await get<SpanView>(`${at}?${query}`) : null;
    const { key, depth, childCount, endTime, durationMs, payloads, ...own } = span;
    return {
      ...own,
      usage: span.usage as Record<string, number> | null,
      reportedCostUsd: whole?.reportedCostUsd ?? null,
      input: linesOf(input),
      output: linesOf(output),
      messages: { input, output },
      tools,
    };
  }

  const shown: ShownTrace[] = [];
  for (const trace of traces.reverse()) shown.push(await readTrace(trace));
  return shown;
}

function linesOf(messages: Message[]): string[] {
  return messages.flatMap(({ role, parts }) => parts.map((part) => lineOf(role, part)));
}

function lineOf(role: string, part: Part): string {
  switch (part.type) {
    case "text":
      return `${role} ${part.text.trim()}`;
    case "thinking":
    case "raw":
      return `${part.type} ${part.text}`;
    case "toolCall":
      return `call ${part.name} ${compact(part.text)}`;
    case "toolResult":
      return `result ${compact(part.text)}`;
    case "media":
      return `media ${part.kind}`;
  }
}

/** JSON without the sender's spaces. */
function compact(text: string): string {
  try {
    return typeof JSON.parse(text) === "object" ? JSON.stringify(JSON.parse(text)) : text;
  } catch {
    return text;
  }
}

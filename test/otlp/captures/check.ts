/** Holds what is shown against what is right; every difference is a line. */
import type { Part } from "../../../src/messages/model.ts";
import { spansOf, type Capture } from "./capture.ts";
import {
  anyOf,
  costOf,
  firstOf,
  type Any,
  type Expected,
  type ExpectedCall,
  type ExpectedRun,
  type ExpectedTool,
  type Usage,
} from "./scripted.ts";
import type { ShownSpan, ShownTrace } from "./shown.ts";

const usageFields = [
  "inputTokens",
  "cachedInputTokens",
  "cacheWriteInputTokens",
  "outputTokens",
  "reasoningTokens",
] as const satisfies (keyof Usage)[];

/** @returns what is wrong; empty where nothing is. */
export function check(expected: Expected, shown: ShownTrace[]): string[] {
  const runs = expected.runs.map((run) => ({ run, traces: shown.filter(isOf(run)) }));
  const others = shown.filter((trace) => !runs.some(({ traces }) => traces.includes(trace)));
  const count = expected.traceCount === undefined ? runs.length : expected.traceCount;
  return [
    ...(count === null ? [] : differ("traces", shown.length, count)),
    ...runs.flatMap(({ run, traces }) => {
      const name = run.trace ?? String(run.sessionId).slice(0, 8);
      if (traces.length === 0) return [`${name}: there is no such trace`];
      return checkRun(run, traces).map((line) => `${name} ${line}`);
    }),
    ...others.flatMap(({ trace }) => [
      ...differ(`${trace.traceId} llmCount`, trace.llmCount, 0),
      ...differ(`${trace.traceId} toolCount`, trace.toolCount, 0),
    ]),
    ...shown.flatMap(({ spans }) => spans.flatMap(checkMessages)),
  ];
}

function isOf(run: ExpectedRun) {
  return ({ trace }: ShownTrace) =>
    run.trace ? trace.traceId.startsWith(run.trace) : trace.sessionId === run.sessionId;
}

function checkRun(run: ExpectedRun, traces: ShownTrace[]): string[] {
  const spans = traces.flatMap((trace) => trace.spans);
  const sum = (field: keyof ShownTrace["trace"]) => sumOf(traces.map(({ trace }) => trace[field]));
  const [{ trace }] = traces as [ShownTrace];
  const { calls, tools = [], embeddings = [] } = run;
  const totals = run.totals ?? totalsOf([...calls, ...embeddings]);
  const cost =
    run.costUsd ?? sumOf([...calls, ...embeddings].map((call) => costOf(call.model, call.usage)));
  const said = traces.map((one) => one.trace);
  return [
    ...differ("name", trace.name, run.name),
    ...differ("agentName", trace.agentName, run.agentName),
    ...differ("sessionId", trace.sessionId, run.sessionId),
    ...differ("customer", trace.customer?.id, run.customerId),
    ...said.flatMap(({ status }) => differ("status", status, run.status)),
    ...differ("errorCount", sum("errorCount"), run.errorCount),
    ...differ("llmCount", sum("llmCount"), calls.length),
    ...differ("toolCount", sum("toolCount"), tools.length),
    ...differ("calls of the transcript", sumOf(traces.map((t) => t.transcriptCalls)), calls.length),
    ...differ("models", modelsOf(traces), modelsWanted([...calls, ...embeddings], traces)),
    ...usageFields.flatMap((field) => differ(field, sum(field), totals[field])),
    ...differ("costUsd", sum("costUsd"), anyOf(cost).map(rounded)),
    ...(run.preview
      ? [
          ...differ("inputPreview", trace.inputPreview, run.preview[0]),
          ...differ("outputPreview", trace.outputPreview, run.preview[1]),
        ]
      : []),
    ...(run.asks && !spans.some(({ input }) => input.some((line) => line.includes(run.asks!)))
      ? [`no input has ${run.asks}`]
      : []),
    ...pair("call", ofType(spans, "llm"), calls, checkCall),
    ...pair("embedding", ofType(spans, "embedding"), embeddings, checkCall),
    ...pair("tool", ofType(spans, "tool"), tools, checkTool),
  ];
}

function ofType(spans: ShownSpan[], spanType: string): ShownSpan[] {
  return spans.filter((span) => span.spanType === spanType);
}

/** Finds a span for each expectation, the one that differs least; no span stands for two. */
function pair<E>(
  what: string,
  spans: ShownSpan[],
  expectations: E[],
  checkOne: (span: ShownSpan, expectation: E) => string[],
): string[] {
  const left = new Set(spans);
  return expectations.flatMap((expectation, i) => {
    const label = `${what} ${i}`;
    const best = [...left]
      .map((span) => ({ span, lines: checkOne(span, expectation) }))
      .reduce<{ span: ShownSpan; lines: string[] } | null>(
        (least, one) => (least && least.lines.length <= one.lines.length ? least : one),
        null,
      );
    if (!best) return [`${label}: there is no span for it`];
    left.delete(best.span);
    return best.lines.map((line) => `${label} (${best.span.name} ${best.span.spanId}) ${line}`);
  });
}

function checkCall(span: ShownSpan, call: ExpectedCall): string[] {
  const { usage, reportedCostUsd } = call;
  return [
    ...differ("model", span.modelId, call.model),
    ...differ("status", span.status, call.status ?? "ok"),
    ...checkError(span, call.errorHas),
    ...(call.offers ?? []).flatMap((name) =>
      span.tools.some((tool) => tool.name === name) ? [] : [`tool ${name} was not offered`],
    ),
    ...differ("ttftMs", Math.round(span.ttftMs ?? 0), call.ttftMs),
    ...usageFields.flatMap((field) =>
      differ(field, span.usage?.[field] ?? null, usage ? usage[field] : [null, 0]),
    ),
    ...differ("reportedCostUsd", rounded(span.reportedCostUsd), reportedCostUsd),
    ...checkLines("input", span.input, call.input),
    ...checkLines("output", span.output, call.output),
    ...(call.inputHas ?? []).flatMap((text) => has("input", span.input, text)),
  ];
}

function checkTool(span: ShownSpan, tool: ExpectedTool): string[] {
  return [
    ...differ("name", span.name, tool.name),
    ...differ("status", span.status, tool.status ?? "ok"),
    ...checkError(span, tool.errorHas),
    ...checkLines("input", span.input, tool.input === undefined ? undefined : [tool.input]),
    ...checkLines("output", span.output, tool.output === undefined ? undefined : [tool.output]),
    ...has("input", span.input, tool.inputHas),
    ...has("output", span.output, tool.outputHas),
  ];
}

function checkError({ errorMessage }: ShownSpan, text: string | undefined): string[] {
  if (text === undefined || errorMessage?.includes(text)) return [];
  return [`errorMessage: ${errorMessage} instead of ${text}`];
}

function has(what: string, lines: string[], text: string | undefined): string[] {
  if (text === undefined || lines.some((line) => line.includes(text))) return [];
  return [`${what} has no ${text}: ${briefly(lines)}`];
}

function checkLines(what: string, lines: string[], wanted: string[] | undefined): string[] {
  if (wanted === undefined) return [];
  const shown = lines.filter((line) => !wanted.includes(`?${line}`));
  return differ(what, briefly(shown), briefly(wanted.filter((line) => !line.startsWith("?"))));
}

function briefly(lines: string[]): string {
  return JSON.stringify(lines.map((line) => (line.length > 200 ? `${line.slice(0, 200)}…` : line)));
}

/** What holds of any message: nothing of a sender's own form shows through, nothing stands twice. */
function checkMessages({ name, spanId, spanType, messages }: ShownSpan): string[] {
  const wrong = (what: string) => [`${spanType} ${name} ${spanId}: ${what}`];
  const all = [...messages.input, ...messages.output];
  const systems = all.filter(({ role }) => role === "system").map(({ parts }) => textOf(parts));
  const calls = messages.output.flatMap(({ parts }) => parts.filter((p) => p.type === "toolCall"));
  const ids = calls.map(({ id }) => id).filter((id) => id !== null);
  return [
    ...(new Set(systems).size < systems.length ? wrong("a system message twice") : []),
    ...(new Set(ids).size < ids.length ? wrong("a tool call twice") : []),
    ...all.flatMap(({ role, parts }) =>
      parts.flatMap((part, i) => [
        ...(part.type === "toolCall" && !part.name ? wrong("a tool call without a name") : []),
        ...(part.type === "text" && parts.slice(0, i).some((earlier) => sameText(earlier, part))
          ? wrong(`a text twice: ${part.text}`)
          : []),
        ...(part.type === "text" && /^\s*(\{\}|\[\]|null|"")?\s*$/.test(part.text)
          ? wrong(`nothing is shown as ${JSON.stringify(part.text)}`)
          : []),
        ...(spanType === "llm" && isRaw(part)
          ? wrong(`shown raw as ${role}: ${JSON.stringify(part).slice(0, 160)}`)
          : []),
      ]),
    ),
  ];
}

function sameText(a: Part, b: Part): boolean {
  return a.type === "text" && b.type === "text" && a.text === b.text;
}

function textOf(parts: Part[]): string {
  return parts.map((part) => ("text" in part ? part.text : "")).join("\n");
}

/** No model of these captures speaks JSON, so a text that is some was not read. */
function isRaw(part: Part): boolean {
  if (part.type !== "text" && part.type !== "thinking") return false;
  if (/^\[(USER|TOOL (INPUT|RESULT))\b|^ChatMessage\(/.test(part.text)) return true;
  try {
    return typeof JSON.parse(part.text) !== "number";
  } catch {
    return false;
  }
}

/** Every span that was sent is stored below its parent; without log records there are no others. */
export function checkSpans(capture: Capture, shown: ShownTrace[]): string[] {
  const sent = spansOf(capture);
  const stored = new Map(
    shown.flatMap(({ trace, spans }) =>
      spans.map((span) => [`${trace.traceId} ${span.spanId}`, span.parentSpanId] as const),
    ),
  );
  const hasLogs = capture.requests.some(({ signal }) => signal === "logs");
  const ids = new Set(sent.map(({ traceId, id }) => `${traceId} ${id}`));
  return [
    ...sent.flatMap(({ traceId, id, parentId }) => {
      const parent = stored.get(`${traceId} ${id}`);
      if (parent === undefined) return [`span ${traceId} ${id} is not there`];
      return differ(`parent of ${id}`, parent ?? "", parentId);
    }),
    ...(hasLogs ? [] : differ("spans", stored.size, ids.size)),
  ];
}

/** The sums of the first alternatives and of the last; where nothing is known, 0 is as good. */
function totalsOf(calls: ExpectedCall[]): Usage {
  const total = (field: keyof Usage): Any<number | null> => {
    const counts = calls.flatMap(({ usage }) => (usage ? [usage[field]] : []));
    const sums = [sumOf(counts.map(firstOf)), sumOf(counts.map(lastOf))];
    return [...new Set(sums.includes(null) ? [...sums, 0] : sums)];
  };
  return Object.fromEntries(usageFields.map((field) => [field, total(field)])) as unknown as Usage;
}

function lastOf<T>(value: Any<T>): T {
  return anyOf(value).at(-1)!;
}

/** Null where none is known. */
function sumOf(values: unknown[]): number | null {
  const known = values.filter((value) => value !== null && value !== undefined).map(Number);
  return known.length === 0 ? null : rounded(known.reduce((sum, value) => sum + value, 0));
}

function rounded<T extends number | null>(value: T): T {
  return value === null ? value : (Number(value!.toFixed(10)) as T);
}

function modelsOf(traces: ShownTrace[]): string {
  return [...new Set(traces.flatMap(({ trace }) => trace.models))].sort().join(" ");
}

/** Each model once, of its alternatives the one that is shown. */
function modelsWanted(calls: ExpectedCall[], traces: ShownTrace[]): string {
  const shown = modelsOf(traces).split(" ");
  const wanted = calls.map(({ model }) => {
    const any = anyOf(model);
    return any.find((name) => name !== null && shown.includes(name)) ?? any.at(-1);
  });
  return [...new Set(wanted.filter((model) => model !== null))].sort().join(" ");
}

function differ(what: string, got: unknown, wanted: unknown): string[] {
  if (wanted === undefined) return [];
  const any = anyOf(wanted as Any<unknown>);
  if (any.some((one) => Object.is(one, got))) return [];
  return [`${what}: ${got} instead of ${any.join(" or ")}`];
}

/** Holds what is stored of an emitter's run against what it did. */
import type { Summary } from "../../src/backend/views.ts";
import type { Message, Part } from "../../src/messages/model.ts";
import type { Expectation, Said, ToolUse } from "./emitter.ts";
import type { Call } from "./models/script.ts";
import { sumCosts, type Stored, type StoredSpan } from "./stored.ts";

export const columns = [
  "types",
  "model",
  "tokens",
  "cost",
  "input",
  "output",
  "tools",
  "session/agent",
  "duplicates",
  "errors",
] as const;
export type Column = (typeof columns)[number];

/** What is wrong by column; a column that the emitter has nothing for is absent. */
export type Findings = Partial<Record<Column, string[]>>;

export interface Run {
  expects: Expectation;
  stored: Stored;
  /** What its model calls counted. */
  calls: Call[];
  /** What these cost, in USD. */
  costUsd: number;
}

export function check(run: Run): Findings {
  const { expects } = run;
  const findings: Findings = {
    types: checkTypes(run),
    model: checkModels(run),
    tokens: checkTokens(run),
    cost: checkCost(run),
    duplicates: checkDuplicates(run),
    errors: checkErrors(run),
  };
  if (expects.question !== undefined) findings.input = checkInput(run);
  if (expects.answer !== undefined) findings.output = checkOutput(run);
  if (expects.tool) findings.tools = checkTools(run, expects.tool);
  if (expects.sessionId !== undefined || expects.agentName !== undefined) {
    findings["session/agent"] = checkHeader(run);
  }
  return findings;
}

const ofType = ({ spans }: Stored, ...types: string[]): StoredSpan[] =>
  spans.filter(({ span }) => types.includes(span.spanType));

const show = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return text.length > 90 ? `${text.slice(0, 90)}…` : text;
};

const sum = (traces: Summary[], field: keyof Summary): number =>
  traces.reduce((total, trace) => total + Number(trace[field] ?? 0), 0);

function countsOf({ expects, calls }: Run) {
  const embedding = calls.filter(({ api }) => api === "embeddings").length;
  return { llm: calls.length - embedding, embedding, ...expects.counts };
}

/** Too few of a type; too many of a model call are duplicates. A span that repeats another is none. */
function checkTypes(run: Run): string[] {
  return Object.entries(countsOf(run)).flatMap(([type, count]) => {
    const counting = ofType(run.stored, type).filter(({ span }) => span.repeats === undefined);
    const names = counting.map(({ span }) => span.name);
    const isEnough = type === "llm" || type === "agent" ? names.length >= count : false;
    if (isEnough || names.length === count) return [];
    return [`${names.length} ${type} spans instead of ${count}: ${show(names.join(", "))}`];
  });
}

function checkDuplicates(run: Run): string[] {
  const { llm, tool } = countsOf(run);
  const calls = sum(run.stored.traces, "llmCount");
  const tools = sum(run.stored.traces, "toolCount");
  return [
    ...(calls > llm ? [`${calls} model calls counted instead of ${llm}`] : []),
    ...(tool !== undefined && tools !== tool ? [`${tools} tools counted instead of ${tool}`] : []),
  ];
}

function checkModels({ stored, calls }: Run): string[] {
  const known = calls.flatMap(({ model }) => [model, model.replace(/-\d{4}-?\d\d-?\d\d$/, "")]);
  const spans = ofType(stored, "llm", "embedding");
  const wrong = spans.map(({ span }) => span.modelId).filter((id) => !known.includes(id ?? ""));
  return [...new Set(wrong)].map(
    (id) => `${wrong.filter((other) => other === id).length} calls of model ${show(id)}`,
  );
}

const figures = [
  ["input", "inputTokens"],
  ["cachedInput", "cachedInputTokens"],
  ["cacheWrite", "cacheWriteInputTokens"],
  ["output", "outputTokens"],
  ["reasoning", "reasoningTokens"],
] as const;

function checkTokens({ stored, calls }: Run): string[] {
  return figures
    .map(([field, shown]) => ({
      shown,
      is: sum(stored.traces, shown),
      should: calls.reduce((total, call) => total + call[field], 0),
    }))
    .filter(({ is, should }) => is !== should)
    .map(({ shown, is, should }) => `${shown} ${is} instead of ${should}`);
}

function checkCost({ stored, calls, costUsd }: Run): string[] {
  const failed = calls.filter((call) => call.failed).length;
  const priced = sum(stored.traces, "pricedSpanCount");
  const priceable = sum(stored.traces, "priceableSpanCount");
  const is = sumCosts(stored.traces);
  const isKnown = costUsd === 0 || priced + failed >= priceable;
  const problems = !isKnown ? [`${priced} of ${priceable} calls have a price`] : [];
  if (Math.abs(is - costUsd) > costUsd / 1e6) {
    problems.push(`costs ${(is / costUsd).toFixed(3)} of what it should`);
  }
  return problems;
}

function checkErrors(run: Run): string[] {
  const refused = run.stored.refusals.map((refusal) => `refused: ${show(refusal)}`);
  return [...new Set(refused), ...checkFailed(run)];
}

function checkFailed({ expects, stored }: Run): string[] {
  const failed = stored.spans.filter(({ span }) => span.status === "error");
  const expected = expects.errors ?? 0;
  if (expected === 0) {
    return failed.map(({ span }) => `${span.name} is an error: ${show(span.errorMessage)}`);
  }
  const told = failed.filter(({ span }) => span.errorMessage?.includes("refuses"));
  return told.length < expected
    ? [`${told.length} spans tell of the refused call instead of ${expected}`]
    : [];
}

const isSaid = (said: Said, text: string): boolean =>
  typeof said === "string" ? text === said : said.test(text);

function partsOf(messages: Message[], role?: string): Part[] {
  return messages
    .filter((message) => role === undefined || message.role === role)
    .flatMap(({ parts }) => parts);
}

const textsOf = (parts: Part[]): string[] =>
  parts.flatMap((part) => (part.type === "text" ? [part.text] : []));

/** That some call has this text, said by this role. */
function checkSaid(lists: Message[][], role: string, said: Said): string[] {
  const texts = lists.flatMap((messages) => textsOf(partsOf(messages, role)));
  if (texts.some((text) => isSaid(said, text))) return [];
  const found = texts[0] ?? lists.flatMap((messages) => messages)[0];
  return [`no ${role} text ${show(String(said))}, but ${show(found)}`];
}

/** What is wrong in any list, whoever sent it: parts that were not understood, and texts twice. */
function checkReadable(lists: Message[][]): string[] {
  const problems = lists.flatMap((messages) => {
    const raw = partsOf(messages).filter(({ type }) => type === "raw");
    const texts = messages.flatMap(({ role, parts }) =>
      textsOf(parts).map((text) => `${role}: ${text}`),
    );
    const json = texts.filter((text) => /^\w+: \s*(\[\s*[{"]|\{\s*")/.test(text));
    const twice = texts.filter((text, index) => texts.indexOf(text) !== index);
    return [
      ...raw.map((part) => `not understood: ${show("text" in part ? part.text : part)}`),
      ...json.map((text) => `JSON as text: ${show(text)}`),
      ...twice.map((text) => `twice in one call: ${show(text)}`),
    ];
  });
  return [...new Set(problems)].slice(0, 3);
}

/** Where the conversation has to be. */
const speakers = ({ expects, stored }: Run): StoredSpan[] =>
  expects.isElsewhere ? stored.spans : ofType(stored, "llm");

/** That so many calls have anything at all there. */
function checkPresent(run: Run, side: "input" | "output", expected: number): string[] {
  if (run.expects.isElsewhere || (side === "output" && run.expects.lacksCalls)) return [];
  const present = ofType(run.stored, "llm").filter((span) => partsOf(span[side]).length > 0);
  return present.length < expected
    ? [`${present.length} of ${expected} calls have ${side === "input" ? "an input" : "an output"}`]
    : [];
}

function checkInput(run: Run): string[] {
  const { question, system } = run.expects;
  const lists = speakers(run).map(({ input }) => input);
  return [
    ...checkPresent(run, "input", countsOf(run).llm),
    ...checkSaid(lists, "user", question!),
    ...(system === undefined ? [] : checkSaid(lists, "system", system)),
    ...checkReadable(lists),
  ];
}

function checkOutput(run: Run): string[] {
  const lists = speakers(run).map(({ output }) => output);
  const failed = run.calls.filter((call) => call.failed).length;
  return [
    ...checkPresent(run, "output", countsOf(run).llm - failed),
    ...checkSaid(lists, "assistant", run.expects.answer!),
    ...checkReadable(lists),
  ];
}

function isArgs(args: ToolUse["args"], text: string): boolean {
  if (args instanceof RegExp) return args.test(text);
  try {
    return Bun.deepEquals(JSON.parse(text), args);
  } catch {
    return false;
  }
}

/** The call within the model's output, its result within the next input, and the tool's own span. */
function checkTools(run: Run, tool: ToolUse): string[] {
  const inMessages = run.expects.isElsewhere ? [] : checkToolParts(run, tool);
  return run.expects.counts.tool === 0 ? inMessages : [...inMessages, ...checkToolSpan(run, tool)];
}

function checkToolParts(run: Run, tool: ToolUse): string[] {
  const llms = ofType(run.stored, "llm");
  const problems: string[] = [];
  const called = llms.flatMap(({ output }) => partsOf(output));
  const calls = called.flatMap((part) => (part.type === "toolCall" ? [part] : []));
  const isCalled = calls.some(({ name, text }) => name === tool.name && isArgs(tool.args, text));
  if (!isCalled && !run.expects.lacksCalls) {
    problems.push(`no call of ${tool.name} in an output, but ${show(calls[0])}`);
  }
  for (const { name } of calls.filter((call) => !call.name)) problems.push(`a call named ${name}`);
  const given = llms.flatMap(({ input }) => partsOf(input));
  const results = given.flatMap((part) => (part.type === "toolResult" ? [part] : []));
  if (!results.some(({ text }) => isSaid(tool.result, text))) {
    problems.push(`no result in an input, but ${show(results[0]?.text)}`);
  }
  return problems;
}

function checkToolSpan({ expects, stored }: Run, tool: ToolUse): string[] {
  const { name, args, result } = { ...tool, ...expects.toolSpan };
  const all = ofType(stored, "tool");
  const named = all.filter(({ span }) => span.name.includes(name));
  const spans = named.length > 0 ? named : all;
  const argsOf = ({ span, input }: StoredSpan) => [
    span.input ?? "",
    ...partsOf(input).flatMap((part) => ("text" in part ? [part.text] : [])),
  ];
  const resultsOf = ({ output }: StoredSpan) =>
    partsOf(output).flatMap((part) => ("text" in part ? [part.text] : []));
  const problems: string[] = [];
  if (!spans.some((span) => argsOf(span).some((text) => isArgs(args, text)))) {
    problems.push(`the tool's span has as its input ${show(spans[0]?.span.input)}`);
  }
  if (!spans.some((span) => resultsOf(span).some((text) => isSaid(result, text)))) {
    problems.push(`the tool's span has as its output ${show(spans[0]?.span.output)}`);
  }
  return problems;
}

function checkHeader({ expects, stored: { traces } }: Run): string[] {
  const problems: string[] = [];
  const { sessionId, agentName } = expects;
  const without = traces.filter(
    (trace) =>
      trace.llmCount > 0 && sessionId !== undefined && !isSaid(sessionId, trace.sessionId ?? ""),
  );
  if (without.length > 0) {
    problems.push(`${without.length} traces of session ${show(without[0]!.sessionId)}`);
  }
  if (
    agentName !== undefined &&
    !traces.some((trace) => isSaid(agentName, trace.agentName ?? ""))
  ) {
    problems.push(`agent ${show(traces.map((trace) => trace.agentName))}`);
  }
  return problems;
}

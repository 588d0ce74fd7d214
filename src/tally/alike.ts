/** Whether what two spans report may be one and the same model call. */
import type { Usage } from "../contract/v1.ts";

interface Times {
  startTime: number;
  endTime: number;
}

/** What a span says of the call that it reports. */
export interface Report extends Times {
  modelId: string | undefined;
  /** The model that was asked for, where another answered. */
  requestModelId: string | undefined;
  usage: Usage | undefined;
}

/** Clocks of one process that are read in another order, and times rounded to milliseconds. */
const slackMs = 5;

/** A release date or a version at the end of a model's name. */
const version = /[-@](20\d\d-?[01]\d-?[0-3]\d|[01]\d-[0-3]\d|\d{4}|00\d)$/;

/** True also where one of them names no model. */
export function isSameModel(a: Report, b: Report): boolean {
  if (a.modelId === b.modelId) return true;
  const [namesA, namesB] = [modelsOf(a), modelsOf(b)];
  if (namesA.length === 0 || namesB.length === 0) return true;
  return namesA.some((nameA) => namesB.some((nameB) => isSameName(nameA, nameB)));
}

function modelsOf({ modelId, requestModelId }: Report): string[] {
  return [modelId, requestModelId].filter((name) => name !== undefined && name !== "") as string[];
}

/** `gpt-4o` is what `openai/GPT-4o-2024-08-06` was asked for by; two dates are two models. */
function isSameName(a: string, b: string): boolean {
  if (a === b) return true;
  const [nameA, nameB] = [plainName(a), plainName(b)];
  if (nameA === nameB) return true;
  const [baseA, baseB] = [nameA.replace(version, ""), nameB.replace(version, "")];
  return baseA === baseB && (baseA === nameA || baseB === nameB);
}

/** A model's name without those who hand it on: `us.anthropic.claude-sonnet-4-5-20250929-v1:0`. */
function plainName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^.*\//, "")
    .replace(/^[a-z][a-z_-]*:(?=[a-z])(?!latest$)/, "")
    .replace(
      /^([a-z]{2,6}\.)?(ai21|amazon|anthropic|cohere|deepseek|meta|mistral|openai|qwen)\./,
      "",
    )
    .replace(/(-v\d+)?(:\d+)$|[-:@](latest|default)$|\[1m\]$/, "")
    .replace(/(?<=\d)\.(?=\d)/g, "-")
    .replace(/^gpt-35-/, "gpt-3-5-");
}

/** An empty usage says no more than an absent one, and is not told apart in a row. */
export function reportsUsage({ usage }: Pick<Report, "usage">): boolean {
  return usage !== undefined && Object.keys(usage).length > 0;
}

/** Without tokens, or with 0 of all: what some emitters send of a stream, and of a failure. */
export function isSilent({ usage }: Pick<Report, "usage">): boolean {
  return !usage || !(usage.inputTokens || usage.outputTokens || usage.totalTokens);
}

/** Of two that are not silent: input and output as far as both say them, else the totals. */
export function isSameUsage(a: Usage, b: Usage): boolean {
  const fields = (["inputTokens", "outputTokens"] as const).filter(
    (field) => a[field] !== undefined && b[field] !== undefined,
  );
  if (fields.length > 0) return fields.every((field) => a[field] === b[field]);
  return totalOf(a) === totalOf(b);
}

function totalOf({ inputTokens = 0, outputTokens = 0, totalTokens }: Usage): number {
  return totalTokens ?? inputTokens + outputTokens;
}

/** How much a span says of what was used: the more, the better its price. */
export function detailOf({ usage }: Report): number {
  let detail = 0;
  for (const field in usage) if (usage[field as keyof Usage]! > 0) detail++;
  return detail;
}

export function isWithin(inner: Times, outer: Times): boolean {
  return (
    inner.startTime >= outer.startTime - slackMs &&
    inner.startTime <= outer.endTime &&
    inner.endTime <= outer.endTime + slackMs
  );
}

/** False of one that begins as the other ends. */
export function overlap(a: Times, b: Times): boolean {
  const start = Math.max(a.startTime, b.startTime);
  const end = Math.min(a.endTime, b.endTime);
  const isMoment = a.startTime === a.endTime || b.startTime === b.endTime;
  return start < end || (start === end && (isMoment || a.startTime === b.startTime));
}

/**
 * Whether an answer's id is one that does not come twice. Ollama's are `chatcmpl-` and a number below
 * 1000.
 */
export function isUniqueId(id: string): boolean {
  return /[^-_]{8,}$/.test(id);
}

/** Whether two ids are of two answers: a gateway gives an answer another one in a form of its own. */
export function areOtherIds(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return false;
  return a.split(/[-_]/, 1)[0] === b.split(/[-_]/, 1)[0];
}

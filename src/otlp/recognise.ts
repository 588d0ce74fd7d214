/** Which emitters a span is from: by its scope, its service, its name and the keys of its attributes. */
import { conventions } from "./conventions.ts";
import type { SpanRecord } from "./records.ts";
import { toDialect, type Dialect, type Sender } from "./sender.ts";
import { senders } from "./senders/list.ts";

/** A set of senders, found once for each combination that occurs. */
interface Combination {
  dialect: Dialect;
  members: ReadonlySet<number>;
  /** The combination with one more sender, by its number. */
  next: Map<number, Combination>;
}

const combinations = new Map<string, Combination>();
const maxCombinations = 1000;

function combinationOf(members: Set<number>): Combination {
  const numbers = [...members].sort((a, b) => a - b);
  const key = numbers.join();
  let combination = combinations.get(key);
  if (!combination) {
    // An attacker can make any combination of senders occur.
    if (combinations.size >= maxCombinations) combinations.clear();
    const dialect = toDialect([...numbers.map((number) => senders[number]!), conventions]);
    combinations.set(key, (combination = { dialect, members, next: new Map() }));
  }
  return combination;
}

function withSender(combination: Combination, number: number): Combination {
  if (combination.members.has(number)) return combination;
  let next = combination.next.get(number);
  if (!next) {
    next = combinationOf(new Set([...combination.members, number]));
    combination.next.set(number, next);
  }
  return next;
}

type Sign = { start: string; number: number };

/** The longest first: the most specific sign decides. */
function signsOf(pick: (sender: Sender) => readonly string[] | undefined): Sign[] {
  return senders
    .flatMap((sender, number) => (pick(sender) ?? []).map((start) => ({ start, number })))
    .sort((a, b) => b.start.length - a.start.length);
}

const scopeSigns = signsOf(({ signs }) => signs.scopes);
const serviceSigns = signsOf(({ signs }) => signs.services);
const nameSigns = signsOf(({ signs }) => signs.names);
const attributeSigns = signsOf(({ signs }) => signs.attributes);

/** Keys repeat from span to span: each is compared with all signs once. */
const sendersByKey = new Map<string, number>();
const maxKeys = 20_000;

function senderOfKey(key: string): number {
  let number = sendersByKey.get(key);
  if (number === undefined) {
    number = attributeSigns.find(({ start }) => key.startsWith(start))?.number ?? -1;
    // Indexed keys are without end.
    if (sendersByKey.size >= maxKeys) sendersByKey.clear();
    sendersByKey.set(key, number);
  }
  return number;
}

/** What the spans of one scope of one service have in common. */
export type Origin = Combination;

export function originOf(scopeName: string, serviceName: string): Origin {
  const found = [
    scopeSigns.find(({ start }) => scopeName.startsWith(start)),
    serviceSigns.find(({ start }) => serviceName.startsWith(start)),
  ];
  return combinationOf(new Set(found.flatMap((sign) => (sign ? [sign.number] : []))));
}

export function dialectOf({ name, attributes }: SpanRecord, origin: Origin): Dialect {
  let combination = origin;
  const sign = nameSigns.find(({ start }) => name.startsWith(start));
  if (sign) combination = withSender(combination, sign.number);
  for (const key in attributes) {
    const number = senderOfKey(key);
    if (number >= 0) combination = withSender(combination, number);
  }
  return combination.dialect;
}

/** What the conventions for GenAI and MCP begin keys with, and libraries that are no senders of their own. */
const genAiKey = /^(gen_?ai|llm|mcp|openai|anthropic|bedrock|vertexai|agent|tool|embedding)\./;

/**
 * Whether a span says anything of models, agents or tools, or that something failed: by its attributes and
 * events, not by its sender, since agents send spans of their own runtime, too.
 */
export function saysGenAi({ attributes, events }: SpanRecord): boolean {
  for (const key in attributes) if (senderOfKey(key) >= 0 || genAiKey.test(key)) return true;
  return events.some(({ name }) => name === "exception" || genAiKey.test(name));
}

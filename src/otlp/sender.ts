/**
 * How the spans of an emitter are interpreted. Each emitter has a file in senders/ with the signs that
 * identify it, the attributes it uses, and its differences from the conventions. A span can have the
 * attributes of several emitters (a framework and its instrumentation): all identified ones are asked in
 * the order of senders/list.ts, then the conventions.
 */
import type { SpanStatus, SpanType } from "./kind.ts";
import type { Place } from "./places.ts";
import type { SpanRecord } from "./records.ts";
import type { Counts } from "./usage.ts";

/** Attribute keys by meaning; the first one with a value is used. */
const keyNames = [
  "responseModel",
  "requestModel",
  "provider",
  /** A provider with the kind of call after a dot, such as `openai.responses`. */
  "providerFlavour",
  "input",
  "output",
  "total",
  "cacheRead",
  "cacheWrite",
  "reasoning",
  "ttftMs",
  "ttftSeconds",
  "costUsd",
  "responseId",
  "toolName",
  "agentName",
  "traceName",
  "workflowName",
  "workflowRunId",
  "sessionId",
  "customerId",
  "errorMessage",
  "tags",
] as const;

export type KeyName = (typeof keyNames)[number];
export type Keys = Record<KeyName, readonly string[]>;

/**
 * Where the input and output of a span are stored, by span type; the first place with content is used.
 */
export interface Places {
  call: readonly Place[];
  tool: readonly Place[];
  /** Agents and all other types. */
  rest: readonly Place[];
}

/** The instrumentation that produced a span. */
export interface Scope {
  scopeName: string;
}

/** Further facts for determining a span's type. */
export interface Clues extends Scope {
  hasModel: boolean;
  hasTokens: boolean;
}

/** Further facts for reading a span's counts. */
export interface CountClues extends Scope {
  counts: Partial<Counts>;
  /** The span's provider, in the names of the conventions. */
  provider: string | undefined;
}

/** The signs of an emitter; any one of them is sufficient. */
export interface Signs {
  /** Prefixes of the instrumentation scope's name. */
  scopes?: readonly string[];
  /** Prefixes of the resource's `service.name`. */
  services?: readonly string[];
  /** Prefixes of attribute keys. */
  attributes?: readonly string[];
  /** Prefixes of span names. */
  names?: readonly string[];
}

export interface Meaning {
  keys?: Partial<Keys>;
  /** @returns undefined if this emitter does not decide the type. */
  spanType?(span: SpanRecord, clues: Clues): SpanType | undefined;
  status?(span: SpanRecord): SpanStatus | undefined;
  /** The model, if it has no attribute of its own. */
  model?(span: SpanRecord): string | undefined;
  /** The name to show, if it differs from the span's name. */
  spanName?(span: SpanRecord, type: SpanType): string | undefined;
  /** The agent's name, if it has no attribute of its own. */
  agentName?(span: SpanRecord, type: SpanType): string | undefined;
  /** The workflow's name, if only some spans may set it. */
  workflowName?(span: SpanRecord): string | undefined;
  /** The trace's name, if only some spans may set it. */
  traceName?(span: SpanRecord): string | undefined;
  /**
   * Counts that have no attributes of their own, such as those within a JSON text. Normalised if the
   * format is known: see `countsIn`.
   */
  counts?(span: SpanRecord): Partial<Counts> | undefined;
  /** True if the span's counts repeat those of a neighbouring call. */
  repeatsUsage?(span: SpanRecord): true | undefined;
  /** The cost reported by the sender, if it has no attribute of its own. */
  costUsd?(span: SpanRecord): number | undefined;
  /**
   * Whether the input includes cache reads and writes.
   *
   * @returns undefined if this emitter does not decide it.
   */
  inputHasCache?(span: SpanRecord, clues: CountClues): boolean | undefined;
  /** Whether the output includes reasoning; undefined if undecided. */
  outputHasReasoning?(span: SpanRecord, clues: CountClues): boolean | undefined;
  ttftMs?(span: SpanRecord): number | undefined;
  /** The provider of the call, if no attribute of `keys` names it. */
  provider?(span: SpanRecord): string | undefined;
  input?: Partial<Places>;
  output?: Partial<Places>;
  toolCatalog?: readonly Place[];
  /** Key prefixes of user metadata. */
  metadataPrefixes?: readonly string[];
  /** True for a span that only announces another and is not stored. */
  isAnnouncement?(span: SpanRecord): boolean | undefined;
}

/** The questions that senders answer about a span. */
const questions = [
  "isAnnouncement",
  "spanType",
  "status",
  "model",
  "spanName",
  "agentName",
  "workflowName",
  "traceName",
  "counts",
  "repeatsUsage",
  "costUsd",
  "inputHasCache",
  "outputHasReasoning",
  "ttftMs",
  "provider",
] as const satisfies (keyof Meaning)[];

type Question = (typeof questions)[number];
type Answers = { [Q in Question]: NonNullable<Meaning[Q]> };

export interface Sender extends Meaning {
  signs: Signs;
}

/**
 * The combined interpretation of all senders of a span, followed by the conventions. The first answer that
 * is not undefined is used.
 */
export interface Dialect extends Answers {
  keys: Keys;
  input: Places;
  output: Places;
  toolCatalog: readonly Place[];
  metadataPrefixes: readonly string[];
}

/** @param meanings in order of precedence, conventions last. */
export function toDialect(meanings: readonly Meaning[]): Dialect {
  const keys = Object.fromEntries(
    keyNames.map((name) => [
      name,
      unique(meanings.flatMap((meaning) => meaning.keys?.[name] ?? [])),
    ]),
  ) as unknown as Keys;
  const places = (field: "input" | "output"): Places => ({
    call: meanings.flatMap((meaning) => meaning[field]?.call ?? []),
    tool: meanings.flatMap((meaning) => meaning[field]?.tool ?? []),
    rest: meanings.flatMap((meaning) => meaning[field]?.rest ?? []),
  });
  const answers = Object.fromEntries(
    questions.map((question) => [question, firstAnswer(meanings, question)]),
  ) as unknown as Answers;
  return {
    ...answers,
    keys,
    input: places("input"),
    output: places("output"),
    toolCatalog: meanings.flatMap(({ toolCatalog = [] }) => toolCatalog),
    metadataPrefixes: unique(meanings.flatMap(({ metadataPrefixes = [] }) => metadataPrefixes)),
  };
}

function unique<T>(items: T[]): T[] {
  return [...new Set(items)];
}

/** Most senders answer few questions: only those that do are asked. */
function firstAnswer(meanings: readonly Meaning[], question: Question) {
  const asked = meanings.flatMap((meaning) => meaning[question] ?? []) as ((
    span: SpanRecord,
    more: unknown,
  ) => unknown)[];
  return (span: SpanRecord, more: unknown) => {
    for (const answerOf of asked) {
      const answer = answerOf(span, more);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
}

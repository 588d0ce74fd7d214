import type { SpanStatus, SpanType } from "./kind.ts";
/**
 * What an emitter's spans mean. Each emitter has a file in senders/ that says how it is recognised,
 * which attributes it uses for what, and where it differs from the conventions. A span may carry the
 * attributes of several emitters (a framework's and those of the instrumentation under it): each that
 * is recognised is asked in the order of senders/list.ts, and the conventions last.
 */
import type { Place } from "./places.ts";
import type { SpanRecord } from "./records.ts";
import type { Counts } from "./usage.ts";

/** Attribute keys by what they mean; the first that has a value counts. */
const keyNames = [
  "responseModel",
  "requestModel",
  "provider",
  /** A provider with the kind of call behind a dot, as in `openai.responses`. */
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

/** Where the input and the output of a span may be, by what the span is; the first that has one counts. */
export interface Places {
  call: readonly Place[];
  tool: readonly Place[];
  /** Agents and all others. */
  rest: readonly Place[];
}

/** The instrumentation that a span is from. */
export interface Scope {
  scopeName: string;
}

/** What else is known of a span when its type is asked for. */
export interface Clues extends Scope {
  hasModel: boolean;
  hasTokens: boolean;
}

/** What else is known of a span when its counts are read. */
export interface CountClues extends Scope {
  counts: Partial<Counts>;
  /** As the span names it, in the conventions' words. */
  provider: string | undefined;
}

/** By what an emitter is recognised. Any one of these suffices. */
export interface Signs {
  /** Beginnings of the name of the instrumentation scope. */
  scopes?: readonly string[];
  /** Beginnings of the resource's `service.name`. */
  services?: readonly string[];
  /** Beginnings of attribute keys. */
  attributes?: readonly string[];
  /** Beginnings of span names. */
  names?: readonly string[];
}

export interface Meaning {
  keys?: Partial<Keys>;
  /** @returns undefined where this emitter does not say it. */
  spanType?(span: SpanRecord, clues: Clues): SpanType | undefined;
  status?(span: SpanRecord): SpanStatus | undefined;
  /** The model, where it is no attribute of its own. */
  model?(span: SpanRecord): string | undefined;
  /** The name to show, where it is not the span's own. */
  spanName?(span: SpanRecord, type: SpanType): string | undefined;
  /** The agent's name, where it is no attribute of its own. */
  agentName?(span: SpanRecord, type: SpanType): string | undefined;
  /** The workflow's name, where not every span may give it. */
  workflowName?(span: SpanRecord): string | undefined;
  /** The name of the trace, where not every span may give it. */
  traceName?(span: SpanRecord): string | undefined;
  /**
   * Counts that do not stand in attributes of their own, such as those within a JSON text. Normalised
   * where the text tells how: see `countsIn`.
   */
  counts?(span: SpanRecord): Partial<Counts> | undefined;
  /** True for a span whose counts repeat those of a call beside it: they are not the span's own. */
  repeatsUsage?(span: SpanRecord): true | undefined;
  /** What the call cost by the sender's own account, where that is no attribute of its own. */
  costUsd?(span: SpanRecord): number | undefined;
  /**
   * Whether the input includes what was read from and written to the cache.
   *
   * @returns undefined where this emitter does not decide it.
   */
  inputHasCache?(span: SpanRecord, clues: CountClues): boolean | undefined;
  /** Whether the output includes reasoning; likewise. */
  outputHasReasoning?(span: SpanRecord, clues: CountClues): boolean | undefined;
  ttftMs?(span: SpanRecord): number | undefined;
  /** Who answers the span's call, where no attribute of `keys` says it. */
  provider?(span: SpanRecord): string | undefined;
  input?: Partial<Places>;
  output?: Partial<Places>;
  toolCatalog?: readonly Place[];
  /** Prefixes of the keys of the users' own metadata. */
  metadataPrefixes?: readonly string[];
  /** True for a span that only announces another and is not stored. */
  isAnnouncement?(span: SpanRecord): boolean | undefined;
}

/** What senders are asked of a span. */
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
 * The meaning of all senders of a span together: first theirs, then that of the conventions. Of several
 * answers to a question the first that is not undefined counts.
 */
export interface Dialect extends Answers {
  keys: Keys;
  input: Places;
  output: Places;
  toolCatalog: readonly Place[];
  metadataPrefixes: readonly string[];
}

/** @param meanings the conventions last. */
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

/** Most senders answer few of the questions: only those who do are asked. */
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

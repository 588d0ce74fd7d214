/**
 * The members of an object. A reader takes the members it knows; the rest is kept as a part of its own if
 * it has content.
 */
import { isNumber, isObject, toText, type Json, type JsonObject } from "./json.ts";
import type { Part } from "./model.ts";

/**
 * Members that are never shown: usage, times, signatures and other data for programs. In lower case,
 * without `_`.
 */
const noise = new Set(
  `usage usagemetadata tokenusage usagecontext finishreason finishreasons nativefinishreason stopreason
  stopsequence stopdetails donereason done logprobs toplogprobs avglogprobs logprobsresult
  systemfingerprint servicetier signature thoughtsignature thoughtsignatures cachecontrol cachepoint
  encryptedcontent reasoningencryptedcontent encryptedindex created createdat updatedat timestamp
  model modelname modelversion modelprovider providername lc example object safetyratings
  contentfilterresults promptfilterresults providerexecuted dynamic closed phase detail headers
  requestmethod`.split(/\s+/),
);

/** Members that are kept only beside members with content. */
const labels = new Set(
  "type role kind blocktype index status state outcome language sourcetype toolcalltype from author modality event.name".split(
    " ",
  ),
);
const isId = (key: string) => /^(u?u?id|uid)s?$|[_-]u?u?ids?$|[a-z]I[dD]s?$/.test(key);

function isNoise(key: string): boolean {
  return noise.has(key.replaceAll(/[_-]/g, "").toLowerCase());
}

function isLabel(key: string): boolean {
  return labels.has(key.replaceAll(/[_-]/g, "").toLowerCase()) || isId(key);
}

/** Whether a member is without content, whatever its value. */
export function isSilent(key: string): boolean {
  return isNoise(key) || isLabel(key);
}

/**
 * The value without empty, already shown and never shown members; undefined if nothing is left.
 *
 * @param said texts, and structures by identity, that are already shown.
 * @param isTelling whether numbers and `true` count as content.
 */
export function leftOf(
  value: Json,
  said: ReadonlySet<Json>,
  isTelling: boolean = true,
): Json | undefined {
  if (value === null || value === false || value === "" || said.has(value)) return undefined;
  if (value === true || isNumber(value)) return isTelling ? value : undefined;
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => leftOf(item, said, isTelling));
    const left = items.filter((item) => item !== undefined);
    return left.length === 0 ? undefined : left;
  }
  if (!isObject(value)) return undefined;
  const kept = Object.keys(value).flatMap((key): [string, Json][] => {
    if (isNoise(key)) return [];
    const left = isLabel(key) ? value[key] : leftOf(value[key]!, said, isTelling);
    return left === undefined || left === null ? [] : [[key, left]];
  });
  return kept.every(([key]) => isLabel(key)) ? undefined : fromEntries(kept);
}

/** An object without a prototype, so that `__proto__` is an ordinary key. */
function fromEntries(entries: [string, Json][]): JsonObject {
  const object = Object.create(null) as JsonObject;
  for (const [key, value] of entries) object[key] = value;
  return object;
}

export class Members {
  readonly sent: JsonObject;
  readonly #taken = new Set<string>();
  readonly #inner = new Map<string, Members>();

  constructor(sent: JsonObject) {
    this.sent = sent;
  }

  /** Takes the first of these members that exists and is not null. */
  take(...keys: string[]): Json | undefined {
    for (const key of keys) {
      const value = this.peek(key);
      if (value === undefined) continue;
      this.#taken.add(key);
      return value;
    }
    return undefined;
  }

  /** Takes the first of these members that is a text, else null. */
  takeText(...keys: string[]): string | null {
    const key = keys.find((key) => typeof this.peek(key) === "string");
    return key === undefined ? null : (this.take(key) as string);
  }

  /** Takes the first of these members that is a list, else an empty list. */
  takeList(...keys: string[]): Json[] {
    const key = keys.find((key) => Array.isArray(this.peek(key)));
    return key === undefined ? [] : (this.take(key) as Json[]);
  }

  /**
   * Takes the first of these members that is an object; its members that nobody takes are part of the
   * rest.
   */
  within(...keys: string[]): Members | null {
    for (const key of keys) {
      const known = this.#inner.get(key);
      if (known) return known;
      const value = this.peek(key);
      if (!isObject(value)) continue;
      const inner = new Members(value);
      this.#inner.set(key, inner);
      return inner;
    }
    return null;
  }

  /** Reads a member without taking it; undefined also for null. */
  peek(key: string): Json | undefined {
    return Object.hasOwn(this.sent, key) ? (this.sent[key] ?? undefined) : undefined;
  }

  /** Marks members as taken that are read elsewhere or not shown. */
  skip(...keys: string[]): void {
    for (const key of keys) this.#taken.add(key);
  }

  /**
   * The members that nobody took, as one part; none if the parts contain them already or they have no
   * content.
   */
  rest(parts: Part[], isTelling: boolean = true): Part[] {
    if (!this.#mayHaveRest()) return [];
    const left = this.#left(saidBy(parts), isTelling);
    return left.length === 0 ? [] : [{ type: "raw", text: toText(fromEntries(left)) }];
  }

  /** A cheap check: most objects have no rest, and the texts of their parts need not be collected. */
  #mayHaveRest(): boolean {
    return Object.keys(this.sent).some((key) => {
      const inner = this.#inner.get(key);
      return inner ? inner.#mayHaveRest() : !this.#taken.has(key) && !isSilent(key);
    });
  }

  #left(said: ReadonlySet<Json>, isTelling: boolean): [string, Json][] {
    return Object.keys(this.sent).flatMap((key): [string, Json][] => {
      if (this.#taken.has(key)) return [];
      const inner = this.#inner.get(key);
      if (inner) {
        const left = inner.#left(said, isTelling);
        return left.length === 0 ? [] : [[key, fromEntries(left)]];
      }
      if (isSilent(key)) return [];
      const left = leftOf(this.sent[key]!, said, isTelling);
      return left === undefined ? [] : [[key, left]];
    });
  }
}

function saidBy(parts: Part[]): Set<Json> {
  const said = new Set<Json>();
  for (const part of parts) {
    if (part.type === "media") {
      for (const text of [part.name, part.mime, part.reference]) if (text !== null) said.add(text);
    } else {
      said.add(part.text);
      if ("name" in part && part.name !== null) said.add(part.name);
      if ("id" in part && part.id !== null) said.add(part.id);
    }
  }
  return said;
}

/**
 * An object's members as a reader takes them, so that what no reader knows can be kept: whatever is not
 * taken and says anything becomes a part of its own.
 */
import { isNumber, isObject, toText, type Json, type JsonObject } from "./json.ts";
import type { Part } from "./model.ts";

/** Kept out everywhere: accounts, clocks, seals and what only a program reads. Lower case, without `_`. */
const noise = new Set(
  `usage usagemetadata tokenusage usagecontext finishreason finishreasons nativefinishreason stopreason
  stopsequence stopdetails donereason done logprobs toplogprobs avglogprobs logprobsresult
  systemfingerprint servicetier signature thoughtsignature thoughtsignatures cachecontrol cachepoint
  encryptedcontent reasoningencryptedcontent encryptedindex created createdat updatedat timestamp
  model modelname modelversion modelprovider providername lc example object safetyratings
  contentfilterresults promptfilterresults providerexecuted dynamic closed phase detail headers
  requestmethod`.split(/\s+/),
);

/** Kept beside what says something, not alone. */
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

/** Whether a member alone says nothing to a reader, whatever it holds. */
export function isSilent(key: string): boolean {
  return isNoise(key) || isLabel(key);
}

/**
 * What is left of a value without what is empty, said or noise; undefined where that is nothing.
 *
 * @param said texts, and structures by identity, that are shown already.
 * @param isTelling of a number or `true`.
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

/** Also of a key `__proto__`. */
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

  /** The first of these members that is there and not null. */
  take(...keys: string[]): Json | undefined {
    for (const key of keys) {
      const value = this.peek(key);
      if (value === undefined) continue;
      this.#taken.add(key);
      return value;
    }
    return undefined;
  }

  /** The first of these members that is a text, else null. */
  takeText(...keys: string[]): string | null {
    const key = keys.find((key) => typeof this.peek(key) === "string");
    return key === undefined ? null : (this.take(key) as string);
  }

  /** The first of these members that is a list, else none. */
  takeList(...keys: string[]): Json[] {
    const key = keys.find((key) => Array.isArray(this.peek(key)));
    return key === undefined ? [] : (this.take(key) as Json[]);
  }

  /** The first of these members that is an object: what is left of it is left of the whole. */
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

  /** Undefined also for null. */
  peek(key: string): Json | undefined {
    return Object.hasOwn(this.sent, key) ? (this.sent[key] ?? undefined) : undefined;
  }

  /** Passes over what is read elsewhere. */
  skip(...keys: string[]): void {
    for (const key of keys) this.#taken.add(key);
  }

  /** What nobody took, as a part; none where that says nothing that is not said by these parts. */
  rest(parts: Part[], isTelling: boolean = true): Part[] {
    if (!this.#mayHaveRest()) return [];
    const left = this.#left(saidBy(parts), isTelling);
    return left.length === 0 ? [] : [{ type: "raw", text: toText(fromEntries(left)) }];
  }

  /** Spares most objects the texts of all their parts. */
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

/**
 * `--unknown-fields keep`: keys that the schema does not know are taken out of a payload and kept as
 * attributes of the trace or span they stand in, under `unknown.<path>`. What they are called is told,
 * so that an operator learns of a newer client.
 */
import { Kind, type TObject, type TSchema } from "@sinclair/typebox";
import { unknownFields as limits } from "../limits.ts";
import type { Payload } from "./v1.ts";

export const unknownObjects = ["payload", "trace", "span"] as const;

/** A field that the contract does not know, as often as one payload had it. */
export interface UnknownField {
  /** The object that it belongs to; null of the fields beyond those that are counted one by one. */
  object: (typeof unknownObjects)[number] | null;
  /** Its path within that, as `usage.audioTokens`; null likewise. */
  field: string | null;
  /** The known field that differs only in case, underscores and dashes; null where there is none. */
  meant: string | null;
  count: number;
}

export interface Aside {
  /** The value without unknown keys. */
  value: unknown;
  /** False where a number that was found is not what its text says: see `parseExactly`. */
  isExact: boolean;
  /** Adds what was found to the checked payload's traces and spans, as JSON text in `x.attributes`. */
  attach(payload: Payload): void;
  /** So few that a sender cannot make them grow with the payload. */
  fields: UnknownField[];
}

type Attributes = Record<string, unknown>;

/** What a key belongs to: the trace, span or payload, and the path from there with a dot at its end. */
interface Place {
  object: (typeof unknownObjects)[number];
  path: string;
  /** Of the trace or span. */
  id: string;
  kept: Kept;
}

/** What was found in one trace, span or payload. */
class Kept {
  readonly entries: (readonly [name: string, value: unknown])[] = [];
  /** Only a path and a key with a dot in it can be the same. */
  readonly #dotted = new Set<string>();

  add(name: string, value: unknown): void {
    if (name.includes(".", prefix.length)) {
      while (this.#dotted.has(name)) name += "'";
      this.#dotted.add(name);
    }
    this.entries.push([name, value]);
  }

  /** Of a million entries an object would take a second to make. */
  toJson(): string {
    let members = "";
    for (const [name, value] of this.entries)
      members += `${members && ","}${JSON.stringify(name)}:${JSON.stringify(value)}`;
    return `{${members}}`;
  }
}

const prefix = "unknown.";

/** Finds the keys that a schema does not know. Objects that have some are copied without them. */
export function setUnknownAside(schema: TSchema, value: unknown): Aside {
  /** By the number of the trace and of the span in it. */
  const found = new Map<string, Kept>();
  let isAllExact = true;
  const counts = createCounts();

  /** @returns the value without unknown keys. */
  function visit(schema: TSchema, value: unknown, place: Place): unknown {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const object = value as Attributes;
    const { properties } = schema as TObject;
    const known: Attributes = {};
    let isKnown = true;
    const start = prefix + (place.object === "payload" ? "payload." : "") + place.path;
    for (const key of Object.keys(object)) {
      if (Object.hasOwn(properties, key)) {
        const path = `${place.path}${key}.`;
        known[key] = visitField(properties[key]!, key, object[key], { ...place, path });
        isKnown &&= known[key] === object[key];
        continue;
      }
      isKnown = false;
      place.kept.add(start + key, object[key]);
      isAllExact &&= isExact(object[key]);
      counts.add(place, key, properties);
    }
    return isKnown ? value : known;
  }

  function visitField(schema: TSchema, key: string, value: unknown, place: Place): unknown {
    if (schema[Kind] === "Object") return visit(schema, value, place);
    // Only traces and spans stand in arrays of objects: each owns what is found below it.
    if (!Array.isArray(value) || (key !== "traces" && key !== "spans")) return value;
    const object = key === "traces" ? "trace" : "span";
    const id = place.id && `${place.id}.`;
    const items = value.map((item, i) => visitOwner(schema.items, item, object, `${id}${i}`));
    return items.every((item, i) => item === value[i]) ? value : items;
  }

  function visitOwner(
    schema: TSchema,
    value: unknown,
    object: Place["object"],
    id: string,
  ): unknown {
    const kept = new Kept();
    const known = visit(schema, value, { object, path: "", kept, id });
    if (kept.entries.length > 0) found.set(id, kept);
    return known;
  }

  const known = visitOwner(schema, value, "payload", "");
  return {
    value: known,
    isExact: isAllExact,
    fields: counts.fields(),
    attach(payload) {
      const ofPayload = found.get("") ?? new Kept();
      const length = ofPayload.toJson().length * payload.traces.length;
      for (const [t, trace] of payload.traces.entries()) {
        const own = new Kept();
        if (t === 0 || length <= limits.spreadLength)
          for (const entry of ofPayload.entries) own.add(...entry);
        for (const entry of found.get(`${t}`)?.entries ?? []) own.add(...entry);
        addAttributes(trace, own);
        for (const [s, span] of trace.spans.entries()) addAttributes(span, found.get(`${t}.${s}`));
      }
    },
  };
}

/** False of numbers that JavaScript rounds: those beyond 2^53, and what is too large for any. */
function isExact(value: unknown): boolean {
  if (typeof value === "number") return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return typeof value !== "object" || value === null || Object.values(value).every(isExact);
}

/** The same as JSON.parse, but for numbers that it would round: those are written again as they came. */
export function parseExactly(text: string): unknown {
  const exactly = (_key: string, value: unknown, { source }: { source: string }) =>
    typeof value === "number" && !isExact(value) ? json.rawJSON(source) : value;
  return json.parse(text, exactly);
}

/** What TypeScript does not know of it yet: https://github.com/tc39/proposal-json-parse-with-source */
const json = JSON as unknown as {
  rawJSON(text: string): unknown;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source: string }) => unknown,
  ): unknown;
};

function addAttributes(owner: { x?: { attributes?: string } }, kept: Kept | undefined): void {
  if (!kept || kept.entries.length === 0) return;
  const sent = owner.x?.attributes;
  const attributes =
    sent === undefined
      ? kept.toJson()
      : JSON.stringify({ ...parseAttributes(sent), ...Object.fromEntries(kept.entries) });
  owner.x = { ...owner.x, attributes };
}

/** Attributes from their text, which is any in an import: what is no JSON object is one of them. */
export function parseAttributes(text: string): Attributes {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Attributes;
  } catch {
    // As it is.
  }
  return { "unknown.x.attributes": text };
}

const knownNames = new WeakMap<object, Map<string, string>>();

/** The field of an object that a key is, but for case, underscores and dashes. */
function meantBy(key: string, properties: TObject["properties"]): string | null {
  let names = knownNames.get(properties);
  if (!names) {
    names = new Map(Object.keys(properties).map((name) => [plainName(name), name]));
    knownNames.set(properties, names);
  }
  return key.length > limits.fieldLength ? null : (names.get(plainName(key)) ?? null);
}

function plainName(name: string): string {
  return name.replace(/[_-]/g, "").toLowerCase();
}

/** Counts fields, the first ones each, the rest together. */
function createCounts() {
  const found: UnknownField[] = [];
  const known = { payload: new Map(), trace: new Map(), span: new Map() } satisfies Record<
    Place["object"],
    Map<string, UnknownField>
  >;
  let others = 0;
  return {
    add({ object, path }: Place, key: string, properties: TObject["properties"]): void {
      const field = shortened(path + key);
      const counted = known[object].get(field);
      if (counted) {
        counted.count++;
      } else if (found.length === limits.perSender) {
        others++;
      } else {
        const first = { object, field, meant: meantBy(key, properties), count: 1 };
        known[object].set(field, first);
        found.push(first);
      }
    },
    fields(): UnknownField[] {
      const rest = { object: null, field: null, meant: null, count: others };
      return others > 0 ? [...found, rest] : found;
    },
  };
}

/** As the store can show it: short, and without half a character. */
function shortened(path: string): string {
  const short = path.length > limits.fieldLength ? `${path.slice(0, limits.fieldLength)}…` : path;
  return short.toWellFormed();
}

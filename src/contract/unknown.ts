/**
 * `--unknown-fields keep`: keys that the schema does not know are taken out of a payload before the
 * check and kept as attributes of the trace or span they stand in, under `unknown.<path>`.
 */
import { Kind, type TSchema } from "@sinclair/typebox";
import type { Payload } from "./v1.ts";

/** What was set aside, by the object it came from: a trace, a span, or the payload itself. */
type Aside = Map<object, Record<string, unknown>>;

/**
 * Removes unknown keys of closed objects from `value`, in place. The result's `attach` adds them to
 * the checked payload's traces and spans as JSON text in `x.attributes`.
 */
export function setUnknownAside(
  schema: TSchema,
  value: unknown,
): { attach: (payload: Payload) => void } {
  const aside: Aside = new Map();
  visit(schema, value, value, "unknown.payload", aside);
  return {
    attach(payload) {
      const ofPayload = aside.get(payload);
      for (const trace of payload.traces) {
        addAttributes(trace, { ...ofPayload, ...aside.get(trace) });
        for (const span of trace.spans) addAttributes(span, aside.get(span));
      }
    },
  };
}

function addAttributes(
  owner: { x?: { attributes?: string } },
  found: Record<string, unknown> | undefined,
): void {
  if (!found || Object.keys(found).length === 0) return;
  const known = owner.x?.attributes === undefined ? {} : JSON.parse(owner.x.attributes);
  owner.x = { ...owner.x, attributes: JSON.stringify({ ...known, ...found }) };
}

function visit(schema: TSchema, value: unknown, owner: unknown, path: string, aside: Aside): void {
  if (typeof value !== "object" || value === null) return;
  if (schema[Kind] === "Array" && Array.isArray(value)) {
    // Only traces and spans stand in arrays of objects: each owns what is found below it.
    for (const item of value) visit(schema.items, item, item, "unknown", aside);
  } else if (schema[Kind] === "Object" && !Array.isArray(value)) {
    const object = value as Record<string, unknown>;
    for (const key of Object.keys(object)) {
      const known = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
      if (known) {
        visit(known, object[key], owner, `${path}.${key}`, aside);
      } else {
        const found = aside.get(owner as object) ?? {};
        aside.set(owner as object, found);
        // Defined, not assigned: an own `__proto__` key is data here.
        Object.defineProperty(found, `${path}.${key}`, { value: object[key], enumerable: true });
        delete object[key];
      }
    }
  }
}

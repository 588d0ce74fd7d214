/** Reads the stored resource and scope of a span or log record. */
import type { Value } from "./records.ts";
import { surroundingsOf, type Surroundings } from "./span.ts";
import { mapOf } from "./values.ts";

/**
 * @param text JSON with the resource's fields and the scope under `scope`; undefined if none is stored.
 */
export function surroundingsIn(text: string | undefined): Surroundings {
  const sent = mapOf(text);
  const scope = mapOf(sent.scope);
  return surroundingsOf({
    resource: { attributes: mapOf(sent.attributes), schemaUrl: textIn(sent.schemaUrl) },
    scope: {
      name: textIn(scope.name),
      version: textIn(scope.version),
      attributes: mapOf(scope.attributes),
      schemaUrl: textIn(scope.schemaUrl),
    },
    records: [],
  });
}

function textIn(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

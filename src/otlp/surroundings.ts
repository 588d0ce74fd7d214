/** Resource and scope as they are kept with a span or a record, read again. */
import type { Value } from "./records.ts";
import { surroundingsOf, type Surroundings } from "./span.ts";
import { mapOf } from "./values.ts";

/** @param text JSON with the resource's fields and, in `scope`, the scope's; undefined where none is kept. */
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

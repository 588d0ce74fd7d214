/** What a span says under names of the sender's. */
import type { PayloadField } from "../contract/fields.ts";

/**
 * The attributes of a span: its own first, then those of its resource. A text is read only when who asks
 * has not found what it looks for in those before.
 */
export function* attributesOf(
  metadata: Record<string, unknown> | null,
  textOf: (field: PayloadField) => string | undefined,
): Generator<Record<string, unknown>> {
  const read = (field: PayloadField) => parsed(textOf(field));
  const said = [
    () => metadata,
    () => read("attributes"),
    () => read("traceAttributes"),
    () => read("resource")?.attributes as Record<string, unknown> | undefined,
  ];
  for (const each of said) {
    const attributes = each();
    if (attributes) yield attributes;
  }
}

/** The texts of a value: of an array those of its elements, of null none. */
export function attributeTexts(value: unknown): string[] {
  return [value]
    .flat()
    .filter((each) => each !== null)
    .map((each) => (typeof each === "object" ? JSON.stringify(each) : String(each)));
}

/** What a JSON text says; of a text that is damaged, nothing. */
export function parsed(json: unknown): any {
  if (typeof json !== "string") return null;
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

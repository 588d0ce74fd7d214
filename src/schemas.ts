/** What schemas say often and TypeBox has no word for. */
import { Type, type TSchema } from "@sinclair/typebox";

/** A value that may be unknown. */
export function nullable<T extends TSchema>(schema: T, description?: string) {
  return Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
}

/** One of these texts. */
export function oneOf<T extends string>(values: readonly T[], description?: string) {
  return Type.Unsafe<T>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      description === undefined ? {} : { description },
    ),
  );
}

/** A whole number and what it counts. */
export function described(description: string) {
  return Type.Integer({ description });
}

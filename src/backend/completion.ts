/** Completion of a filter as it is written: the values that stored traces have, and the answer. */
import { Type, type Static } from "@sinclair/typebox";
import type { Key } from "../filter/keys.ts";

/** What is asked of a backend: the values under a key, or the names that it may go on with. */
export interface ValuesQuery {
  key: Key;
  /** The sender's name behind an open key; null asks for these names. */
  name: string | null;
  /** How they begin, whatever the case. */
  prefix: string;
  projectId?: number | undefined;
}

export interface StoredValues {
  values: {
    text: string;
    /** Traces that have it; null where they are not counted. */
    count: number | null;
    /** There may be more than counted. */
    isCapped: boolean;
  }[];
  /** The time did not suffice for all values. */
  partial: boolean;
}

export const Completion = Type.Object({
  position: Type.Integer({ description: "Where the completed text begins, UTF-16 code units" }),
  length: Type.Integer({ description: "How much of the filter it replaces" }),
  items: Type.Array(
    Type.Object({
      text: Type.String({ description: "As it is shown" }),
      insert: Type.String({ description: "As it is written into the filter" }),
      summary: Type.Union([Type.String(), Type.Null()]),
      count: Type.Union([Type.Integer(), Type.Null()], {
        description: "Traces that have it; null where they are not counted",
      }),
      isCapped: Type.Boolean({ description: "There may be more than counted" }),
    }),
  ),
  partial: Type.Boolean({ description: "The time did not suffice for all values" }),
});

export type Completion = Static<typeof Completion>;

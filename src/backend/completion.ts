/** Completion of a filter as it is written: what is asked, and the answer. */
import { Type, type Static } from "@sinclair/typebox";

export interface CompletionQuery {
  filter: string;
  /** Where the caret stands, in UTF-16 code units; at the end where it is absent. */
  position?: number | undefined;
  projectId?: number | undefined;
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

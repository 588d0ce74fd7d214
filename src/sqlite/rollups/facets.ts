/**
 * What traces can be asked for without a look at their rows. A facet's value is the id of a name, or
 * for what lists are sorted by a number; -1 stands for an unknown number, behind all others.
 */

/** By their number in the database: only ever append. */
export const facetFields = [
  "agent",
  "workflow",
  "run",
  "session",
  "customer",
  "model",
  "tool",
  "provider",
  "source",
  /** `error` or `aborted`; most traces are neither and have none. */
  "status",
  /** In ms. */
  "duration",
  /** In pico-dollars, as a float where an integer does not hold it. */
  "cost",
  "tokens",
  "errors",
  /** The number of the step that settled the trace: what has changed since a step has a greater, or none. */
  "settled",
  /** 1 where the trace has only runtime spans, else 0: both are asked for. */
  "internal",
] as const;

export type FacetField = (typeof facetFields)[number];

export const facetNumber = (field: FacetField): number => facetFields.indexOf(field);

/** Which spans are internal, by the words of the rule: every span against every other one. */
export interface ModelSpan {
  spanId: string;
  parentSpanId?: string | null | undefined;
  spanType: string;
}

/** @param isRuntime whether a span may be internal. @returns the ids of those that are. */
export function internalIn<S extends ModelSpan>(
  spans: readonly S[],
  isRuntime: (span: S) => boolean,
): string[] {
  const find = (id: string | null | undefined) => spans.find(({ spanId }) => spanId === id);
  const isAbove = (span: S, other: S) => {
    const seen = new Set<S>();
    for (let at = find(other.parentSpanId); at && !seen.has(at); at = find(at.parentSpanId)) {
      if (at === span) return true;
      seen.add(at);
    }
    return false;
  };
  if (!spans.some(({ spanType }) => spanType !== "other")) return [];
  return spans
    .filter((span) => isRuntime(span) && find(span.parentSpanId))
    .filter((span) => !spans.some((other) => !isRuntime(other) && isAbove(span, other)))
    .map(({ spanId }) => spanId);
}

/** Trees of spans that are written down, for tests. */
import { mark, type Outline } from "../../src/query/outline.ts";
import { arrange, type TreeSpans } from "../../src/tally/tree.ts";

export interface TreeSpan {
  /** From 0 on. */
  key: number;
  spanId: string;
  parentSpanId: string | null;
  startTime: number;
}

export interface TreePlace<S> {
  span: S;
  depth: number;
  childCount: number;
  isOrphan: boolean;
  isCycle: boolean;
}

/** What the order follows from, as columns. */
export function treeSpansOf(spans: readonly TreeSpan[]): TreeSpans {
  const numbers = new Map(spans.map(({ spanId, key }) => [spanId, key]));
  const byStart = Int32Array.from(
    spans.toSorted((a, b) => a.startTime - b.startTime || a.key - b.key).map(({ key }) => key),
  );
  const parents = new Int32Array(spans.length).fill(-1);
  for (const { key, parentSpanId } of spans) {
    if (parentSpanId !== null) parents[key] = numbers.get(parentSpanId) ?? -1;
  }
  return { byStart, parents };
}

export function treeOf<S extends TreeSpan>(spans: readonly S[]) {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const byKey = new Map(spans.map((span) => [span.key, span]));
  const { byStart, parents } = treeSpansOf(spans);
  const tree = arrange({ byStart, parents });
  const places = Array.from(tree.numbers, (number, row): TreePlace<S> => {
    const span = byKey.get(number)!;
    return {
      span,
      depth: tree.depths[row]!,
      childCount: tree.childCounts[row]!,
      isOrphan: span.parentSpanId !== null && !ids.has(span.parentSpanId),
      isCycle: tree.cycles[row] === 1,
    };
  });
  const marks = tree.cycles.map((isCycle) => isCycle * mark.cycle);
  const outline = { ...tree, count: spans.length, marks, byStart } satisfies Partial<Outline>;
  return { places, outline };
}

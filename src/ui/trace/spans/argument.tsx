/** The second cell of a row: what distinguishes a span from others with its name, and its error. */
import type { ReactNode } from "react";
import type { SpanRow, SpanTable } from "../../data/span-table.ts";
import { count as countText, plural } from "../../format.ts";
import { kindWords, type Kind } from "../../parts/status-mark.tsx";
import { visible } from "../../parts/visible.ts";
import { skewOf } from "../clock-skew.ts";
import type { Gist } from "./gists.ts";
import { nameOf } from "./name.tsx";

export function ArgumentCell({
  table,
  span,
  gist,
}: {
  table: SpanTable;
  span: SpanRow;
  /** Undefined while loading. */
  gist: Gist | undefined;
}) {
  const failure = span.status === "error" ? span.errorMessage : null;
  const odd = oddityOf(table, span);
  return (
    <>
      {saidOf(table, span, gist)}
      {odd !== null && <span className="spans-said lost-text">{odd}</span>}
      {failure !== null && (
        <span className="spans-failure" title={failure}>
          {visible(failure.split("\n", 1)[0]!)}
        </span>
      )}
    </>
  );
}

function saidOf(table: SpanTable, span: SpanRow, gist: Gist | undefined): ReactNode {
  const text = gist?.text ?? null;
  const { kind, modelId } = span;
  if (kind === "llm") {
    const model = modelId !== null && modelId !== modelOf(table) ? modelId : null;
    if (text === null && model === null) return null;
    return (
      <span className="spans-said" title={text ?? undefined}>
        {model !== null && <span className="muted">{model} </span>}
        {gist?.isCall && "calls "}
        {gist?.isCall ? <span className="spans-code">{visible(text!)}</span> : visible(text ?? "")}
      </span>
    );
  }
  if (kind === "embedding") return modelId && <span className="spans-argument">{modelId}</span>;
  if (kind === "agent") {
    const said = text ?? taskOf(table, span);
    return (
      said !== null && (
        <span className="spans-said" title={said}>
          {visible(said)}
        </span>
      )
    );
  }
  return (
    text !== null && (
      <span className="spans-argument" title={text}>
        {visible(text)}
      </span>
    )
  );
}

/** For the outermost agent the trace's input, if its own span has none. */
function taskOf({ trace }: SpanTable, { depth, name }: SpanRow): string | null {
  if (depth > 0) return null;
  return [trace.inputPreview, trace.traceName].find((text) => text && text !== name) ?? null;
}

const models = new WeakMap<SpanTable, string | null>();

/** The model of most calls. */
function modelOf(table: SpanTable): string | null {
  let model = models.get(table);
  if (model !== undefined) return model;
  const { count, columns } = table;
  const llm = columns.spanType.values.indexOf("llm");
  const counts = new Int32Array(columns.modelId.values.length);
  for (let row = 0; row < count; row++) {
    if (columns.spanType.rows[row] === llm) counts[columns.modelId.rows[row]!]!++;
  }
  model = columns.modelId.values[counts.indexOf(Math.max(...counts))] ?? null;
  models.set(table, model);
  return model;
}

/** A short note on an unusual place in the trace, such as a missing parent. */
function oddityOf(table: SpanTable, span: SpanRow): string | null {
  const { kind, parent, missingParent, isCycle, repeats } = span;
  if (isCycle) return "its own ancestor";
  if (missingParent !== null) return `its parent ${missingParent} was not received`;
  if (repeats !== null) {
    return `same ${kind === "tool" ? "run" : "call"} as ${nameOf(table.span(repeats))}`;
  }
  return parent === null || parent >= span.row ? null : skewOf(span, table.span(parent));
}

/** The names of the spans in a fold of internal spans, most frequent first. */
export function InternalNames({ table, rows }: { table: SpanTable; rows: Int32Array }) {
  const { ends, columns, isInternal } = table;
  const counts = new Map<number, number>();
  for (const from of rows) {
    for (let row = from; row < ends[from]!; row++) {
      if (isInternal[row] === 0) continue;
      const name = columns.name.rows[row]!;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return <span className="spans-said">{namesText(counts, columns.name.values)}</span>;
}

const maxNames = 12;

function namesText(counts: ReadonlyMap<number, number>, names: readonly (string | null)[]): string {
  const most = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const others = most.length - maxNames;
  return [
    ...most
      .slice(0, maxNames)
      .map(([name, times]) => `${names[name]}${times > 1 ? ` ×${countText(times)}` : ""}`),
    ...(others > 0 ? [plural(others, "more name")] : []),
  ].join(", ");
}

const order: readonly Kind[] = ["agent", "llm", "tool", "embedding", "other"];

/**
 * The kinds of spans that have no place in a sort order. @param holds the name of the selected one among
 * them.
 */
export function RestKinds({
  table: { columns },
  rows,
  holds,
}: {
  table: SpanTable;
  rows: Int32Array;
  holds: string | null;
}) {
  const counts = new Int32Array(columns.spanType.values.length);
  for (const row of rows) counts[columns.spanType.rows[row]!]!++;
  const kinds = order.flatMap((kind) => {
    const count = counts[columns.spanType.values.indexOf(kind)] ?? 0;
    return count === 0 ? [] : [plural(count, kindWords[kind], manyOf(kind))];
  });
  return (
    <span className="spans-said">
      {holds !== null && <span className="muted">holds the selected {holds}, </span>}
      {kinds.join(", ")}
    </span>
  );
}

const manyOf = (kind: Kind) => (kind === "other" ? "others" : `${kindWords[kind]}s`);

/** Outcomes as a table, and below it what is wrong, line by line. */
import Table from "cli-table3";
import { columns } from "./check.ts";
import type { Outcome } from "./run.ts";

/** `ok`, or how much is wrong. */
export function verdictOf({ failure, findings }: Outcome): string {
  if (failure) return failure;
  const wrong = columns.filter((column) => findings[column]?.length);
  return wrong.length === 0 ? "ok" : `wrong: ${wrong.join(", ")}`;
}

function cells({ emitter, failure, spanCount, findings }: Outcome): string[] {
  const { name, version, protocol } = emitter;
  const marks = columns.map((column) => {
    const problems = findings[column];
    return failure || problems === undefined ? "–" : problems.length === 0 ? "✓" : "✗";
  });
  const isOk = verdictOf({ emitter, spanCount, findings, requests: [] }) === "ok" && !failure;
  return [name, version, protocol, String(spanCount), ...marks, isOk ? "ok" : "wrong"];
}

export function toTable(outcomes: Outcome[]): string {
  const table = new Table({
    head: ["emitter", "version", "protocol", "spans", ...columns, ""],
    style: { head: [], border: [], compact: true },
  });
  table.push(...outcomes.map(cells));
  const problems = outcomes.flatMap(({ emitter, failure, findings }) => [
    ...(failure ? [`${emitter.name}: ${failure}`] : []),
    ...columns.flatMap((column) =>
      (findings[column] ?? []).map((problem) => `${emitter.name}, ${column}: ${problem}`),
    ),
  ]);
  const ok = outcomes.filter((outcome) => verdictOf(outcome) === "ok").length;
  const end = `${outcomes.length} emitters: ${ok} ok, ${outcomes.length - ok} wrong`;
  return [table.toString(), ...problems, end].join("\n");
}

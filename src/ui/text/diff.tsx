/** A text diff: removed and added lines, and the changed words within a changed line. */
import { diffLines, diffWordsWithSpace } from "diff";
import { useMemo, useState, type ReactNode } from "react";
import { plural } from "../format.ts";
import { visible } from "../parts/visible.ts";

/** Only this much of longer texts is compared. */
const comparedLength = 100_000;
/**
 * The most changed lines; the work grows with their square. Texts with more changes are shown as replaced.
 */
const maxChanges = 1_000;
/** The number of unchanged lines shown around a change. */
const context = 3;

type Line = { sign: " " | "+" | "-"; text: ReactNode };

export function Diff({ before, after }: { before: string; after: string }) {
  const [isWhole, setWhole] = useState(false);
  const lines = useMemo(() => linesOf(before, after), [before, after]);
  const shown = isWhole ? lines : aroundChanges(lines);
  const isCut = Math.max(before.length, after.length) > comparedLength;
  return (
    <div className="text-code-box">
      <pre className="text-code">
        {shown.map((line, i) =>
          typeof line === "number" ? (
            <button key={i} type="button" className="text-skipped" onClick={() => setWhole(true)}>
              {plural(line, "unchanged line")}
            </button>
          ) : (
            <span
              key={i}
              className={{ " ": "text-same", "+": "text-added", "-": "text-removed" }[line.sign]}
            >
              {line.text}
            </span>
          ),
        )}
      </pre>
      {isCut && (
        <p className="note">The first {plural(comparedLength, "character")} are compared.</p>
      )}
    </div>
  );
}

function linesOf(before: string, after: string): Line[] {
  const [old, young] = [comparedOf(before), comparedOf(after)];
  const changes = diffLines(old, young, { maxEditLength: maxChanges }) ?? [
    { value: old, removed: true, added: false },
    { value: young, removed: false, added: true },
  ];
  const lines: Line[] = [];
  for (let i = 0; i < changes.length; i++) {
    const { value, added, removed } = changes[i]!;
    const next = changes[i + 1];
    // If one line replaced another, their words are compared.
    if (removed && next?.added && isOneLine(value) && isOneLine(next.value)) {
      lines.push(...changedLine(value, next.value));
      i++;
      continue;
    }
    const sign = added ? "+" : removed ? "-" : " ";
    for (const text of value.replace(/\n$/, "").split("\n")) lines.push({ sign, text });
  }
  return lines;
}

function comparedOf(text: string): string {
  return visible(text.slice(0, comparedLength));
}

function isOneLine(text: string): boolean {
  return text.length < 2_000 && !text.replace(/\n$/, "").includes("\n");
}

function changedLine(before: string, after: string): Line[] {
  const words = diffWordsWithSpace(before.replace(/\n$/, ""), after.replace(/\n$/, ""));
  const side = (sign: "+" | "-"): Line => ({
    sign,
    text: words
      .filter(({ added, removed }) => (sign === "+" ? !removed : !added))
      .map(({ value, added, removed }, i) =>
        added || removed ? <b key={i}>{value}</b> : <span key={i}>{value}</span>,
      ),
  });
  return [side("-"), side("+")];
}

/** Replaces unchanged lines far from a change by their number. */
function aroundChanges(lines: readonly Line[]): (Line | number)[] {
  const isNear = lines.map((_, i) =>
    lines.slice(Math.max(0, i - context), i + context + 1).some(({ sign }) => sign !== " "),
  );
  const shown: (Line | number)[] = [];
  lines.forEach((line, i) => {
    const last = shown.at(-1);
    if (isNear[i]) shown.push(line);
    else if (typeof last === "number") shown[shown.length - 1] = last + 1;
    else shown.push(1);
  });
  return shown;
}

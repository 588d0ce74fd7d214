/** A text diff computed by the server: removed and added words, with unchanged parts folded. */
import type { TextDiff } from "../../query/textdiff.ts";
import { count, plural } from "../format.ts";
import type { DiffView } from "./diffviews.tsx";
import { visible } from "./visible.ts";
import "./worddiff.css";

type Part = TextDiff["parts"][number];

export interface WordDiffProps {
  diff: TextDiff;
  view: DiffView;
  isCode?: boolean;
}

export function WordDiff({ diff, view, isCode = false }: WordDiffProps) {
  const { parts, unit, isEqual, isCut, lengthA, lengthB } = diff;
  if (lengthA === null && lengthB === null) return <p className="note">Neither has any.</p>;
  if (isEqual) {
    return <p className="note">Unchanged, {plural(lengthA ?? 0, "character")}.</p>;
  }
  // Until the line diff is loaded, the word diff stays visible.
  const isLines = view === "lines" && unit === "lines";
  const className = `worddiff-text ${isCode ? "mono is-code" : ""} ${isLines ? "is-lines" : ""}`;
  const side = (left: boolean) => parts.filter(({ change }) => change !== missing(left));
  return (
    <div className="worddiff">
      {view === "sides" ? (
        <div className="worddiff-sides">
          {[true, false].map((left) => (
            <div key={String(left)} className={className}>
              {(left ? lengthA : lengthB) === null ? (
                <span className="dim">none</span>
              ) : (
                <Parts parts={side(left)} unit={unit} isLines={false} />
              )}
            </div>
          ))}
        </div>
      ) : (
        <div className={className}>
          <Parts parts={parts} unit={unit} isLines={isLines} />
        </div>
      )}
      {unit === "lines" && view !== "lines" && (
        <p className="note">A long text: compared by lines, not by words.</p>
      )}
      {isCut && <p className="note">Only the beginnings of these texts are compared.</p>}
    </div>
  );
}

const missing = (left: boolean): Part["change"] => (left ? "onlyB" : "onlyA");

/** In a longer run of changed lines only the first is marked, since each mark is a DOM element. */
const markedLines = 2_000;

/** @param isLines puts a mark before each line. */
function Parts({
  parts,
  unit,
  isLines,
}: {
  parts: readonly Part[];
  unit: TextDiff["unit"];
  isLines: boolean;
}) {
  return parts.map((part, i) => {
    if ("count" in part) {
      return (
        <span key={i} className="worddiff-fold">
          {plural(part.count, unit === "words" ? "word" : "line")} unchanged
        </span>
      );
    }
    const text = visible(part.text);
    if (part.change === "same") return <span key={i}>{text}</span>;
    const Change = part.change === "onlyA" ? "del" : "ins";
    const lines = isLines ? (text.match(/[^\n]*\n|[^\n]+/g) ?? []) : [];
    if (lines.length <= 1 || lines.length > markedLines) return <Change key={i}>{text}</Change>;
    return lines.map((line, at) => <Change key={`${i}.${at}`}>{line}</Change>);
  });
}

/** How many words or lines were removed and added. */
export function ChangeCounts({ diff: { parts, unit } }: { diff: TextDiff }) {
  const sum = (change: Part["change"]) =>
    parts.reduce((total, part) => {
      if (!("text" in part) || part.change !== change) return total;
      const pieces = unit === "words" ? /[\p{L}\p{N}_]+/gu : /[^\n]*\n|[^\n]+/g;
      return total + (part.text.match(pieces)?.length ?? 0);
    }, 0);
  const [added, removed] = [sum("onlyB"), sum("onlyA")];
  if (added + removed === 0) return null;
  return (
    <span className="worddiff worddiff-counts" title={`${unit} that came and went`}>
      {added > 0 && <ins>+{count(added)}</ins>}
      {removed > 0 && <del>−{count(removed)}</del>}
      <span className="dim">{unit}</span>
    </span>
  );
}

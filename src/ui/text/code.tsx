/** Code and other preformatted text, line by line. */
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState, type ReactNode } from "react";
import { bytes, plural, textOf } from "../format.ts";
import { visible } from "../parts/visible.ts";
import type { Token } from "./highlight.ts";
import { useSearchMatch } from "./search-words.ts";

export interface CodeProps {
  text: string;
  /** A language name as in Markdown fences; plain if absent. */
  language?: string | undefined;
  /** Shows this many lines and a button for the rest. */
  maxLines?: number;
}

const lineHeight = 18;
/** Longer texts are not highlighted, because it would cause a noticeable delay. */
const colouredLength = 16_000;
/** Longer texts are rendered as a virtual list. */
const wholeLines = 400;
/** Longer lines are clipped, because their layout takes long. */
const lineLength = 20_000;

export function Code({ text, language, maxLines }: CodeProps) {
  const [isWhole, setWhole] = useState(false);
  const lines = useMemo(() => text.replace(/\r?\n$/, "").split(/\r?\n/), [text]);
  const isSought = useSearchMatch();
  const isLong = maxLines !== undefined && lines.length > maxLines + 1;
  const isCut = isLong && !isWhole && !isSought(lines.slice(maxLines).join("\n"));
  const shown = isCut ? lines.slice(0, maxLines) : lines;
  return (
    <div className="text-code-box">
      {shown.length > wholeLines ? (
        <LongCode lines={shown} />
      ) : (
        <pre className="text-code">
          <Coloured text={shown.map(shownLine).join("\n")} language={language} />
        </pre>
      )}
      {isCut && (
        <button type="button" className="text-more" onClick={() => setWhole(true)}>
          {plural(lines.length - shown.length, "more line")}
          <span className="grow" />
          {textOf(bytes(text.length))}
        </button>
      )}
    </div>
  );
}

function shownLine(line: string): string {
  return visible(line.length > lineLength ? `${line.slice(0, lineLength)}…` : line);
}

function LongCode({ lines }: { lines: readonly string[] }) {
  const pane = useRef<HTMLPreElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => pane.current,
    estimateSize: () => lineHeight,
    overscan: 20,
  });
  return (
    <pre className="text-code is-long" ref={pane} tabIndex={0}>
      <div style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => (
          <div key={index} style={{ transform: `translateY(${start}px)` }}>
            {shownLine(lines[index]!)}
          </div>
        ))}
      </div>
    </pre>
  );
}

function Coloured({ text, language }: { text: string; language: string | undefined }) {
  const isColoured = language !== undefined && text.length <= colouredLength;
  const { data } = useQuery({
    queryKey: ["highlight"],
    queryFn: () => import("./highlight.ts"),
    enabled: isColoured,
    staleTime: Infinity,
    // Comparing modules is useless.
    structuralSharing: false,
  });
  const tokens = useMemo(
    () => (isColoured && data ? data.tokensOf(text, language.toLowerCase()) : null),
    [isColoured, data, text, language],
  );
  return tokens ? tokens.map(toElement) : text;
}

function toElement({ text, className }: Token, i: number): ReactNode {
  return className === "" ? (
    text
  ) : (
    <span key={i} className={className}>
      {text}
    </span>
  );
}

/** A tool call and its result as one card. */
import { useId, useState, type ReactNode } from "react";
import { isObject, parseJson } from "../../messages/json.ts";
import type { ToolResult } from "../../messages/model.ts";
import { Duration } from "../parts/figure.tsx";
import { Icon } from "../parts/icon.tsx";
import { KindMark, StatusBadge, type DisplayStatus } from "../parts/status-mark.tsx";
import { visible } from "../parts/visible.ts";
import { Code } from "./code.tsx";
import { Diff } from "./diff.tsx";
import { useSearchMatch } from "./search-words.ts";
import { TruncationNote, type Truncation } from "./truncated.tsx";

export interface ToolCardProps {
  name: string;
  /** The arguments as sent: JSON or plain text. */
  args: string | null;
  /** Set if the arguments are incomplete. */
  argsTruncation?: Truncation | undefined;
  result: ToolResult | null;
  displayStatus: DisplayStatus;
  durationMs: number | null;
  /** A remark on something unusual. */
  note?: string | undefined;
  isSelected?: boolean;
  /** Selects the tool's span. */
  onSelect?: (() => void) | undefined;
  /** Media in the result. */
  children?: ReactNode;
}

const maxLines = 8;
/** How much of the arguments the card's heading uses. */
const summaryLength = 500;
/** How much of them is visible at least. */
const seenLength = 40;
const looks: Partial<Record<DisplayStatus, string>> = { error: "is-failed", lost: "is-lost" };

export function ToolCard({
  name,
  args,
  argsTruncation,
  result,
  displayStatus,
  durationMs,
  note,
  isSelected = false,
  onSelect,
  children,
}: ToolCardProps) {
  const [toggled, setToggled] = useState(false);
  const isSought = useSearchMatch();
  const id = useId();
  const { summary, edit } = readArgs(args);
  const isHidden = args !== null && isSought(args) && !isSought(summary.slice(0, seenLength));
  const isOpen = toggled !== isHidden;
  const hasMore = args !== null && args !== summary && args.length > 0;
  return (
    <div className={`text-tool ${looks[displayStatus] ?? ""} ${isSelected ? "is-selected" : ""}`}>
      <header onClick={onSelect}>
        <KindMark kind="tool" />
        {onSelect ? (
          <button type="button" className="text-tool-name" title="Show its span">
            {visible(name)}
          </button>
        ) : (
          <span className="text-tool-name">{visible(name)}</span>
        )}
        <span className="text-tool-args truncated">{visible(summary.slice(0, summaryLength))}</span>
        {displayStatus !== "ok" && (
          <StatusBadge displayStatus={displayStatus}>
            {displayStatus === "lost" ? note : undefined}
          </StatusBadge>
        )}
        {hasMore && (
          <button
            type="button"
            className="button is-quiet is-small is-square"
            aria-expanded={isOpen}
            aria-controls={isOpen ? id : undefined}
            aria-label="Arguments"
            title="Arguments"
            onClick={(event) => {
              event.stopPropagation();
              setToggled(!toggled);
            }}
          >
            <Icon name={isOpen ? "down" : "right"} size="xs" />
          </button>
        )}
        <span className="number">{durationMs !== null && <Duration ms={durationMs} />}</span>
      </header>
      {isOpen && args !== null && (
        <div id={id}>
          <Code text={pretty(args)} language="json" maxLines={40} />
        </div>
      )}
      {argsTruncation && (isOpen || argsTruncation.cut) && (
        <TruncationNote of={argsTruncation} where="its span has" />
      )}
      {!isOpen && edit && <Diff {...edit} />}
      {result && result.text !== "" && (
        <Code text={result.text} language={languageOf(result.text)} maxLines={maxLines} />
      )}
      {result && <TruncationNote of={result} where="its span has" />}
      {children && <div className="text-tool-media">{children}</div>}
      {note && displayStatus !== "lost" && (
        <p className={displayStatus === "error" ? "note error-text" : "note"}>{note}</p>
      )}
    </div>
  );
}

/** The arguments as one line, and whether they are an edit of a text. */
function readArgs(args: string | null): {
  summary: string;
  edit: { before: string; after: string } | null;
} {
  const none = { summary: args ?? "", edit: null };
  if (args === null || args.length > 20_000) return none;
  const value = parseJson(args);
  if (typeof value === "string") return { summary: value, edit: null };
  if (!isObject(value)) return none;
  const fields = Object.entries(value);
  const before = fields.find(([key]) => /^old(_?(str|string|text))?$/i.test(key))?.[1];
  const after = fields.find(([key]) => /^new(_?(str|string|text))?$/i.test(key))?.[1];
  const isEdit = typeof before === "string" && typeof after === "string";
  const told = fields.filter(([, each]) => !isEdit || (each !== before && each !== after));
  const texts = told.map(([key, each]) => {
    const text = typeof each === "string" ? each : JSON.stringify(each);
    return told.length === 1 ? text : `${key} ${text}`;
  });
  return {
    summary: texts.join("  ").replaceAll(/\s+/g, " "),
    edit: isEdit ? { before, after } : null,
  };
}

/** Numbers keep all their digits. */
function pretty(args: string): string {
  return JSON.stringify(parseJson(args), null, 2) ?? args;
}

/** Detects only obvious languages: a wrong guess would look worse than no colours. */
function languageOf(text: string): string | undefined {
  if (/^(diff --git |--- .*\n\+\+\+ |@@ )/m.test(text)) return "diff";
  return /^\s*[{[]/.test(text) && /[}\]]\s*$/.test(text) ? "json" : undefined;
}

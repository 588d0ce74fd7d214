/** A JSON tree: parses only what is opened, and renders only the visible lines. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { bytes, textOf } from "../format.ts";
import { CopyButton } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { visible } from "../parts/visible.ts";
import { Code } from "./code.tsx";
import { DataBadge } from "./data-badge.tsx";
import { childrenOf, rootOf, stringAt } from "./json-index.ts";
import { rowsOf, type JsonRow, type Opened } from "./json-rows.ts";

const rowHeight = 20;
/** Longer strings are clipped in their line and expand below it. */
const clippedLength = 2_048;
const shownInLine = 300;

/** @param props.levels how many levels are open at first. */
export function JsonTree(props: ({ text: string } | { value: unknown }) & { levels?: number }) {
  const given = "text" in props ? props.text : props.value;
  const text = useMemo(
    () => (typeof given === "string" ? given : (JSON.stringify(given, null, 1) ?? "null")),
    [given],
  );
  const first = text[rootOf(text)];
  if ("text" in props && first !== "{" && first !== "[") return <Code text={text} />;
  return <Tree text={text} levels={props.levels ?? 1} />;
}

function Tree({ text, levels }: { text: string; levels: number }) {
  const [isOpen, setOpen] = useState<Opened["isOpen"]>(new Map());
  const [pages, setPages] = useState<Opened["pages"]>(new Map());
  const [parsed, setParsed] = useState<Opened["parsed"]>(new Set());
  const [selected, setSelected] = useState(0);
  const rows = useMemo(
    () => rowsOf(text, { isOpen, pages, parsed, levels }),
    [text, isOpen, pages, parsed, levels],
  );
  const pane = useRef<HTMLDivElement>(null);
  const id = useId();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => pane.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  });

  function toggle(row: JsonRow): void {
    if (row.moreOf !== null) {
      setPages(new Map(pages).set(row.moreOf, (pages.get(row.moreOf) ?? 1) + 1));
    } else if (row.kind === "object" || row.kind === "array" || parsed.has(row.id)) {
      setOpen(new Map(isOpen).set(row.id, !row.isOpen));
    } else if (holdsJson(row)) {
      setParsed(new Set(parsed).add(row.id));
      setOpen(new Map(isOpen).set(row.id, true));
    }
  }
  function move(to: number): void {
    const next = Math.min(rows.length - 1, Math.max(0, to));
    setSelected(next);
    virtual.scrollToIndex(next, { align: "auto" });
  }
  function onKeyDown(event: KeyboardEvent): void {
    const row = rows[selected];
    if (!row) return;
    const parent = rows.findLastIndex(({ depth }, i) => i < selected && depth < row.depth);
    const actions: Record<string, () => void> = {
      ArrowDown: () => move(selected + 1),
      ArrowUp: () => move(selected - 1),
      ArrowRight: () => (row.isOpen ? move(selected + 1) : toggle(row)),
      ArrowLeft: () => (row.isOpen ? toggle(row) : move(parent)),
      Enter: () => toggle(row),
      Home: () => move(0),
      End: () => move(rows.length - 1),
    };
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey) return;
    action();
    event.preventDefault();
  }
  return (
    <div
      className="text-json"
      role="tree"
      aria-label="JSON"
      aria-activedescendant={`${id}-${selected}`}
      tabIndex={0}
      ref={pane}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index]!;
          return (
            <div
              key={row.id}
              id={`${id}-${index}`}
              role="treeitem"
              aria-level={row.depth + 1}
              aria-expanded={canOpen(row) ? row.isOpen : undefined}
              aria-selected={index === selected}
              className={index === selected ? "text-json-row is-selected" : "text-json-row"}
              style={{ transform: `translateY(${start}px)`, paddingLeft: 8 + row.depth * 14 }}
              onClick={() => {
                setSelected(index);
                toggle(row);
              }}
            >
              <Line row={row} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function canOpen({ kind, moreOf }: JsonRow): boolean {
  return moreOf === null && (kind === "object" || kind === "array");
}

function holdsJson({ kind, source, start, end }: JsonRow): boolean {
  return (
    kind === "string" && end - start > 2 && /^"\s*[{[]/.test(source.text.slice(start, start + 20))
  );
}

function Line({ row }: { row: JsonRow }) {
  const { source, key, kind, start, end, isOpen, moreOf, path } = row;
  if (moreOf !== null) return <span className="link">more …</span>;
  return (
    <>
      <span className="text-json-toggle">
        {canOpen(row) && <Icon name={isOpen ? "down" : "right"} size="xs" />}
      </span>
      {key !== null && <span className="text-json-key">{visible(key)}: </span>}
      {kind === "object" || kind === "array" ? (
        <span className="dim">{sizeOf(row)}</span>
      ) : kind === "string" ? (
        <Text
          text={stringAt(source.text, start, Math.min(end, start + clippedLength))}
          length={end - start - 2}
          read={() => stringAt(source.text, start, end)}
        />
      ) : (
        <span className="text-token-number">
          {visible(source.text.slice(start, Math.min(end, start + shownInLine)))}
        </span>
      )}
      {holdsJson(row) && !isOpen && <span className="badge is-outlined">parse</span>}
      <span className="text-json-copy">
        <CopyButton
          text={() =>
            kind === "string" ? stringAt(source.text, start, end) : source.text.slice(start, end)
          }
          label="Copy the value"
        />
        <CopyButton text={path} label={`Copy the path ${path}`} />
      </span>
    </>
  );
}

/** `{3}`, `[128]`, `[100+] 41 KB`. */
function sizeOf({ source, kind, start, end }: JsonRow): string {
  const [open, close] = kind === "object" ? "{}" : "[]";
  if (end - start > 1_000_000) return `${open}…${close}  ${textOf(bytes(end - start))}`;
  const { items, next } = childrenOf(source.text, start, null, 100);
  const size = end - start > 1_000 ? `  ${textOf(bytes(end - start))}` : "";
  return `${open}${items.length}${next === null ? "" : "+"}${close}${size}`;
}

const base64 = /^(?:data:([\w.+/-]+);base64,)?[A-Za-z0-9+/=]{200,}$/;

function Text({ text, length, read }: { text: string; length: number; read: () => string }) {
  const data = length > 200 ? base64.exec(text.slice(0, clippedLength - 2)) : null;
  if (data) {
    return <DataBadge mime={data[1] ?? null} size={Math.round(length * 0.75)} read={read} />;
  }
  const shown = visible(text.slice(0, shownInLine)).replaceAll("\n", "↵");
  return (
    <span
      className="text-token-string truncated"
      title={length > shownInLine ? `${length} characters` : undefined}
    >
      "{shown}
      {length > shownInLine ? "…" : ""}"
    </span>
  );
}

/** A session as a conversation: its turns in order, scrolled to the newest. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";
import type { Summary } from "../../backend/views.ts";
import { Turn } from "./turn.tsx";

const guessedHeight = 320;

export interface ConversationProps {
  turns: readonly Summary[];
  hasMore: boolean;
  readMore: () => void;
  /** The number of the selected turn, from 1. */
  selected: number | null;
  pane: RefObject<HTMLElement | null>;
}

export function Conversation({ turns, hasMore, readMore, selected, pane }: ConversationProps) {
  const virtual = useVirtualizer({
    count: turns.length,
    getScrollElement: () => pane.current,
    estimateSize: () => guessedHeight,
    getItemKey: (index) => turns[index]!.key,
    overscan: 2,
  });
  const jumped = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (selected === null || jumped.current === selected || turns.length < selected) return;
    jumped.current = selected;
    virtual.scrollToIndex(selected - 1, { align: "start" });
  }, [virtual, selected, turns.length]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last > turns.length - 10) readMore();
  }, [hasMore, last, turns.length, readMore]);
  return (
    <div className="sessions-conversation" style={{ height: virtual.getTotalSize() }}>
      {items.map(({ index, start, key }) => (
        <div
          key={key}
          data-index={index}
          ref={virtual.measureElement}
          className="sessions-conversation-turn"
          style={{ transform: `translateY(${start}px)` }}
        >
          <Turn trace={turns[index]!} number={index + 1} isSelected={selected === index + 1} />
        </div>
      ))}
    </div>
  );
}

/** Estimates the height of an item before it is rendered, so that the scrollbar moves little. */
import type { Message } from "../../messages/model.ts";
import type { Item } from "./items.ts";

const head = 40;
const line = 20;
const charsInLine = 95;
const block = 14;
/** The most lines of a tool's card, including its heading. */
const cardLines = 9;
const cardHead = 40;
const codeLine = 18;

export function estimateHeight(item: Item): number {
  switch (item.type) {
    case "group":
      return 28;
    case "tools":
      return item.entries.length * (cardHead + 2 * codeLine);
    case "agent":
    case "rules":
      return heightOf([...item.entry.input, ...item.entry.output]);
    case "step": {
      const { input, output, calls } = item.entry;
      const cards = calls.reduce(
        (sum, { result }) =>
          sum + cardHead + codeLine * (result ? Math.min(cardLines, linesIn(result.text)) : 0),
        0,
      );
      return head + heightOf([...input, ...output]) + cards;
    }
  }
}

function heightOf(messages: readonly Message[]): number {
  let height = 0;
  for (const { role, parts } of messages) {
    for (const part of parts) {
      if (part.type === "text" && role !== "system")
        height += block + line * Math.min(24, linesIn(part.text));
      else if (part.type !== "toolCall" && part.type !== "toolResult") height += 24;
    }
  }
  return height;
}

function linesIn(text: string): number {
  return Math.ceil(text.length / charsInLine);
}

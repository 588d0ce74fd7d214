/** Compares two message histories. */
import type { Message } from "../../messages/model.ts";
import { textOf } from "./items.ts";

export interface HistoryDiff {
  /** The index of the first message that differs. */
  from: number;
  /** How many messages of the earlier history were changed or removed. */
  messages: number;
  before: string;
  after: string;
  /** The change in text length. */
  delta: number;
}

/** The difference between two histories, without the messages both begin with and both end with. */
export function diffHistories(before: readonly Message[], after: readonly Message[]): HistoryDiff {
  const was = before.map((message) => JSON.stringify(message));
  const is = after.map((message) => JSON.stringify(message));
  let from = 0;
  while (from < was.length && was[from] === is[from]) from++;
  // The later history can continue after the common end.
  let endBefore = was.length;
  let endAfter = is.lastIndexOf(was.at(-1) ?? "", is.length) + 1;
  if (endAfter <= from) endAfter = is.length;
  while (endBefore > from && endAfter > from && was[endBefore - 1] === is[endAfter - 1]) {
    endBefore--;
    endAfter--;
  }
  const write = (messages: readonly Message[]) =>
    messages.map((message) => `${message.role}\n${textOf(message)}`).join("\n\n");
  const texts = {
    before: write(before.slice(from, endBefore)),
    after: write(after.slice(from, endAfter)),
  };
  const delta = texts.after.length - texts.before.length;
  return { from, messages: Math.max(1, endBefore - from), ...texts, delta };
}

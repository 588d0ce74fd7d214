/** Where two histories differ. */
import type { Message } from "../../messages/model.ts";
import { textOf } from "./items.ts";

export interface Changed {
  /** The first message that differs, from 0. */
  from: number;
  /** So many of the earlier ones are not as they were. */
  messages: number;
  before: string;
  after: string;
  /** By how much the text grew. */
  delta: number;
}

/** What stands between the messages that both begin with and those that both go on with. */
export function changedTexts(before: readonly Message[], after: readonly Message[]): Changed {
  const was = before.map((message) => JSON.stringify(message));
  const is = after.map((message) => JSON.stringify(message));
  let from = 0;
  while (from < was.length && was[from] === is[from]) from++;
  // The present history may go on behind what both have.
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

/**
 * Shortens messages for an answer of bounded size: each part to what is read at a glance, and to ever less
 * as the whole grows, so that of a history of 5,000 messages each still shows its beginning.
 */
import { withCut } from "./cut.ts";
import { withMediaName } from "./media.ts";
import type { Message, Part } from "./model.ts";

export interface Clipper {
  /** What is left for further texts; 0 where it is used up. */
  readonly left: number;
  message(message: Message): Message;
  part<P extends Part>(part: P): P;
}

/** All in UTF-16 code units. @param least what a part shows although the whole is used up. */
export function createClipper(limits: { whole: number; part: number; least: number }): Clipper {
  let left = limits.whole;

  function part<P extends Part>(part: P): P {
    if (part.type === "media") return withMediaName(part);
    const whole = withCut(part);
    const most = Math.max(limits.least, Math.min(limits.part, left));
    const text = part.text.length <= most ? part.text : headOf(part.text, most);
    left = Math.max(0, left - text.length);
    return text === part.text ? whole : { ...whole, text, fullLength: part.text.length };
  }

  return {
    get left() {
      return left;
    },
    message: (message) => ({ ...message, parts: message.parts.map(part) }),
    part,
  };
}

/** The beginning of a text, never with half of a character. */
export function headOf(text: string, length: number): string {
  const isPair = /[\ud800-\udbff]/.test(text[length - 1]!);
  return text.slice(0, isPair ? length - 1 : length);
}

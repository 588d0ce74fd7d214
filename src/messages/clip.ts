/**
 * Shortens messages for an answer of bounded size: each part to a readable length, and further as the
 * total grows, so that even in a history of 5,000 messages each one shows its beginning.
 */
import { withCut } from "./cut.ts";
import { withMediaName } from "./media.ts";
import type { Message, Part } from "./model.ts";

export interface Clipper {
  /** How many code units are left for further texts. */
  readonly left: number;
  message(message: Message): Message;
  part<P extends Part>(part: P): P;
}

/**
 * All limits are in UTF-16 code units. @param least how much of a part is kept after the total is used up.
 */
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

/** The beginning of a text, never ending within a surrogate pair. */
export function headOf(text: string, length: number): string {
  const isPair = /[\ud800-\udbff]/.test(text[length - 1]!);
  return text.slice(0, isPair ? length - 1 : length);
}

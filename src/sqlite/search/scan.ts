/** Looks through the texts of one trace for words: what the index only suspects, this decides. */
import type { Hit } from "../../backend/search.ts";
import type { Token } from "../../backend/texts.ts";
import type { PayloadField } from "../../contract/fields.ts";
import { spanTypes } from "../../contract/v1.ts";
import { skipSpace } from "../../json/walk.ts";
import { elementsOf, membersOf, type Slice } from "../../messages/json.ts";
import { fromCell } from "../db/cells.ts";
import { isDamage } from "../db/trouble.ts";
import type { Source } from "../source.ts";
import { SeenTexts, type Text, type TraceRow, type TraceTexts } from "./texts.ts";
import { unitsOf, type Unit } from "./units.ts";
import { fold, hasAll, snippetOf, type Words } from "./words.ts";

/** Where a message stands. */
export interface Found {
  text: Text;
  unit: Unit;
}

export interface Scanner {
  /**
   * Each message of a trace by its number, and where it has the words.
   *
   * @param from skips so many.
   */
  scan(
    trace: TraceRow,
    words: Words,
    from: number,
  ): Generator<{ number: number; found: Found | null }>;
  /** The text of a piece, empty where it is damaged or gone. */
  read(token: Token): string;
  toHit(trace: TraceRow, found: Found, words: Words): Hit;
}

export function createScanner(source: Source, texts: TraceTexts): Scanner {
  const { payloads, names } = source;
  const selectProject = source.sqlite.query<{ name: string }, [number]>(
    "SELECT name FROM projects WHERE id = ?",
  );

  function read(token: Token): string {
    if (typeof token === "string") return token;
    try {
      return payloads.textOf([token]);
    } catch (cause) {
      if (isDamage(cause)) return "";
      throw cause;
    }
  }

  /** The number of the message in the list that the payload is, or that a member of it is. */
  function messageOf({ span, field, token, position }: Text, unit: Unit): number | null {
    if (position === null) return null;
    const payload = field as PayloadField;
    let tokens: Token[] | null = null;
    try {
      tokens = payloads.tokensOf(span.key, span.lists, payload);
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
    }
    // What a damaged text stands on does not count.
    if (!tokens || tokens[position] !== token) return null;
    const before = tokens.slice(0, position).map(read).join("");
    const text = before + tokens.slice(position).map(read).join("");
    const at = before.length + unit.start;
    const start = skipSpace(text, 0);
    const list = text[start] === "{" ? memberAt(text, start, at) : start;
    if (list === null || text[list] !== "[") return null;
    const index = elementsOf(text, list).found.findIndex(({ end }) => at < end);
    // The last of a text that is cut off is no whole element.
    return index < 0 ? elementsOf(text, list).found.length : index;
  }

  return {
    read,
    *scan(trace, words, from) {
      const seen = new SeenTexts();
      let number = 0;
      for (const text of texts.textsOf(trace)) {
        const isPayload = text.position !== null;
        const units = isPayload ? unitsOf(read(text.token)) : [plainUnit(text.token as string)];
        for (const unit of units) {
          // The same message in another frame.
          if (isPayload && !seen.add(unit.text)) continue;
          const isFound = number >= from && hasAll(fold(unit.text), words);
          if (number >= from) yield { number, found: isFound ? { text, unit } : null };
          number++;
        }
      }
    },
    toHit(trace, { text, unit }, words) {
      const { span, field } = text;
      const name = trace.traceName ?? trace.agentName;
      return {
        traceKey: trace.key,
        traceId: fromCell(trace.traceId),
        project: selectProject.get(trace.projectId)!.name,
        traceName: name === null ? null : fromCell(name),
        startTime: trace.startTime,
        spanKey: span.key,
        spanId: fromCell(span.spanId),
        spanName: names.nameOf(span.nameId),
        spanType: spanTypes[span.spanType]!,
        field,
        message: messageOf(text, unit),
        ...snippetOf(unit.text, words),
      };
    },
  };
}

function plainUnit(text: string): Unit {
  return { start: 0, end: text.length, text };
}

/** Where the value of the member begins that stands at a place of an object. */
function memberAt(text: string, start: number, at: number): number | null {
  const member: Slice | undefined = membersOf(text, start).found.find(
    ({ start, end }) => at >= start && at < end,
  );
  return member?.start ?? null;
}

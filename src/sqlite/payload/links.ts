/**
 * A list and those that it stands on. Whoever resolves lists walks them here, with one way to treat what is
 * damaged.
 */
import { DamagedText, type Token } from "../../backend/texts.ts";
import { payload as limits } from "../../limits.ts";
import { readList, type Entry } from "./lists.ts";

/** A list without its base. */
export interface Link {
  /** Which of its trace's lists it is. */
  id: string;
  /** How many tokens it takes of the list that comes next; 0 for the last one. */
  taken: number;
  tokens: Token[];
}

/**
 * The list, then the one that it stands on, and so on.
 *
 * @param entriesOf gives the lists of a span of the trace by its number.
 * @throws DamagedText where a list is not there, or where they stand on each other in a circle.
 */
export function* linksOf(
  traceKey: number,
  span: number,
  entry: number,
  entriesOf: (span: number) => readonly Entry[],
): Generator<Link> {
  for (let links = 0; links <= limits.chain; links++) {
    const list = entriesOf(span)[entry]?.list;
    if (!list || list.length === 0) {
      throw new DamagedText(`span ${span} of trace ${traceKey} has no list ${entry}`);
    }
    const { base, tokens } = readList(list, { span, traceKey });
    yield { id: `${span}.${entry}`, taken: base?.tokens ?? 0, tokens };
    if (!base) return;
    span = base.span;
    entry = base.entry;
  }
  throw new DamagedText(`a list of trace ${traceKey} stands on too many others`);
}

/** The tokens of a list. */
export function resolve(links: Iterable<Link>): Token[] {
  const parts: Token[][] = [];
  let wanted = Infinity;
  for (const { taken, tokens } of links) {
    parts.push(tokens.slice(0, Math.max(0, wanted - taken)));
    wanted = Math.min(wanted, taken);
  }
  return parts.reverse().flat();
}

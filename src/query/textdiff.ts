/** What became of a text: its words that went and came, of long texts its lines. */
import { Type, type Static } from "@sinclair/typebox";
import { described, nullable, oneOf } from "../schemas.ts";
import { align, createNumbers } from "./align.ts";

/** Longer texts are compared by their beginnings, in UTF-16 code units, and by lines. */
const maxLength = 1024 * 1024;
const maxWords = 20_000;
/** Words or lines that are kept around a change. */
const context = 8;

const units = ["words", "lines"] as const;
/** What is compared, where somebody asks for one of them. */
export const DiffUnit = Type.Optional(
  oneOf(units, "What is compared: words, unless a text is long"),
);

export const TextDiff = Type.Object({
  unit: oneOf(units, "What was compared: also the lines of long texts"),
  isEqual: Type.Boolean(),
  lengthA: nullable(Type.Integer(), "In UTF-16 code units, likewise lengthB; null: no such text"),
  lengthB: nullable(Type.Integer()),
  isCut: Type.Optional(
    Type.Literal(true, { description: `Only the first ${maxLength} are compared` }),
  ),
  parts: Type.Array(
    Type.Union([
      Type.Object({
        change: oneOf(["same", "onlyA", "onlyB"]),
        text: Type.String(),
      }),
      Type.Object({
        change: Type.Literal("folded"),
        count: described("So many words or lines that are the same are left out"),
      }),
    ]),
  ),
});

export type TextDiff = Static<typeof TextDiff>;

type Part = { change: "same" | "onlyA" | "onlyB"; pieces: string[] };

/** @param unit words unless a text is long; lines where these are asked for. */
export function diffTexts(
  a: string | null,
  b: string | null,
  unit: TextDiff["unit"] = "words",
): TextDiff {
  const [old, young] = [a, b].map((text) => (text ?? "").slice(0, maxLength)) as [string, string];
  const isCut = Math.max(a?.length ?? 0, b?.length ?? 0) > maxLength;
  const words = [wordsOf(old), wordsOf(young)] as const;
  const isLong = unit === "lines" || words.some(({ length }) => length > maxWords);
  const [piecesA, piecesB] = isLong ? [linesOf(old), linesOf(young)] : words;
  return {
    unit: isLong ? "lines" : "words",
    isEqual: a === b,
    lengthA: a?.length ?? null,
    lengthB: b?.length ?? null,
    ...(isCut && { isCut: true as const }),
    parts: fold(partsOf(piecesA, piecesB)),
  };
}

/** Words with the space behind them. */
function wordsOf(text: string): string[] {
  return text.match(/\s*[\p{L}\p{N}_]+\s*|\s*[^\p{L}\p{N}_\s]+\s*|\s+/gu) ?? [];
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

function partsOf(a: readonly string[], b: readonly string[]): Part[] {
  const numberOf = createNumbers();
  const [keysA, keysB] = [Int32Array.from(a, numberOf), Int32Array.from(b, numberOf)];
  const places = align({ keys: keysA, whole: keysA }, { keys: keysB, whole: keysB });
  const parts: Part[] = [];
  const add = (change: Part["change"], piece: string) => {
    const last = parts.at(-1);
    if (last?.change === change) last.pieces.push(piece);
    else parts.push({ change, pieces: [piece] });
  };
  let next = 0;
  // What went stands before what came in its place.
  const addOthersUntil = (end: number) => {
    for (; next < end; next++) add("onlyB", b[next]!);
  };
  a.forEach((piece, i) => {
    if (places[i]! < 0) return add("onlyA", piece);
    addOthersUntil(places[i]!);
    next++;
    add("same", piece);
  });
  addOthersUntil(b.length);
  return parts;
}

/** Leaves out what is the same and stands far from what is not. */
function fold(parts: readonly Part[]): TextDiff["parts"] {
  return parts.flatMap(({ change, pieces }, i): TextDiff["parts"] => {
    const whole = { change, text: pieces.join("") };
    const head = i === 0 ? 0 : context;
    const tail = i === parts.length - 1 ? 0 : context;
    const count = pieces.length - head - tail;
    if (change !== "same" || count <= context) return [whole];
    return [
      ...(head > 0 ? [{ change, text: pieces.slice(0, head).join("") }] : []),
      { change: "folded" as const, count },
      ...(tail > 0 ? [{ change, text: pieces.slice(-tail).join("") }] : []),
    ];
  });
}

/** Adds the texts of a trace to a file of the index, in short steps. */
import { spanKeyRange, traceKeyOf } from "../../tally/numbers.ts";
import { isDamage } from "../db/trouble.ts";
import type { Source } from "../source.ts";
import { looseKeyOf, type IndexFile } from "./file.ts";
import { limits } from "./limits.ts";
import { createMarks } from "./marks.ts";
import type { TraceRow, TraceTexts } from "./texts.ts";
import { decoded } from "./units.ts";
import { fold } from "./words.ts";

type Steps<T = void> = Generator<void, T>;

/**
 * @returns adds what is not there, and puts the names and ids into `before`, where those stand that are
 *   there. Its result is false where not all could be read.
 */
export function createTextAdder(
  source: Source,
  texts: TraceTexts,
  onDamage: (what: string) => void,
): (file: IndexFile, trace: TraceRow, before: Set<string>) => Steps<boolean> {
  const marks = createMarks(source.sqlite);

  function* addTextsOf(
    file: IndexFile,
    trace: TraceRow,
    before: Set<string>,
  ): Generator<void, boolean> {
    const { key } = trace;
    let isWhole = true;
    let pieces: number[] = [];
    let fresh: string[] = [];
    for (const { token, position } of texts.textsOf(trace, () => (isWhole = false))) {
      if (typeof token === "number") {
        pieces.push(token);
      } else {
        // As the scanner reads it: a name is a text as it is, whatever it looks like.
        const text = position === null ? token : decoded(token);
        if (before.has(text)) continue;
        if (before.size < limits.knownTexts) before.add(text);
        fresh.push(text);
      }
      if (pieces.length + fresh.length < limits.textsPerStep) continue;
      yield* add(file, key, pieces, fresh);
      [pieces, fresh] = [[], []];
    }
    yield* add(file, key, pieces, fresh);
    return isWhole;
  }

  function* add(file: IndexFile, traceKey: number, pieces: number[], texts: string[]): Steps {
    yield* addPieces(
      file,
      traceKey,
      pieces.sort((a, b) => a - b),
    );
    yield* addDocs(
      file,
      texts.map((text) => () => text),
      () => looseKeyOf(traceKey),
      () => 0,
    );
  }

  function* addPieces(file: IndexFile, traceKey: number, keys: number[]): Steps {
    for (const { from, to } of runsOf(keys)) {
      if (traceKeyOf(from) !== traceKey) file.addBorrow(from, to, traceKey);
    }
    const markOf = marks();
    const fresh = new Map<number, number>();
    for (const [i, key] of keys.entries()) {
      const mark = markOf(key);
      if (!file.hasPiece(key, mark)) fresh.set(key, mark);
      // 10,000 take 200 ms.
      if (i % 256 === 255) yield;
    }
    for (const { from, to } of runsOf([...fresh.keys()])) {
      const texts = Array.from({ length: to - from + 1 }, (_, i) => () => readPiece(from + i));
      yield* addDocs(
        file,
        texts,
        (i) => from + i,
        (i) => fresh.get(from + i)!,
      );
    }
  }

  /** @param keyOf the key of the text of that number, `markOf` its mark. */
  function* addDocs(
    file: IndexFile,
    texts: (() => string)[],
    keyOf: (i: number) => number,
    markOf: (i: number) => number,
  ): Steps {
    let doc: string[] = [];
    let length = 0;
    let first = 0;
    for (const [i, read] of texts.entries()) {
      const text = read();
      doc.push(text);
      file.state.textBytes += Buffer.byteLength(text);
      length += text.length;
      if (length < limits.docLength && i < texts.length - 1) continue;
      const marks = doc.map((_, at) => markOf(first + at));
      file.addText(keyOf(first), keyOf(i), marks, fold(doc.join("\n")));
      [doc, length, first] = [[], 0, i + 1];
      yield;
    }
  }

  /** Twice, where it fails: a disk that cannot read now may do so then. */
  function readPiece(key: number, isAgain = false): string {
    try {
      return decoded(source.payloads.textOf([key]));
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      if (!isAgain) return readPiece(key, true);
      onDamage(`a text that cannot be searched, of trace ~${traceKeyOf(key)}`);
      return "";
    }
  }

  return addTextsOf;
}

/** Consecutive keys of one trace, together. */
function runsOf(keys: number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const key of keys) {
    const run = runs.at(-1);
    if (run && run.to + 1 === key && key !== spanKeyRange(traceKeyOf(key))[0]) run.to = key;
    else runs.push({ from: key, to: key });
  }
  return runs;
}

/** How a file of JSON Lines is imported, at the command line and in the viewer. No part of it needs Bun. */
import type { Issue } from "./errors.ts";

/** One line of a file. */
export interface Line {
  /** From 1. */
  number: number;
  /** Null of one that is longer than any that is read. */
  text: string | null;
  /** Where it stands in the file, in bytes, without its line feed. */
  start: number;
  end: number;
}

/** Lines under way at one time: enough that the writer commits them together. */
const linesAtOnce = 8;
/** And so many bytes of them, or a single line. */
const bytesAtOnce = 32 * 1024 * 1024;

/**
 * Takes bytes apart at line feeds. Not as readline does it, which also breaks at U+2028: JSON has no need
 * to escape that.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  mostBytes = Infinity,
): AsyncGenerator<Line> {
  let [number, start, length] = [1, 0, 0];
  let pieces: Uint8Array[] = [];
  const take = (piece: Uint8Array) => {
    length += piece.length;
    if (length > mostBytes) pieces = [];
    else pieces.push(piece);
  };
  const line = (): Line => {
    const text = length > mostBytes ? null : decoded(pieces);
    return { number, text, start, end: start + length };
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let to; (to = chunk.indexOf(0x0a, from)) >= 0; from = to + 1) {
      take(chunk.subarray(from, to));
      yield line();
      start += length + 1;
      number++;
      length = 0;
      pieces = [];
    }
    take(chunk.subarray(from));
  }
  if (length > 0) yield line();
}

function decoded(pieces: Uint8Array[]): string {
  const decoder = new TextDecoder();
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
}

/** Sends all lines but the empty ones, some at one time. @throws what a `send` throws. */
export async function sendLines(
  lines: AsyncIterable<Line>,
  send: (line: Line) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  let bytes = 0;
  let failure: { cause: unknown } | null = null;
  for await (const line of lines) {
    if (failure) break;
    if (line.text?.trim() === "") continue;
    const size = line.end - line.start;
    bytes += size;
    const sent = send(line).then(() => {
      underWay.delete(sent);
      bytes -= size;
    });
    // Thrown at the end; the next line may be long in coming.
    sent.catch((cause) => (failure ??= { cause }));
    underWay.add(sent);
    while (underWay.size >= linesAtOnce || (bytes > bytesAtOnce && underWay.size > 0))
      await Promise.race(underWay);
  }
  await Promise.all(underWay);
}

/** What an error says where the server is only busy. */
interface Busy {
  code?: string;
  retryAfterSeconds?: number | undefined;
}

/** Asks again for as long as the server has no room, which is no fault of the file. */
export async function untilThereIsRoom<T>(ask: () => Promise<T>): Promise<T> {
  while (true) {
    try {
      return await ask();
    } catch (cause) {
      const { code, retryAfterSeconds = 1 } = cause as Busy;
      if (code !== "buffer_full") throw cause;
      await new Promise((resolve) => setTimeout(resolve, 1000 * retryAfterSeconds));
    }
  }
}

/** Why a line was refused: where in it, and what is wrong there. */
export function whyRefused(issues: Issue[] | undefined, hint: string | undefined) {
  const [issue] = issues ?? [];
  return issue ? `${issue.path.join(".")}: ${issue.message}` : hint;
}

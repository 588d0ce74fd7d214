/**
 * Checks the beginning of a file for JSON Lines, so that other files are refused with one clear message.
 */
import { isJson } from "../../messages/json.ts";
import { sniff } from "../text/sniff.ts";

/** How much of the file is checked. */
export const headBytes = 64 * 1024;

const wanted = "Tealight imports JSON Lines as written by tealight export.";

const signatures: [start: string, words: string][] = [
  ["\x1f\x8b", "This file is compressed with gzip: unpack it first."],
  ["\x28\xb5\x2f\xfd", "This file is compressed with zstd: unpack it first."],
  ["PK\x03\x04", "This file is a ZIP archive: unpack it first."],
  ["SQLite format 3\0", `This file is an SQLite database. ${wanted}`],
];

/** @returns the reason for refusal; null if the file may be JSON Lines. */
export function formatProblem(head: Uint8Array, isWhole: boolean): string | null {
  const start = String.fromCharCode(...head.subarray(0, 16));
  const packed = signatures.find(([signature]) => start.startsWith(signature));
  if (packed) return packed[1];
  const found = sniff(head);
  if (found) {
    const kind = found.kind === "audio" ? "a sound" : "an image";
    return `This is ${found.kind === "pdf" ? "a PDF" : kind}. ${wanted}`;
  }
  const text = textOf(head, isWhole);
  if (text === null) return `This file is not text. ${wanted}`;
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const [first = "", second] = lines;
  if (first === "") return isWhole ? "This file is empty." : null;
  if (!first.trimStart().startsWith("{")) return beginsOtherwise(first.trim());
  // The last line of the beginning may be incomplete.
  const isCut = second === undefined && !isWhole;
  if (isCut || isJson(first) || (second !== undefined && isJson(second))) return null;
  return "This file is not JSON Lines: write each JSON object on one line.";
}

function beginsOtherwise(first: string): string {
  if (first.startsWith("["))
    return "This file is a JSON array: JSON Lines have one object per line, without an array around them.";
  const shown = first.length > 24 ? `${first.slice(0, 24)}…` : first;
  return `This file begins with “${shown}”, not with a JSON object. ${wanted}`;
}

function textOf(head: Uint8Array, isWhole: boolean): string | null {
  if (head.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: !isWhole });
  } catch {
    return null;
  }
}

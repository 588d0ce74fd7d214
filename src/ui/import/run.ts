/**
 * Imports files one after the other, independent of the open page. A file is read while it is sent, a few
 * lines at a time.
 */
import { useSyncExternalStore } from "react";
import type { Issue } from "../../errors.ts";
import { linesOf, sendLines, untilThereIsRoom, whyRefused, type Line } from "../../importing.ts";
import { ApiError, ask } from "../data/client.ts";
import { saveFile } from "../text/save.ts";
import { headBytes, formatProblem } from "./check-format.ts";

export interface Import {
  file: File;
  /** "" for the default project. */
  project: string;
  state: "waits" | "runs" | "done" | "stopped" | "failed";
  /** Why the import failed or stopped. */
  problem: string | null;
  doneBytes: number;
  newTraces: number;
  newSpans: number;
  /** Spans that were already stored. */
  knownSpans: number;
  refusedLines: number;
  /** The first refused lines, in order. */
  refusals: readonly { line: number; reason: string }[];
}

/** Longer lines exceed the largest body limit a server can have. */
const maxLineBytes = 64 * 1024 * 1024;
const maxRefusals = 3;
/** The interval between updates of the progress. */
const drawnEveryMs = 100;

/** The byte ranges of refused lines. */
const refusedParts = new WeakMap<File, { start: number; end: number }[]>();
const stops = new WeakMap<File, AbortController>();

let imports: readonly Import[] = [];
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | null = null;
let isBusy = false;

export function useImports(): readonly Import[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => imports,
  );
}

export const isUnderWay = ({ state }: Import) => state === "waits" || state === "runs";

/** @returns whether a file is being imported, or a finished import is still shown. */
export function hasImports(): boolean {
  return imports.length > 0;
}

export function importFiles(files: readonly File[], project: string): void {
  const added = files.map((file): Import => ({
    ...{ file, project, state: "waits", problem: null, doneBytes: 0 },
    ...{ newTraces: 0, newSpans: 0, knownSpans: 0, refusedLines: 0, refusals: [] },
  }));
  imports = [...imports, ...added];
  draw();
  void goOn();
}

/** Stops running and waiting imports. Traces stored so far are kept. */
export function stopImports(): void {
  for (const { file, state } of imports) {
    if (state === "waits") change(file, { state: "stopped" });
    if (state === "runs") stops.get(file)!.abort();
  }
  draw();
}

export function forgetImports(): void {
  imports = imports.filter(isUnderWay);
  draw();
}

/** Downloads the refused lines as a file, to be corrected and imported again. */
export function saveRefused(file: File): void {
  const lines = refusedParts.get(file)!.toSorted((a, b) => a.start - b.start);
  const parts = lines.flatMap(({ start, end }) => [file.slice(start, end), "\n"]);
  saveFile(new Blob(parts), `${file.name.replace(/\.[^.]*$/, "")}.refused.jsonl`);
}

async function goOn(): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  for (let next; (next = imports.find(({ state }) => state === "waits"));) await run(next);
  isBusy = false;
}

async function run({ file, project }: Import): Promise<void> {
  const stop = new AbortController();
  stops.set(file, stop);
  refusedParts.set(file, []);
  change(file, { state: "runs" });
  draw();
  try {
    const head = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
    const problem = formatProblem(head, file.size <= headBytes);
    if (problem !== null) return change(file, { state: "failed", problem });
    const lines = linesOf(chunksOf(file), maxLineBytes);
    await sendLines(lines, (line) => send(file, project, line, stop.signal));
    change(file, { state: "done", doneBytes: file.size });
  } catch (cause) {
    if (stop.signal.aborted) change(file, { state: "stopped" });
    else change(file, { state: "failed", problem: wordsFor(cause) });
    // Cancels lines that are being sent.
    stop.abort();
  } finally {
    draw();
  }
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(file: File): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    void reader.cancel();
  }
}

async function send(file: File, project: string, line: Line, signal: AbortSignal): Promise<void> {
  const doneBytes = (of: Import) => of.doneBytes + line.end - line.start + 1;
  if (line.text === null) return refuse(file, line, "longer than 64 MB");
  const question = { query: { project: project || null }, body: line.text };
  try {
    const { accepted, newTraces, newSpans } = await untilThereIsRoom(() => {
      signal.throwIfAborted();
      return ask("POST /api/import", question, signal);
    });
    change(file, (of) => ({
      doneBytes: doneBytes(of),
      newTraces: of.newTraces + newTraces,
      newSpans: of.newSpans + newSpans,
      knownSpans: of.knownSpans + accepted - newSpans,
    }));
  } catch (cause) {
    if (!(cause instanceof ApiError) || !isOfLine(cause)) throw cause;
    refuse(file, line, reasonOf(cause));
  }
}

function refuse(file: File, { number, start, end }: Line, reason: string): void {
  refusedParts.get(file)!.push({ start, end });
  change(file, (of) => ({
    doneBytes: of.doneBytes + end - start + 1,
    refusedLines: of.refusedLines + 1,
    // Answers arrive in any order.
    refusals: [...of.refusals, { line: number, reason }]
      .sort((a, b) => a.line - b.line)
      .slice(0, maxRefusals),
  }));
}

/** Whether the error is specific to the line; any other error would affect the next line, too. */
function isOfLine({ code }: ApiError): boolean {
  return ["invalid_json", "invalid_payload", "payload_too_large"].includes(code);
}

function reasonOf({ message, hint, body }: ApiError): string {
  const why = whyRefused(body.issues as Issue[] | undefined, hint ?? undefined);
  return body.issues || !why ? (why ?? message) : `${message}, ${why}`;
}

function wordsFor(cause: unknown): string {
  if (cause instanceof ApiError)
    return cause.hint ? `${cause.message}: ${cause.hint}` : cause.message;
  if (cause instanceof DOMException) return "The file cannot be read.";
  return "The server does not answer.";
}

type Fields = Partial<Import>;

function change(file: File, fields: Fields | ((of: Import) => Fields)): void {
  imports = imports.map((each) =>
    each.file === file
      ? { ...each, ...(typeof fields === "function" ? fields(each) : fields) }
      : each,
  );
  timer ??= setTimeout(draw, drawnEveryMs);
}

function draw(): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  listeners.forEach((listener) => listener());
}

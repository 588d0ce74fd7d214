/**
 * Builds the index in the background, in files that each stand for a stretch of the steps in which traces
 * settled. What no file stands for is a gap: the steps since the last, or where a file was missing, damaged,
 * of another version, or half garbage and thus dropped. The indexer fills the first gap; readers look at
 * the traces of gaps themselves. So there is one way to build, to rebuild and to shrink.
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isDamage, isOfDisk, isOfSqlite } from "../db/trouble.ts";
import { facetNumber } from "../rollups/facets.ts";
import { lastSettled } from "../rollups/settle.ts";
import type { Source } from "../source.ts";
import { createTextAdder } from "./adding.ts";
import { openFile, removeFile, type IndexedTrace, type IndexFile } from "./file.ts";
import { limits } from "./limits.ts";
import type { TraceTexts } from "./texts.ts";

/** Traces that settled in the steps (fromStep, untilStep] are in no file. */
export interface Gap {
  fromStep: number;
  untilStep: number;
}

export type Indexer = ReturnType<typeof createIndexer>;

type Steps = Generator<void, void>;

/**
 * @param dir where the files are; made at need.
 * @param onDamage is told what is damaged, and passed by or built anew.
 */
export function createIndexer(
  source: Source,
  texts: TraceTexts,
  dir: string,
  onDamage: (what: string) => void = () => {},
) {
  const selectSettled = source.sqlite.query<IndexedTrace, [number, number, number, number]>(
    `SELECT traceKey AS key, startTime, value AS settledStep FROM facets
     WHERE field = ? AND value > ? AND value <= ? ORDER BY value LIMIT ?`,
  );
  const countValid = source.sqlite.query<{ count: number }, [string, number]>(
    `SELECT count(*) AS count FROM json_each(?) AS indexed
     JOIN traces ON traces.key = json_extract(indexed.value, '$[0]')
       AND (traces.settledStep = json_extract(indexed.value, '$[1]') OR ?)`,
  );
  const settled = facetNumber("settled");
  const addTexts = createTextAdder(source, texts, onDamage);
  /** By the time that they stand for. */
  let files: IndexFile[] = [];
  let work: Steps | null = null;
  let isSupported = true;
  let commitAtMs = 0;
  let committedBytes = 0;
  let lookAtMs = 0;
  let workAtMs = 0;
  /** Errors in a row. */
  let failures = 0;
  /** The file that is written to. */
  let growing: IndexFile | null = null;
  let looked = 0;
  /** Names and ids of traces that are in the file that grows. */
  let known = new Map<number, Set<string>>();
  let knownCount = 0;

  for (const name of existsSync(dir) ? readdirSync(dir) : []) {
    if (!name.endsWith(".db")) continue;
    const path = join(dir, name);
    try {
      files.push(openFile(path, null));
    } catch (cause) {
      if (isUnsupported(cause)) isSupported = false;
      else if (isDamage(cause) || !isOfSqlite(cause)) {
        if (isDamage(cause)) onDamage("a file of the search index, which is built anew");
        removeFile(path);
      }
    }
  }
  sort();
  // The store was put back to an earlier state: the numbers of its steps are given out once more.
  const last = lastSettled(source.sqlite);
  for (const file of files.filter(({ state }) => state.toStep > last)) drop(file);

  function sort(): void {
    files.sort((a, b) => a.state.fromStep - b.state.fromStep);
    // Of two for the same time, as two copies of a directory in one would be, the later goes.
    const overlaps = (file: IndexFile, i: number) =>
      i > 0 && file.state.fromStep < files[i - 1]!.state.toStep;
    for (let at = files.findIndex(overlaps); at >= 0; at = files.findIndex(overlaps)) {
      drop(files[at]!);
    }
  }

  function drop(file: IndexFile): void {
    files = files.filter((other) => other !== file);
    if (growing === file) growing = null;
    work = null;
    known = new Map();
    knownCount = 0;
    file.close();
    removeFile(file.path);
  }

  /** All that is in no file. The last goes on forever. */
  function gaps(): Gap[] {
    const found: Gap[] = [];
    let fromStep = 0;
    for (const { state } of files) {
      if (state.fromStep > fromStep) found.push({ fromStep, untilStep: state.fromStep });
      fromStep = state.toStep;
    }
    return [...found, { fromStep, untilStep: Infinity }];
  }

  function settledIn({ fromStep, untilStep }: Gap, count: number): IndexedTrace[] {
    const until = Math.min(untilStep, Number.MAX_SAFE_INTEGER);
    const traces = selectSettled.all(settled, fromStep, until, count);
    if (traces.length < count || count === 1) return traces;
    // All of one step, or none of it.
    const last = traces.at(-1)!.settledStep;
    const whole = traces.filter(({ settledStep }) => settledStep < last);
    return whole.length > 0 ? whole : selectSettled.all(settled, last - 1, last, 1e9);
  }

  function begin(fromStep: number): IndexFile {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const path = join(dir, `${Bun.randomUUIDv7()}.db`);
    try {
      return openFile(path, fromStep);
    } catch (cause) {
      removeFile(path);
      throw cause;
    }
  }

  function* fill(gap: Gap): Steps {
    const before = files.findLast(({ state }) => state.toStep === gap.fromStep && !state.isSealed);
    const file = before ?? begin(gap.fromStep);
    if (!before) {
      files.push(file);
      sort();
      known = new Map();
      knownCount = 0;
    }
    growing = file;
    while (file.state.textBytes < limits.fileBytes) {
      const traces = settledIn({ ...gap, fromStep: file.state.toStep }, 256);
      if (traces.length === 0) {
        if (gap.untilStep === Infinity) return;
        file.state.toStep = gap.untilStep;
        break;
      }
      for (const [i, trace] of traces.entries()) {
        file.begin();
        yield* addTrace(file, trace);
        if (traces[i + 1]?.settledStep !== trace.settledStep) {
          file.state.toStep = trace.settledStep;
          if (isCommitDue(file)) commit(file);
        }
      }
    }
    while (file.mergeStep()) yield;
    file.begin();
    file.state.isSealed = 1;
    commit(file);
    // Of a merge the log is as long as the file.
    file.checkpoint();
  }

  function isCommitDue({ state }: IndexFile): boolean {
    return state.textBytes - committedBytes > limits.commitBytes || performance.now() > commitAtMs;
  }

  function commit(file: IndexFile): void {
    file.commit();
    committedBytes = file.state.textBytes;
    commitAtMs = performance.now() + limits.commitMs;
  }

  function* addTrace(file: IndexFile, indexed: IndexedTrace): Steps {
    const { key, settledStep } = indexed;
    const trace = texts.trace(key);
    // What has changed since settles anew, later.
    if (trace?.settledStep !== settledStep) return;
    const before = (file.trace(key) && known.get(key)) ?? new Set<string>();
    const knownBefore = before.size;
    // Twice, where it fails: a disk that cannot read now may do so then, and what is left out stays so.
    let isWhole = yield* addTexts(file, trace, before);
    isWhole ||= yield* addTexts(file, trace, before);
    if (!isWhole) onDamage(`a trace that cannot all be searched: ~${trace.key}`);
    knownCount += before.size - knownBefore;
    if (knownCount > limits.knownTexts) {
      known = new Map();
      knownCount = before.size;
    }
    known.set(key, before);
    file.putTrace({ ...indexed, startTime: trace.startTime });
  }

  /** Looks at one file after the other, and drops one of which too much is gone. */
  function* look(): Steps {
    const file = files[looked++ % Math.max(1, files.length)];
    if (!file) return;
    let all = 0;
    let valid = 0;
    for (let after = 0; ;) {
      const traces = file.tracesAfter(after);
      if (traces.length === 0) break;
      after = traces.at(-1)!.key;
      all += traces.length;
      const pairs = traces.map(({ key, settledStep }) => [key, settledStep]);
      // A trace that goes on is put into the file that grows once more, without what is there.
      const isGrowing = file.state.isSealed ? 0 : 1;
      valid += countValid.get(JSON.stringify(pairs), isGrowing)!.count;
      yield;
    }
    if (all > 0 && valid < all * (1 - limits.maxGarbage)) drop(file);
  }

  /** What is to be done before a pause. */
  function rest(): void {
    failures = 0;
    if (!growing) return;
    growing.commit();
    growing.checkpoint();
    growing = null;
  }

  function nextWork(): Steps | null {
    const gap = gaps().find((gap) => settledIn(gap, 1).length > 0);
    if (gap) return fill(gap);
    if (performance.now() < lookAtMs) return null;
    lookAtMs = performance.now() + limits.lookEveryMs;
    return look();
  }

  return {
    gaps,
    get files(): readonly IndexFile[] {
      return files;
    },
    /** False where this SQLite has no full text: everything is scanned. */
    get isSupported() {
      return isSupported;
    },
    /** Works for a few ms. @returns false where there was nothing to do. */
    step(): boolean {
      if (!isSupported || performance.now() < workAtMs) return false;
      const untilMs = performance.now() + limits.stepMs;
      try {
        work ??= nextWork();
        if (!work) {
          rest();
          return false;
        }
        while (performance.now() < untilMs) {
          const current: Steps | null = work;
          if (current && !current.next().done) continue;
          if (work === current) work = null;
          break;
        }
        return true;
      } catch (cause) {
        if (isUnsupported(cause)) isSupported = false;
        else if (!isOfSqlite(cause) && !isOfDisk(cause)) throw cause;
        // The disk is full, or a file is damaged: all that it had is a gap, for some time.
        if (isDamage(cause)) onDamage("the search index cannot be built");
        if (growing) drop(growing);
        work = null;
        workAtMs = performance.now() + retryPauseMs(++failures);
        return false;
      }
    },
    /** Waits no longer after an error. */
    retry(): void {
      workAtMs = 0;
    },
    /** Lets go of what it keeps to be fast: texts of a trace that goes on may stand in its file twice then. */
    shrinkMemory(): void {
      known = new Map();
      knownCount = 0;
      for (const file of files) file.shrinkMemory();
    },
    dropDamaged(file: IndexFile): void {
      onDamage("a file of the search index, which is built anew");
      drop(file);
    },
    /** Drops all, and begins anew. */
    rebuild(): void {
      workAtMs = 0;
      for (const file of files) drop(file);
    },
    close(): void {
      for (const file of files) {
        try {
          file.commit();
        } catch (cause) {
          // The disk fails: it stays as it was committed last, and the rest is a gap.
          if (!isOfSqlite(cause) && !isOfDisk(cause)) throw cause;
        }
        file.close();
      }
      files = [];
    },
  };
}

/** How long to wait after so many errors in a row: what does not pass by itself is tried ever less often. */
export function retryPauseMs(failures: number): number {
  return Math.min(limits.retryMs * 2 ** (failures - 1), limits.longestRetryMs);
}

function isUnsupported(cause: unknown): boolean {
  return /no such (module: fts5|tokenizer)/.test(String((cause as Error).message));
}

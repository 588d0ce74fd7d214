/** The bounds of search; all others are in ../limits.ts. */

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * A page goes on for about `budgetMs`, so that it is there within 200. A row of the index stands for
 * `docLength` of text and a file for `fileBytes`: a walk through its lists takes some milliseconds, and it is
 * what is built anew at a time.
 */
export const limits = {
  queryLength: 1000,
  budgetMs: 150,
  snippetLength: 240,
  /** Of a long word; the text itself decides. */
  trigramsPerWord: 24,
  docLength: 2 * KiB,
  fileBytes: 64 * MiB,
  /** A commit, which makes one list of trigrams that is to be merged later. */
  commitBytes: 2 * MiB,
  commitMs: 2000,
  mergePages: -64,
  /**
   * One step of indexing, and the pause behind it: of an idle server half a core, of one that stores a
   * fifth, and less the longer that goes on. At a fifth, on two cores, 8 senders got 16,000 spans/s
   * stored instead of 25,000, and waited 18 ms instead of 10 (p99).
   */
  stepMs: 8,
  busyMs: 8,
  underLoadMs: 40,
  longestPauseMs: 320,
  idleMs: 500,
  /** After an error of the file system, such as a full disk; after each further one twice as long. */
  retryMs: 1000,
  longestRetryMs: 600_000,
  tracesPerLook: 2000,
  /** Of one text: more traces that have it, and all of a file are looked at. */
  borrowers: 1000,
  /** How often the share of a file is looked at that deleted traces leave, and what it may be. */
  lookEveryMs: 5000,
  maxGarbage: 1 / 4,
  /** More traces that no file has: the index over all is walked instead. */
  freshTraces: 5000,
  /** Distinct names and ids of traces that may go on, by which only new ones are added. */
  knownTexts: 100_000,
  /**
   * Of a trace with more: spans read at a time, spans whose texts may wait for
   * the collector, texts added at a time, lists remembered.
   */
  spansPerRead: 2000,
  spansPerCleanup: 8000,
  textsPerStep: 20_000,
  knownLists: 50_000,
} as const;

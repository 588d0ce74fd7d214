/** Every bound in one place, so that they can be read against each other; those of search are its own. */

const KiB = 1024;
const MiB = 1024 * KiB;

/** Bounds of the wire contract, v1. Lengths are UTF-16 code units. */
export const wire = {
  tracesPerPayload: 1000,
  spansPerTrace: 2000,
  idLength: 128,
  traceTextLength: 256,
  spanNameLength: 512,
  errorMessageLength: 8192,
  providerLength: 128,
  modelIdLength: 256,
  payloadLength: 1_000_000,
  responseIdLength: 256,
  serviceTierLength: 64,
  instrumentationLength: 256,
  fingerprintLength: 256,
  safetyMetadataLength: 16_384,
  urlLength: 2048,
  mapKeys: 64,
  mapKeyLength: 128,
  mapValueLength: 1024,
  deprecatedItems: 200,
  issues: 20,
} as const;

/** What a JSON body may hold, whatever its size: see contract/scan.ts. */
export const json = { depth: 100, brackets: 4_000_000, indexKeys: 10_000 } as const;

/**
 * What an OTLP request may hold. The smallest records take 100 times their bytes: 64 MiB of empty spans
 * would be 7 GB. Real ones are at least 40 bytes, and senders' batches hold 512.
 */
export const otlp = { records: 250_000, attributes: 2_000_000, indexKeys: 10_000 } as const;

/** Default of `--max-body-bytes`, on the wire and after decompression. */
export const maxBodyBytesDefault = 10 * MiB;

/** OTLP bodies, on the wire and after decompression: what its specification asks for. */
export const maxOtlpBodyBytes = 64 * MiB;

/** Bodies of the administration routes: a name, a pattern, a price. */
export const maxAdminBodyBytes = 64 * KiB;

/** Saved views of the list: more than a person keeps apart. */
export const maxViews = 200;

/** List prices that the user brings: those of 1,700 models are 0.5 MB. */
export const maxPriceBookBytes = 8 * MiB;

/** Bodies above this size are parsed on a thread of their own, and may not take all the room. */
export const largeBodyBytes = MiB;

/** What may be received, parsed or queued at one time. */
export const admission = {
  maxBytes: 128 * MiB,
  /**
   * Large bodies may fill only part of the room, so that 64 senders of 10 MiB cannot keep
   * one agent's 7 KB out.
   */
  largeBodyShare: 0.75,
  /** A request costs at least this, so that empty ones cannot pile up without bound. */
  minRequestBytes: KiB,
} as const;

/** The ring between the check and the store. */
export const ring = { rows: 200_000, bytes: 128 * MiB } as const;

/**
 * A request is handed to the ring in parts of at most this much, the next when the one before is
 * committed. 250 rows take about 5 ms: what a small request waits behind a large one.
 */
export const part = { rows: 250, bytes: 256 * KiB } as const;

/** A drain takes at most this much into one transaction. */
export const drain = { rows: 2000, bytes: 4 * MiB } as const;

/**
 * From here on a drain does not wait for what else this turn brings. Else all of eight connections
 * are answered at once and the writer idles until they come again: 16 instead of 18.5 % of floor.
 */
export const drainAtRows = 28;

/**
 * The disk of the store. A look at it takes 15 µs; before a commit none older than `staleAfterMs` counts,
 * nor one since which `bytesPerLook` were sent. Spans are refused below the smaller of `minFreeBytes` and
 * a share of the disk. The ballast holds what SQLite's log grows to, and leaves `spareBytes` free beside it.
 */
export const storage = {
  lookEveryMs: 1000,
  staleAfterMs: 250,
  bytesPerLook: MiB,
  minFreeBytes: 200_000_000,
  minFreeShare: 1 / 100,
  /** So much of that has to be free before spans are taken again. */
  resumeFactor: 1.25,
  ballastBytes: 32 * MiB,
  ballastShare: 1 / 8,
  ballastStepBytes: MiB,
  spareBytes: MiB,
  /** After a failed write it counts as full, and after the ballast was let go none is made, for so long. */
  pauseMs: 10_000,
} as const;

/** A batch that is not committed by then is answered 503; it may still land. */
export const commitDeadlineMs = 5000;

/** The writing thread says what it did where something took longer. */
export const stallMs = 1000;

/** A connection that is silent for this long is closed. Longer than `commitDeadlineMs`. */
export const idleTimeoutSeconds = 10;

/** The first page of a trace of a million spans takes 3 s, to delete it 10; on a busy machine thrice that. */
export const answerTimeoutSeconds = 120;

/**
 * Shares of all descriptors that a process may have open: from the first on idle connections are closed,
 * from the second on no thread starts, which might find none left.
 */
export const connections = {
  idleShare: 1 / 2,
  startShare: 3 / 4,
  lookEveryMs: 250,
} as const;

/** Where nothing was stored for so long memory is given back, and again each time that was twice as long. */
export const restEveryMs = 10_000;

/** From the first signal to the exit, whatever the clients do. */
export const shutdownDeadlineMs = 5000;

/** An open trace that is silent for this long is shown as stale. */
export const staleAfterMs = 10 * 60_000;

/**
 * Log records kept with one span, and the UTF-16 code units of their JSON: each time more of them
 * come, all are read and written again.
 */
export const logsPerSpan = { count: 2000, length: 8 * MiB } as const;

/** Log records that wait for their span, which is sent when it ends. */
export const waitingLogs = { maxAgeMs: 24 * 3_600_000, maxCount: 100_000, expirePerStep: 500 };

/**
 * Fields that the contract does not know: so many of each sender and so many senders are counted one by
 * one, under names of so many UTF-16 code units; the API shows the newest. What stands beside the traces
 * of a payload is kept with each where all copies together have at most this length, else with the first.
 */
export const unknownFields = {
  perSender: 64,
  senders: 100,
  fieldLength: 128,
  userAgentLength: 200,
  shown: 300,
  spreadLength: MiB,
} as const;

/**
 * Units made of log records: how far apart in time records of one unit may be, and how many are compared;
 * records and spans kept to join what comes later, those of a session, and for how long after its last.
 * A session is put together anew with each commit that adds to it: 5,000 records take some 40 ms.
 */
export const units = {
  nearMs: 5000,
  compared: 64,
  maxAgeMs: 24 * 3_600_000,
  maxPieces: 100_000,
  maxLength: 512 * MiB,
  sessionPieces: 5000,
  sessionClaims: 10_000,
  sessionLength: 64 * MiB,
  maxClaims: 200_000,
  expirePerStep: 500,
} as const;

/** Rows kept of refused requests; older ones go, the counts stay. */
export const rejectsKept = 1000;

/**
 * Spans whose facts the writer keeps in memory, over all traces but the newest. 100,000 took 240 MB
 * more at the peak and gained nothing.
 */
export const cachedSpanFacts = 20_000;

/** Distinct names and headers whose ids the writer remembers. */
export const cachedNames = 10_000;

/** Pairs of provider and model whose price is remembered: 0.1 µs instead of up to 50. */
export const cachedModels = 10_000;

/** How payloads are kept. Sizes are of the text before compression. */
export const payload = {
  /**
   * What a trace's newest block grows to, written anew with each commit that adds to it: its earlier
   * text is what the next text compresses against. At 16, 32, 64 KiB recorded sessions take 4.3, 3.9,
   * 3.5 % of their JSON, and compressing 23, 25, 33 µs a span.
   */
  openBlockBytes: 64 * KiB,
  /** What blocks at rest are packed into: at 64, 256, 512, 1024 KiB 2.9, 2.2, 2.0, 1.9 %. */
  packedBlockBytes: 512 * KiB,
  openLevel: 1,
  /** 12 µs a span; level 12 gains less than a hundredth, 19 a twentieth for twenty times the work. */
  packedLevel: 9,
  /** A list may stand on a list that stands on …: reading each takes about 2 µs. */
  chain: 512,
  /** The lists of a trace that a new one is compared with: parallel agents, tools and messages. */
  candidates: 8,
  /** What the writer keeps in memory of the traces used last. */
  cachedBytes: 8 * MiB,
  /** A trace that got nothing for so long is packed. */
  quietMs: 10_000,
  /** Share of a packed block that may be garbage: deleting half of all then leaves 1.15 × the rest. */
  maxGarbage: 1 / 8,
} as const;

/** See recent.ts: at most 2 × 12 MB. */
export const recentPieces = 1 << 18;

/** Rows deleted in one step of the collection in the background, each step a few ms. */
export const collectRowsPerStep = 500;

/**
 * A trace that got nothing for `quietMs`, and for a millisecond more for each of its spans, is settled;
 * one step settles so many.
 */
export const settle = { quietMs: 2000, tracesPerStep: 64, spansPerStep: 2000 } as const;

/**
 * Statistics count this many traces on the spot that are not settled: 3,000 of 7 spans take 60 ms. With
 * a filter they go through the traces that match, so many at a time, for about so long.
 */
export const stats = {
  unsettledTraces: 3000,
  filteredPage: 200,
  filteredMs: 1000,
  /**
   * Cells that groups are ranked by, the newest of a range: 1.5 µs each. A month of sessions may have more,
   * of 60 tools a year has 22,000.
   */
  rankedCells: 40_000,
  /** Groups with a series each, where nobody says how many. */
  defaultGroups: 10,
  /** Entries of a series: what a chart can show is far below. */
  maxBuckets: 2000,
} as const;

/**
 * Sessions, runs and customers: so many traces that are not settled are looked at; with a filter, of each
 * so many traces, some at a time, and a page goes on for about so long.
 */
export const latest = {
  unsettledTraces: 3000,
  matchedTraces: 2000,
  matchedPage: 200,
  budgetMs: 80,
} as const;

/** Steps that an answer takes whatever the clock says: on a busy machine, too, what is small is whole. */
export const budget = { leastSteps: 64 };

/**
 * Lists of traces by a filter or a sort that no index answers go on for about so long, then say where
 * they stood. Of a condition that so few traces fit all are taken and sorted, in 5 ms.
 */
export const traces = {
  budgetMs: 80,
  fewTraces: 5000,
  /** Of several conditions the rarest is found by counting so far: 2 ms each. */
  comparedTraces: 50_000,
  /** More traces that are not settled: the index over all is walked instead. */
  unsettledTraces: 3000,
  /** Names that a `*` may stand for, and how many are looked at for them: 5 µs each. */
  wildcardNames: 200,
  scannedNames: 1000,
  /** Traces looked at for one part of the list of keys. */
  scannedTraces: 1000,
  /** Keys that a cursor remembers as shown, in so many stretches: 4 KB of its text. */
  shownTraces: 100_000,
  shownRanges: 500,
} as const;

/**
 * Completion shows so many values, counts so many traces of each (0.2 ms), and looks at so many names and
 * newest traces for about so long.
 */
export const complete = {
  values: 20,
  countedTraces: 1000,
  scannedNames: 1000,
  sampledTraces: 500,
  budgetMs: 30,
} as const;

/**
 * Live views: how often they are told of changes, and after how long something is sent all the same, well
 * below `idleTimeoutSeconds`. Who is more traces behind than are remembered reads its list
 * anew, which costs less than 500 summaries.
 */
export const live = {
  lookEveryMs: 20,
  tellEveryMs: 250,
  keepAliveMs: 3000,
  rememberedTraces: 500,
  subscribers: 64,
} as const;

/**
 * Deleting what matches: how long a step may hold the writer up, traces found at a time, and for about how
 * long one request goes on: a connection that is silent for `idleTimeoutSeconds` is closed.
 */
export const removal = { stepMs: 2, page: 200, budgetMs: 4000 } as const;

/**
 * Between two steps of the upkeep: with more to do, packing and settling beside other work, with nothing
 * to do. With 200 commits a second it stays at 100 ms, where 8 senders commit without a pause it grows:
 * at 100 ms settling cost them a fifth of what they got stored.
 */
export const upkeep = {
  busyMs: 5,
  underLoadMs: 100,
  perCommitMs: 2,
  longestMs: 1000,
  idleMs: 1000,
} as const;

/**
 * Work in the background that meets a damaged page rests for `restMs`, after n times in a row for n² as long.
 * What is damaged is passed by and looked at again after `asideMs`: it may have been the disk.
 */
export const damage = {
  restMs: 1000,
  longestRestMs: 3_600_000,
  asideMs: 3_600_000,
  mostAside: 10_000,
} as const;

/** What a list shows of an input and an output, in UTF-16 code units, and of how many spans at once. */
export const preview = { length: 200, spans: 200 } as const;

/** A page of a transcript: bounds the work for it in a trace of any size. Lengths are UTF-16 code units. */
export const transcript = {
  maxLimit: 200,
  /** Of a part; of all parts of a page; of a part although these are used up. */
  partLength: 16 * KiB,
  pageLength: MiB,
  leastLength: 200,
  /** Inputs that are read whole, since they are no lists: 3 ms each MiB. */
  readLength: 8 * MiB,
  /** Each call is compared with so many before it, twice the agents that commonly run beside each other. */
  earlierCalls: 128,
  /** Spans behind the page among which its tools and what came of them are looked for. */
  laterSpans: 256,
} as const;

/**
 * Answers are compressed from so many UTF-16 code units on: below, headers and a packet cost as much. Longer
 * ones than the second, which take more than 0.1 ms, are compressed on a thread.
 */
export const compression = { minLength: KiB, asyncLength: 64 * KiB } as const;

/** A longer payload is answered as text, whatever it is: to parse this much takes 5 ms. */
export const parsedPayloadLength = MiB;

/**
 * A trace of more spans is read where lists do not wait for it: this many take 10 ms, 50,000 half a second.
 * One span, or a page of a transcript, is there sooner: a million rows are looked through in half a second.
 */
export const largeTraceSpans = { read: 1000, scanned: 50_000 } as const;

/**
 * What is new in all calls of a trace: for so long texts are read to know their lengths. A page has so many
 * calls, and compares them with so many before it.
 */
export const news = { budgetMs: 800, calls: 10_000, earlierCalls: 2000 } as const;

/** A trace of more spans is answered in pages, of fewer where nobody says: 50,000 are 5 MB as columns, 19 as objects. */
export const tracePage = { spans: 50_000, spansOfMore: 20_000 } as const;

/** Models and tools that are told where the time of a trace went. */
export const breakdown = { names: 1000 } as const;

/**
 * A trace is answered without attributes that are longer, in UTF-16 code units; its spans have them. Of
 * spans that came with some, so many that ended last are asked.
 */
export const traceAttributes = { length: MiB, spans: 10_000 } as const;

/** List pages. */
export const page = { defaultLimit: 50, maxLimit: 500 } as const;

/** An export is read, sent and thus held in memory in pieces of about this size. */
export const exportChunkBytes = 4 * MiB;

/** Keys and tokens that the user gives must be at least this long. */
export const minSecretLength = 16;

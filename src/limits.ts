/** Every bound in one place, so that they can be read against each other. */

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

/** A batch that is not committed by then is answered 503; it may still land. */
export const commitDeadlineMs = 5000;

/** A connection that is silent for this long is closed. Longer than `commitDeadlineMs`. */
export const idleTimeoutSeconds = 10;

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
  filteredMs: 80,
} as const;

/** Between two steps of the upkeep: with more to do, packing beside other work, with nothing to do. */
export const upkeep = { busyMs: 5, underLoadMs: 100, idleMs: 1000 } as const;

/** What a list shows of an input and an output, in UTF-16 code units. */
export const preview = { length: 200 } as const;

/** A page of a transcript: calls, what is shown of each part of them, and how far back one is compared. */
export const transcript = { calls: 50, partLength: 64 * KiB, earlierCalls: 64 } as const;

/** List pages. */
export const page = { defaultLimit: 50, maxLimit: 500 } as const;

/** An export is read, sent and thus held in memory in pieces of about this size. */
export const exportChunkBytes = 4 * MiB;

/** Keys and tokens that the user gives must be at least this long. */
export const minSecretLength = 16;

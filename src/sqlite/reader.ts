/** Reads a store's file. Each question is a transaction, so that all of its answer is of one moment. */
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { ReadBackend, Reader } from "../backend/reader.ts";
import type { Inspection } from "../backend/store.ts";
import type { PayloadField } from "../contract/fields.ts";
import { createAccountReads } from "./accounts/reads.ts";
import { createNameLookup } from "./db/names.ts";
import { checkTable, listTables, openReader, reading, shrinkMemory } from "./db/open.ts";
import { readShares } from "./db/shares.ts";
import { bytesOfArea, listAreas, readTotals } from "./db/sizes.ts";
import { isDamage, toReadTrouble } from "./db/trouble.ts";
import { createListReads } from "./list/reads.ts";
import { createPieceReader } from "./payload/blocks.ts";
import { createPayloadReader } from "./payload/payloads.ts";
import type { Source } from "./source.ts";
import { createStatsReads } from "./stats/reads.ts";
import { createTraceReads } from "./trace/reads.ts";
import { createTextReads } from "./trace/texts.ts";

/** Of blocks: what two compared traces of 2,000 steps say, at most. They are forgotten after each question. */
const keptBytes = 24 * 1024 * 1024;

export function createReader(source: Source): Reader {
  return {
    ...createListReads(source),
    ...createTraceReads(source),
    ...createTextReads(source),
    ...createStatsReads(source),
    ...createAccountReads(source),
  };
}

interface Opened {
  source: Source;
  reader: Reader;
}

/**
 * @param path the store's file, which the writer has opened before. It is opened at the first question.
 * @param onDamage is told what cannot be read.
 */
export function openReadBackend(
  path: string,
  onDamage: (what: string) => void = () => {},
): ReadBackend & Inspection {
  let opened: Opened | null = null;

  function open(): Opened {
    const sqlite = openReader(path);
    try {
      const onText = (spanKey: number, field: PayloadField) =>
        onDamage(`a text cannot be read: ${field} of span ${spanKey}`);
      const pieces = createPieceReader(sqlite, undefined, keptBytes);
      const source: Source = {
        db: drizzle(sqlite),
        sqlite,
        names: createNameLookup(sqlite),
        payloads: createPayloadReader(sqlite, pieces, onText),
      };
      return { source, reader: createReader(source) };
    } catch (cause) {
      sqlite.close();
      throw cause;
    }
  }

  function within<T>(work: (opened: Opened) => T): T {
    try {
      // What kept it from being opened may have passed.
      const current = (opened ??= open());
      current.source.payloads.forget();
      return reading(current.source.sqlite, () => work(current));
    } catch (cause) {
      if (isDamage(cause)) onDamage("an answer cannot be given");
      throw toReadTrouble(cause);
    }
  }
  const inFile = <T>(work: (sqlite: Source["sqlite"]) => T): T =>
    within(({ source }) => work(source.sqlite));

  return {
    read: (work) => within(({ reader }) => work(reader)),
    rest: () => opened && shrinkMemory(opened.source.sqlite),
    close: () => opened?.source.sqlite.close(),
    parts: () => inFile(listTables),
    // In no transaction: one that met damage does not end in order.
    check: (part) => checkTable((opened ??= open()).source.sqlite, part),
    areas: () => inFile(listAreas),
    bytesOf: (area) => inFile((sqlite) => bytesOfArea(sqlite, area)),
    totals: () => inFile(readTotals),
    shares: (spanBytes) => inFile((sqlite) => readShares(sqlite, spanBytes)),
  };
}

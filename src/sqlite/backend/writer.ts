/** Opens the store of a data directory for writing, making it at need. */
import type { Meaning, Writer, WriterEvents, WriterSettings } from "../../backend/writer.ts";
import { storeFiles } from "../storage/files.ts";
import { openStoreWriter } from "../writer.ts";

/** @throws AppError `store_unusable`. */
export function openWriter(
  dir: string,
  settings: WriterSettings,
  meaning: Meaning,
  events: WriterEvents,
): Writer {
  return openStoreWriter(storeFiles(dir).storePath, settings, meaning, events);
}

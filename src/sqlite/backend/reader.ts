/** Opens the store of a data directory for reading, at the first question. */
import type { ReadBackend } from "../../backend/reader.ts";
import type { Inspection } from "../../backend/store.ts";
import { openReadBackend } from "../reader.ts";
import { storeFiles } from "../storage/files.ts";

/** @param onDamage is told what cannot be read. */
export function openReader(
  dir: string,
  onDamage: (what: string) => void,
): ReadBackend & Inspection {
  return openReadBackend(storeFiles(dir).storePath, onDamage);
}

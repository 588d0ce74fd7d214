/** Opens the search of a data directory, and builds its index in the background. */
import type { Search } from "../../backend/search.ts";
import { openSearch as openSearchAt } from "../search/open.ts";
import { storeFiles } from "../storage/files.ts";

/** @param onDamage is told what cannot be read. */
export function openSearch(dir: string, onDamage: (what: string) => void): Search {
  const { storePath, searchDir } = storeFiles(dir);
  return openSearchAt(storePath, searchDir, onDamage);
}

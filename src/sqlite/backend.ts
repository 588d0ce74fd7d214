/** The engine that stores, searches and reads: whatever is not of this room opens it here. */
export { openStoreWriter as openWriter } from "./writer.ts";
export { openSearch } from "./search/open.ts";
export { openReadBackend as openReader } from "./reader.ts";

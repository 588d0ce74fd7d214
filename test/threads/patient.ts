/** `preload` for a thread that would wait for ever after a failure. */
import { limits } from "../../src/sqlite/search/limits.ts";

Object.assign(limits, { retryMs: 1e9, longestRetryMs: 1e9 });

/** What a backend says where it cannot do what it is asked for. */
import { AppError } from "../errors.ts";
import { storage } from "../limits.ts";
import type { StorageState } from "./store.ts";

/**
 * The wire contract has this text for whatever is no fault of the sender.
 *
 * @param why what is in the way, where the data directory is there.
 */
export function storageUnavailable(
  state: StorageState,
  why = "the disk of the data directory is full",
  cause?: unknown,
): AppError {
  return new AppError("storage_unavailable", "ingest buffer full", {
    hint: state === "gone" ? "the data directory of the server was removed or replaced" : why,
    retryAfterSeconds: storage.pauseMs / 1000,
    cause,
  });
}

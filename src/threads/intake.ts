/**
 * The HTTP thread's side of ingest: who may send, how much at a time, and the way to the writing
 * thread. One object owns what a request needs to become durable.
 */
import {
  type StorageKind,
  type StorageState,
  type StorageStatus,
  type UnknownNote,
} from "../backend/store.ts";
import { storageUnavailable } from "../backend/trouble.ts";
import { AppError } from "../errors.ts";
import { createAdmission, type Admission } from "../ingest/admission.ts";
import type { Delivery } from "../ingest/delivery.ts";
import { Gauge } from "../ingest/gauge.ts";
import { createKeyring, type Keyring } from "../ingest/keyring.ts";
import type { Receipt } from "../ingest/parse.ts";
import { createRefusals, type Refusals } from "../ingest/refusals.ts";
import type { Stall } from "../ingest/stalls.ts";
import { createUnknownCounts } from "../ingest/unknown.ts";
import { commitDeadlineMs, largeBodyBytes } from "../limits.ts";
import { sha256 } from "../secrets.ts";
import { identityOfStore } from "../sqlite/backend/files.ts";
import { hostThread, type Thread } from "./host.ts";
import { createLane } from "./lane.ts";
import type { WriterMethods, WriterSettings } from "./writing.ts";

export interface Intake {
  readonly admission: Admission;
  readonly keyring: Keyring;
  readonly refusals: Refusals;
  /** The writing thread, for changes other than spans. */
  readonly writer: Thread<WriterMethods>;
  /** Rows that wait for a commit. */
  readonly buffered: number;
  /** The id of the last change that is committed (changes.ts). */
  readonly latestChange: number;
  /** How often the writing thread was busy with one thing for over a second. */
  readonly stalls: number;
  /** True from the moment a shutdown began: nothing new is taken. */
  isDraining: boolean;
  /** @throws AppError `storage_unavailable` where nothing new can be stored now. */
  checkStorage(): void;
  readonly storage: { state: StorageState; freeBytes: number | null };
  /** @throws AppError `storage_unavailable` where the store's path leads to another file by now. */
  checkPlace(): void;
  /**
   * Hands a body over; it must not be used afterwards.
   *
   * @returns what became of its records, once those accepted are durable.
   * @throws AppError as the protocol has it, `buffer_full` where the commit takes over 5 s. The
   *   batch may still land then: a retry is free.
   */
  deliver(delivery: Delivery, whenDone: () => void): Promise<Receipt>;
  /** Writes down now what was refused and which keys were used. */
  writeNotes(): Promise<void>;
  /** Commits what waits and closes the store. */
  close(): Promise<void>;
}

export interface IntakeSettings extends Omit<WriterSettings, "defaultKeyHash" | "gauges"> {
  /** The default project's key as its file has it. */
  defaultKey: string;
  /** A key given by flag or environment, valid beside the file's. */
  givenKey: string | null;
  /** Told once of each field that a client sends and this version does not know. */
  onUnknown: (note: UnknownNote) => void;
  /** Told when the disk gets full or has room again, and when the data directory goes or comes back. */
  onStorage: (status: StorageStatus) => void;
  onStall: (stall: Stall) => void;
  onCrash: (cause: Error) => void;
  /** Told what the writing thread finds damaged. */
  onDamage: (what: string) => void;
}

/** Refusals and uses of keys are written this often. */
const notesEveryMs = 1000;

/** @throws AppError `store_unusable` where the store cannot be opened. */
export async function openIntake(settings: IntakeSettings): Promise<Intake> {
  const { defaultKey, givenKey, onUnknown, onStorage, onStall, onCrash, onDamage, ...rest } =
    settings;
  const [buffered, latestChange, freeBytes] = [new Gauge(), new Gauge(), new Gauge()];
  const gauges = {
    buffered: buffered.shared,
    latestChange: latestChange.shared,
    freeBytes: freeBytes.shared,
  };
  const writer = hostThread<WriterMethods>(
    new URL("./writing.ts", import.meta.url),
    () => [{ ...rest, defaultKeyHash: sha256(defaultKey), gauges }],
    { onCrash, onNotice: onDamage },
  );
  const accounts = await writer.open();
  const identity = identityOfStore(rest.dataDir);
  const keyring = createKeyring(accounts, givenKey);
  const refusals = createRefusals();
  const unknownCounts = createUnknownCounts();

  let storage: StorageKind = { state: "ok", isRefusing: false };
  async function followStorage(): Promise<void> {
    for (;;) {
      const status: StorageStatus = await writer.call("storageAfter", [storage]);
      storage = status;
      onStorage(status);
    }
  }
  // It ends with the thread.
  followStorage().catch(() => {});

  const underWay = new Set<Promise<Receipt>>();
  const { maxBodyBytes, unknownFields } = rest;
  const lane = createLane(writer, { maxBodyBytes, unknownFields }, onCrash);

  let stalls = 0;
  async function watchStalls(): Promise<never> {
    while (true) {
      const stall = await writer.call("nextStall", []);
      stalls++;
      onStall(stall);
    }
  }
  // Until the thread ends.
  watchStalls().catch(() => {});

  let written: Promise<void> = Promise.resolve();

  /** One after the other: who asks finds stored also what an earlier write has taken. */
  function writeNotes(): Promise<void> {
    return (written = written.catch(() => {}).then(writeNow));
  }

  async function writeNow(): Promise<void> {
    const unknown = unknownCounts.take();
    const notes = { ...refusals.take(), uses: keyring.takeUses(), unknown };
    if (Object.values(notes).every((list) => list.length === 0)) return;
    try {
      for (const note of await writer.call("note", [notes])) onUnknown(note);
    } catch (cause) {
      // What cannot be noted on a full disk is lost with its reason; the senders were told.
      if (!(cause instanceof AppError)) throw cause;
    }
  }
  const notesTimer = setInterval(() => void writeNotes().catch(() => {}), notesEveryMs);
  notesTimer.unref();

  return {
    admission: createAdmission(),
    keyring,
    refusals,
    writer,
    isDraining: false,
    get buffered() {
      return buffered.value!;
    },
    get stalls() {
      return stalls;
    },
    get latestChange() {
      return latestChange.value!;
    },
    checkStorage() {
      if (storage.isRefusing) throw storageUnavailable(storage.state);
    },
    get storage() {
      return { state: storage.state, freeBytes: freeBytes.value };
    },
    checkPlace() {
      if (identityOfStore(rest.dataDir) !== identity) throw storageUnavailable("gone");
    },
    deliver(delivery, whenDone) {
      const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
      let late: AppError | null = null;
      const deadline = setTimeout(() => reject((late = commitTookTooLong())), commitDeadlineMs);
      const stored = isLarge(delivery)
        ? lane.deliver(delivery, () => late)
        : writer.call("ingest", [delivery], [delivery.body]);
      const counted = stored.then((receipt) => {
        if (delivery.client) unknownCounts.note(delivery.client, receipt.unknown, Date.now());
        return receipt;
      });
      underWay.add(counted);
      counted.then(resolve, reject).finally(() => {
        clearTimeout(deadline);
        underWay.delete(counted);
        whenDone();
      });
      return promise;
    },
    writeNotes,
    async close() {
      clearInterval(notesTimer);
      await Promise.allSettled(underWay);
      await lane.close();
      await writeNotes().catch(() => {});
      await writer.close();
    },
  };
}

/** A compressed body may be a thousand times as large as it looks. */
function isLarge({ body, compression }: Delivery): boolean {
  const isPlain = compression === null || compression.trim().toLowerCase() === "identity";
  return body.byteLength > (isPlain ? largeBodyBytes : largeBodyBytes / 256);
}

function commitTookTooLong(): AppError {
  return new AppError("buffer_full", "ingest buffer full", {
    hint: "the commit took too long; sending it again is safe",
    retryAfterSeconds: Math.ceil(commitDeadlineMs / 1000),
  });
}

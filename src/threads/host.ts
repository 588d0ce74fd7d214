/**
 * Calls between threads: a thread serves named methods, another calls them and awaits the answers.
 * Knows nothing of what is called. Answers of one turn travel in one message, since posting a
 * message costs 5 to 10 µs whatever its size.
 */
import { requireDescriptors } from "../descriptors.ts";
import { AppError, type ErrorCode, type ErrorDetails } from "../errors.ts";

type Methods = Record<string, (...args: any[]) => unknown>;

/** Of a call that nobody awaits. */
const restId = -1;

type Call = [id: number, method: string, args: unknown[]];
/** With the id 0 the value is a notice. */
type Answer = [id: number, failure: Failure | null, value: unknown];
type Failure = { code: ErrorCode; message: string; details: ErrorDetails } | { bug: string };

/** Those of this process, for all that is to be said to each. */
const workers = new Set<Worker>();

/** Has every thread let go of memory that it holds only to be fast. */
export function restThreads(): void {
  for (const worker of workers) worker.postMessage([restId, "", []] satisfies Call);
}

/** The calling side of a thread that serves `M`. */
export interface Thread<M extends Methods> {
  /**
   * @throws what the method throws: an `AppError` as it was, a bug as an `Error` with its stack.
   */
  call<K extends keyof M & string>(
    method: K,
    args: Parameters<M[K]>,
    transfer?: ArrayBuffer[],
  ): Promise<Awaited<ReturnType<M[K]>>>;
  /** Resolves when the thread is gone, and with it every file that it held open. */
  terminate(): Promise<void>;
}

/**
 * Starts a worker and connects to it. Calls may be made at once: they wait for it to be ready.
 *
 * @param onCrash is told when the thread dies; everything awaited has been rejected by then, and what is
 *   called later is.
 * @param onNotice is given what the thread says unasked.
 * @throws AppError `buffer_full` where the system might not have what it takes: try again later.
 */
export function startThread<M extends Methods>(
  url: URL,
  onCrash: (cause: Error) => void,
  onNotice: (notice: string) => void = () => {},
): Thread<M> {
  requireDescriptors();
  const worker = new Worker(url.href);
  workers.add(worker);
  const pending = new Map<
    number,
    { resolve: (value: any) => void; reject: (cause: unknown) => void }
  >();
  let lastId = 0;
  let crash: Error | null = null;

  worker.onmessage = ({ data }: MessageEvent<Answer[]>) => {
    for (const [id, failure, value] of data) {
      if (id === 0) {
        onNotice(value as string);
        continue;
      }
      const waiter = pending.get(id);
      pending.delete(id);
      if (failure) waiter?.reject(toError(failure));
      else waiter?.resolve(value);
    }
  };
  worker.addEventListener("close", () => workers.delete(worker));
  worker.onerror = (event) => {
    crash = new Error(`a thread crashed: ${event.message}`);
    for (const { reject } of pending.values()) reject(crash);
    pending.clear();
    onCrash(crash);
  };

  return {
    call(method, args, transfer = []) {
      if (crash) return Promise.reject(crash);
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        worker.postMessage([id, method, args] satisfies Call, transfer);
      });
    },
    terminate() {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (crash) resolve();
      worker.addEventListener("close", () => resolve());
      worker.terminate();
      return promise;
    },
  };
}

/** A thread that starts with the first call; where it cannot start, the next call tries again. */
export interface LaterThread<M extends Methods> extends Pick<Thread<M>, "call"> {
  /** Calls its `close` and ends it, if it was started and was not ended before. */
  close(): Promise<void>;
}

/** @param start starts the thread and tells it what to open. */
export function startLater<M extends Methods & { close(): void }>(
  start: () => Thread<M>,
): LaterThread<M> {
  let thread: Thread<M> | null = null;
  let isClosed = false;

  async function started(): Promise<Thread<M>> {
    // A client that goes on asking must not open a file behind the one that closes it.
    if (isClosed) throw new AppError("shutting_down", "shutting down", { retryAfterSeconds: 1 });
    return (thread ??= start());
  }

  return {
    call: (method, args) => started().then((thread) => thread.call(method, args)),
    async close() {
      isClosed = true;
      const ending = thread;
      thread = null;
      // A thread that crashed has let go of it.
      await ending?.call("close", [] as unknown as Parameters<M["close"]>).catch(() => {});
      // SQLite keeps a closed connection with statements half alive; the end of the thread does not.
      await ending?.terminate();
    },
  };
}

declare const self: { onmessage: (event: MessageEvent<Call>) => void };

/**
 * To be called once in a worker's entry file.
 *
 * @param rest lets go of what is not JavaScript's.
 */
export function serveThread(methods: Methods, rest: () => void = () => {}): void {
  let answers: Answer[] = [];
  const send = () => {
    postMessage(answers);
    answers = [];
  };
  const answer = (id: number, failure: Failure | null, value: unknown) => {
    if (answers.length === 0) queueMicrotask(send);
    answers.push([id, failure, value]);
  };
  self.onmessage = async ({ data: [id, method, args] }: MessageEvent<Call>) => {
    if (id === restId) {
      rest();
      Bun.gc(true);
      return;
    }
    try {
      answer(id, null, await methods[method]!(...args));
    } catch (cause) {
      answer(id, toFailure(cause), null);
    }
  };
}

/** Says something to whoever started this thread. */
export function giveNotice(notice: string): void {
  postMessage([[0, null, notice]] satisfies Answer[]);
}

function toFailure(cause: unknown): Failure {
  if (!(cause instanceof AppError)) return { bug: (cause as Error).stack ?? String(cause) };
  const { code, message, hint, issues, retryAfterSeconds, extra } = cause;
  return { code, message, details: { hint, issues, retryAfterSeconds, extra } };
}

function toError(failure: Failure): Error {
  if ("bug" in failure) return Object.assign(new Error("a thread failed"), { stack: failure.bug });
  return new AppError(failure.code, failure.message, failure.details);
}

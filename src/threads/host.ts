/**
 * Calls between threads: a thread serves named methods, another hosts it, calls them and awaits the answers.
 * Knows nothing of what is called. Answers of one turn travel in one message, since posting a
 * message costs 5 to 10 µs whatever its size.
 */
import { requireDescriptors } from "../descriptors.ts";
import { AppError, type ErrorCode, type ErrorDetails } from "../errors.ts";

type Methods = Record<string, (...args: any[]) => unknown>;

/** What a thread serves beside its own methods: `open` comes before all others, `close` after them. */
export type Served = Methods & { open(...args: any[]): unknown; close(): unknown };

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
export interface Thread<M extends Served> {
  /** Starts it now, where no call has. @returns what its `open` returns, @throws what that throws. */
  open(): Promise<Awaited<ReturnType<M["open"]>>>;
  /**
   * Starts it at need.
   *
   * @throws what the method throws: an `AppError` as it was, a bug as an `Error` with its stack. Where the
   *   thread could not start or open, why; the next call tries again. Once it crashed, with what.
   */
  call<K extends keyof M & string>(
    method: K,
    args: Parameters<M[K]>,
    transfer?: ArrayBuffer[],
  ): Promise<Awaited<ReturnType<M[K]>>>;
  /**
   * Calls its `close` and ends it, if it was started; no call starts it any more. Resolves when it is gone, and
   * with it every file that it held open.
   */
  close(): Promise<void>;
}

export interface ThreadEvents {
  /** The thread died; everything awaited has been rejected by then. */
  onCrash: (cause: Error) => void;
  /** What the thread says unasked. */
  onNotice?: (notice: string) => void;
}

/** A worker that was started, and the calls that wait for its answer. */
interface Running {
  worker: Worker;
  pending: Map<number, { resolve: (value: any) => void; reject: (cause: unknown) => void }>;
  opened: Promise<any>;
}

/**
 * Hosts a thread that starts with the first call.
 *
 * @param toOpen what its `open` is given; throws where it cannot be started now.
 */
export function hostThread<M extends Served>(
  url: URL,
  toOpen: () => Parameters<M["open"]>,
  { onCrash, onNotice = () => {} }: ThreadEvents,
): Thread<M> {
  let running: Running | null = null;
  let lastId = 0;
  let crash: Error | null = null;
  let isClosed = false;

  /** @throws AppError `buffer_full` where the system might not have what it takes: try again later. */
  function start(): Running {
    requireDescriptors();
    const args = toOpen();
    const worker = new Worker(url.href);
    const started: Running = { worker, pending: new Map(), opened: Promise.resolve() };
    const { pending } = started;
    workers.add(worker);
    worker.addEventListener("close", () => workers.delete(worker));
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
    worker.onerror = (event) => {
      crash = new Error(`a thread crashed: ${event.message}`);
      rejectAll(started, crash);
      onCrash(crash);
    };
    started.opened = post(started, "open", args, []);
    started.opened.catch((cause) => {
      if (running === started) running = null;
      // What was called meanwhile would only fail by what failed here.
      rejectAll(started, cause);
      if (!crash) worker.terminate();
    });
    return started;
  }

  function rejectAll({ pending }: Running, cause: unknown): void {
    for (const { reject } of pending.values()) reject(cause);
    pending.clear();
  }

  /** @throws why it does not run. */
  function run(): Running {
    if (crash) throw crash;
    // A client that goes on asking must not open a file behind the one that closes it.
    if (isClosed) throw new AppError("shutting_down", "shutting down", { retryAfterSeconds: 1 });
    return (running ??= start());
  }

  function post<T>(
    { worker, pending }: Running,
    method: string,
    args: unknown[],
    transfer: ArrayBuffer[],
  ): Promise<T> {
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject });
      worker.postMessage([id, method, args] satisfies Call, transfer);
    });
  }

  return {
    open: async () => run().opened,
    async call(method, args, transfer = []) {
      return post<any>(run(), method, args, transfer);
    },
    async close() {
      isClosed = true;
      const ending = running;
      running = null;
      // A thread that crashed has let go of it.
      if (!ending || crash) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      ending.worker.addEventListener("close", () => resolve());
      try {
        await post(ending, "close", [], []);
      } finally {
        // SQLite keeps a closed connection with statements half alive; the end of the thread does not.
        ending.worker.terminate();
      }
      await promise;
    },
  };
}

declare const self: { onmessage: (event: MessageEvent<Call>) => void };

/**
 * To be called once in a worker's entry file.
 *
 * @param rest lets go of what is not JavaScript's.
 */
export function serveThread(methods: Served, rest: () => void = () => {}): void {
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

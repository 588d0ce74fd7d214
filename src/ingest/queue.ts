/**
 * Batches on their way to the store. Whatever waits is stored together, as soon as what was stored before is
 * durable; only then is it answered.
 *
 * No timer delays that: where nothing is under way a batch is stored at once, and where much comes the next
 * time finds what came in meanwhile and takes it together.
 */
import type { Batch, Fresh } from "../backend/batch.ts";
import type { Writer } from "../backend/writer.ts";
import { AppError } from "../errors.ts";
import { drain, drainAtRows, ring as ringLimits } from "../limits.ts";
import { Ring, type Weight } from "./ring.ts";
import { timed } from "./stalls.ts";

export interface Queue {
  /** Resolves when the batch is stored, with what of it is new. @throws AppError `buffer_full`, and as the store has it. */
  submit(batch: Batch, weight: Weight): Promise<Fresh>;
  /** Resolves once all that came before is stored or refused. */
  drained(): Promise<void>;
}

interface Waiting {
  batch: Batch;
  weight: Weight;
  resolve: (fresh: Fresh) => void;
  reject: (cause: unknown) => void;
}

/** @param onBuffered is told how many rows wait. */
export function createQueue(
  writer: Pick<Writer, "apply">,
  onBuffered: (rows: number) => void,
): Queue {
  const ring = new Ring<Waiting>(ringLimits);
  let isScheduled = false;
  let isUnderWay = false;
  /** What came last, which is answered last. */
  let last: Promise<Fresh> | null = null;

  async function store(taken: Waiting[]): Promise<void> {
    isUnderWay = true;
    const sum = (field: keyof Weight) =>
      taken.reduce((total, { weight }) => total + weight[field], 0);
    try {
      const results = await timed(
        () => commitOf(sum("rows")),
        () =>
          writer.apply(
            taken.map(({ batch }) => batch),
            sum("bytes"),
          ),
      );
      for (const [at, result] of results.entries()) {
        if (result.status === "fulfilled") taken[at]!.resolve(result.value);
        else taken[at]!.reject(result.reason);
      }
    } catch (cause) {
      for (const { reject } of taken) reject(cause);
    } finally {
      isUnderWay = false;
      if (ring.rows > 0) schedule();
    }
  }

  function drainOnce(): void {
    if (isUnderWay) return;
    const taken = ring.take(drain);
    onBuffered(ring.rows);
    if (taken.length > 0) void store(taken);
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      drainOnce();
    });
  }

  return {
    submit(batch, weight) {
      const { promise, resolve, reject } = Promise.withResolvers<Fresh>();
      if (!ring.push({ batch, weight, resolve, reject }, weight)) {
        throw new AppError("buffer_full", "ingest buffer full", { retryAfterSeconds: 1 });
      }
      last = promise;
      onBuffered(ring.rows);
      if (ring.rows >= drainAtRows) drainOnce();
      else schedule();
      return promise;
    },
    async drained() {
      drainOnce();
      await last?.catch(() => {});
    },
  };
}

const commitOf = (rows: number) => `commit of ${rows} ${rows === 1 ? "span" : "spans"}`;

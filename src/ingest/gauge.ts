/** A whole number that one thread says and others see without asking and waiting; null where it is not known. */
export class Gauge {
  /** To be handed to the other threads, which make a gauge of it. */
  readonly shared: SharedArrayBuffer;
  readonly #cell: BigInt64Array;

  constructor(shared = new SharedArrayBuffer(8)) {
    this.shared = shared;
    this.#cell = new BigInt64Array(shared);
  }

  get value(): number | null {
    const value = Number(Atomics.load(this.#cell, 0));
    return value < 0 ? null : value;
  }

  set value(value: number | null) {
    Atomics.store(this.#cell, 0, BigInt(value ?? -1));
  }
}

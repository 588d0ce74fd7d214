/** Whole numbers from 0 to 2^53 - 1 in 1 to 8 bytes, seven bits each, the lowest first (LEB128). */

export class ByteWriter {
  #bytes: Buffer<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 64) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#length;
  }

  varint(value: number): void {
    this.#reserve(8);
    // Bit operators see 32 bits only.
    while (value > 0x7f) {
      this.#bytes[this.#length++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#length++] = value;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What another writer holds: without a view of it, which costs more than the bytes. */
  append(other: ByteWriter): void {
    this.#reserve(other.#length);
    other.#bytes.copy(this.#bytes, this.#length, 0, other.#length);
    this.#length += other.#length;
  }

  /** A text of known length in UTF-8. */
  text(text: string, byteLength: number): void {
    this.#reserve(byteLength);
    this.#bytes.write(text, this.#length, byteLength, "utf8");
    this.#length += byteLength;
  }

  /** What was written, as bytes of its own. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.buffer.slice(0, this.#length));
  }

  /** What was written, until more is. */
  view(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#length + bytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

export class ByteReader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** The byte that is read next, undefined at the end. */
  get next(): number | undefined {
    return this.#bytes[this.at];
  }

  /** @throws Error where the bytes end within the number. */
  varint(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) throw new Error("the bytes end within a number");
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  }

  /** @throws Error where there are fewer bytes. */
  raw(length: number): Buffer {
    const end = this.at + length;
    if (end > this.#bytes.length) throw new Error("the bytes end too early");
    const part = this.#bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }
}

/** Small numbers of either sign as small numbers: 0, -1, 1, -2 … as 0, 1, 2, 3 … */
export function toZigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function fromZigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

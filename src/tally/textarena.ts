/** Short texts in few large buffers: a million strings would be a million objects. */

const chunkBytes = 64 * 1024;
/** Texts begin at multiples of this, so that a place fits into 32 bits. */
const unit = 4;
const unitsPerChunk = chunkBytes / unit;
/** The length in UTF-16 code units, times 2, and whether each takes two bytes. */
const headBytes = 4;

export class TextArena {
  readonly #chunks: Buffer[] = [];
  #used = chunkBytes;

  /** @returns the place of the text. */
  add(text: string): number {
    const isWide = !/^[\0-\xff]*$/.test(text);
    const bytes = headBytes + text.length * (isWide ? 2 : 1);
    if (this.#used + bytes > chunkBytes) {
      // One that is longer has a chunk of its own.
      this.#chunks.push(Buffer.alloc(Math.max(chunkBytes, bytes)));
      this.#used = 0;
    }
    const chunk = this.#chunks.at(-1)!;
    const at = this.#used;
    chunk.writeUInt32LE(text.length * 2 + Number(isWide), at);
    chunk.write(text, at + headBytes, isWide ? "utf16le" : "latin1");
    this.#used = Math.ceil((at + bytes) / unit) * unit;
    return (this.#chunks.length - 1) * unitsPerChunk + at / unit;
  }

  get(place: number): string {
    const chunk = this.#chunks[Math.floor(place / unitsPerChunk)]!;
    const at = (place % unitsPerChunk) * unit;
    const head = chunk.readUInt32LE(at);
    const from = at + headBytes;
    return (head & 1) === 1
      ? chunk.toString("utf16le", from, from + head - 1)
      : chunk.toString("latin1", from, from + head / 2);
  }
}

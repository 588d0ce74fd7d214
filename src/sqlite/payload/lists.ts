/**
 * Lists: a payload as the pieces that it consists of, in bytes that stand in the span's row.
 *
 * A row's bytes are entries, one a payload, numbered from 0. An entry is a varint (length * 8 +
 * slot, slot 0 for one that another version of the span has superseded), then the list. Of a slot
 * from 8 on that has the lowest three bits; what is above them stands before it, in what would be a
 * superseded list of one byte that is not 0 (no list is: 0 says that it has no base, a base has more
 * bytes), and is no entry of its own. A list is the base
 * (0, or 1 + the zigzag distance to the number of an earlier span, the number of its entry and how
 * many of its tokens to take), then further tokens. A token is a varint whose lowest two bits say
 * what it is: 0 a piece of the same trace, as zigzag distance from the one after the last; 1 a
 * literal of so many bytes; 2 a piece of another trace, its key follows; 3 likewise, as distance
 * from the one after the last.
 */
import { spanKeyOf, traceKeyOf } from "../../tally/numbers.ts";
import { ByteReader, fromZigzag, toZigzag, type ByteWriter } from "../../varint.ts";

/** A piece by its key, or a short text as it is. */
export type Token = number | string;

export interface Base {
  /** The number of the span within the trace. */
  span: number;
  entry: number;
  tokens: number;
}

export interface Entry {
  /** The payload's number from 1; 0 where the span has another version now. */
  slot: number;
  list: Buffer;
}

export function readEntries(bytes: Uint8Array): Entry[] {
  const reader = new ByteReader(bytes);
  const entries: Entry[] = [];
  while (!reader.isAtEnd) {
    const { slot, length } = readHead(reader);
    entries.push({ slot, list: reader.raw(length) });
  }
  return entries;
}

/** The head of a superseded list of one byte, which is what stands before a slot from 8 on, too. */
const oneByte = 8;

/** SQL for a column of lists that holds wherever one has a slot from 8 on, and seldom elsewhere. */
export function mayHaveSlotFrom8(column: string): string {
  return `instr(${column}, X'0${oneByte}01') > 0`;
}

function readHead(reader: ByteReader): { slot: number; length: number } {
  let head = reader.varint();
  let high = 0;
  if (head === oneByte && reader.next !== 0) {
    high = reader.varint();
    head = reader.varint();
  }
  return { slot: high * 8 + (head % 8), length: Math.floor(head / 8) };
}

/** The numbers of the payloads that a row has, without their lists. */
export function readSlots(bytes: Uint8Array): number[] {
  const reader = new ByteReader(bytes);
  const slots: number[] = [];
  while (!reader.isAtEnd) {
    const { slot, length } = readHead(reader);
    if (slot > 0) slots.push(slot);
    reader.at += length;
  }
  return slots;
}

export function writeEntry(to: ByteWriter, { slot, list }: Entry): void {
  writeHead(to, slot, list.length);
  to.raw(list);
}

function writeHead(to: ByteWriter, slot: number, length: number): void {
  if (slot >= 8) {
    to.varint(oneByte);
    to.varint(Math.floor(slot / 8));
  }
  to.varint(length * 8 + (slot % 8));
}

/** The same, for a list that was just written. */
export function appendEntry(to: ByteWriter, slot: number, list: ByteWriter): void {
  writeHead(to, slot, list.length);
  to.append(list);
}

/** @param span the number of the span whose list it is, `traceKey` the trace's. */
export function writeList(
  to: ByteWriter,
  { span, traceKey }: { span: number; traceKey: number },
  base: Base | null,
  tokens: Token[],
): void {
  to.varint(base ? 1 + toZigzag(span - base.span) : 0);
  if (base) {
    to.varint(base.entry);
    to.varint(base.tokens);
  }
  const first = spanKeyOf(traceKey, 0);
  let own = 0;
  let foreign = Infinity;
  for (const token of tokens) {
    if (typeof token === "string") {
      const length = Buffer.byteLength(token);
      to.varint(length * 4 + 1);
      to.text(token, length);
    } else if (traceKeyOf(token) === traceKey) {
      to.varint(toZigzag(token - first - own) * 4);
      own = token - first + 1;
    } else {
      const isNear = token >= foreign && token - foreign < 2 ** 20;
      to.varint(isNear ? (token - foreign) * 4 + 3 : 2);
      if (!isNear) to.varint(token);
      foreign = token + 1;
    }
  }
}

export function readList(
  list: Uint8Array,
  { span, traceKey }: { span: number; traceKey: number },
): { base: Base | null; tokens: Token[] } {
  const reader = new ByteReader(list);
  const distance = reader.varint();
  const base =
    distance === 0
      ? null
      : { span: span - fromZigzag(distance - 1), entry: reader.varint(), tokens: reader.varint() };
  const tokens: Token[] = [];
  const first = spanKeyOf(traceKey, 0);
  let own = 0;
  let foreign = 0;
  while (!reader.isAtEnd) {
    const head = reader.varint();
    const value = Math.floor(head / 4);
    if (head % 4 === 1) {
      tokens.push(reader.raw(value).toString());
    } else if (head % 4 === 0) {
      own += fromZigzag(value);
      tokens.push(first + own++);
    } else {
      foreign = head % 4 === 2 ? reader.varint() : foreign + value;
      tokens.push(foreign++);
    }
  }
  return { base, tokens };
}

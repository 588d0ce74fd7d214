/** Protobuf by hand, for messages that no encoder writes. */
import { bytes, varint } from "../../src/otlp/wire.ts";

export function varintOf(value: number | bigint): Buffer {
  const parts: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 128n; rest >>= 7n) parts.push(Number(rest & 127n) | 128);
  return Buffer.from([...parts, Number(rest)]);
}

export function fieldOf(field: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([varintOf(bytes(field)), varintOf(content.length), content]);
}

export function textOf(field: number, text: string): Buffer {
  return fieldOf(field, Buffer.from(text));
}

export function numberOf(field: number, value: number | bigint): Buffer {
  return Buffer.concat([varintOf(varint(field)), varintOf(value)]);
}

/** Messages within messages, each the only field of the one around it; linear in their number. */
export function nestedOf(fields: number[]): Buffer {
  const heads: Buffer[] = [];
  let length = 0;
  for (const field of fields.toReversed()) {
    const head = Buffer.concat([varintOf(bytes(field)), varintOf(length)]);
    heads.push(head);
    length += head.length;
  }
  return Buffer.concat(heads.reverse());
}

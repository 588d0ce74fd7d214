/** Arbitrary OTLP requests, and the many ways in which one can be written. */
import fc from "fast-check";
import protobuf, { type Type } from "protobufjs";
import { recordsField, type Message, type Signal } from "./second.ts";

const text = () =>
  fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.constantFrom("", "\ufeffbom", "\0", "é中😀", "x".repeat(300)),
  );
const key = () =>
  fc.oneof(
    text(),
    fc.constantFrom("a", "b", "0", "7", "__proto__", "constructor", "toString", "gen_ai.system"),
  );
const id = (size: number) =>
  fc.oneof(fc.uint8Array({ minLength: size, maxLength: size }), fc.uint8Array({ maxLength: 20 }));
const count = () =>
  fc.oneof(fc.constant(0), fc.nat(200), fc.constantFrom(127, 128, 2 ** 31, 2 ** 32 - 1));
const time = () =>
  fc
    .oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: 1_790_000_000_000_000_000n, max: 1_800_000_000_000_000_000n }),
      fc.constantFrom(0n, 1n, 999_999n, 1_000_000n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 64n - 1n),
    )
    .map(String);
const integer = () =>
  fc
    .oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.bigInt({ min: -300n, max: 300n }),
      fc.constantFrom(
        ...[31n, 32n, 53n, 63n].flatMap((bits) => [2n ** bits - 1n, -(2n ** bits)]),
        ...[31n, 32n, 53n].flatMap((bits) => [2n ** bits, 2n ** bits + 1n, -(2n ** bits) - 1n]),
      ),
    )
    .map(String);

const double = () =>
  fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE));

/** Any of the fields, or none. */
const some = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Message> =>
  fc.record(fields, { requiredKeys: [] });
const list = (item: fc.Arbitrary<unknown>, maxLength = 3) => fc.array(item, { maxLength });

const { value, pair } = fc.letrec<{ value: Message; pair: Message }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.constant({}),
      fc.record({ stringValue: text() }),
      fc.record({ boolValue: fc.boolean() }),
      fc.record({ intValue: integer() }),
      fc.record({ doubleValue: double() }),
      fc.record({ bytesValue: fc.uint8Array({ maxLength: 12 }) }),
    ),
    fc.record({ arrayValue: some({ values: list(tie("value")) }) }),
    fc.record({ kvlistValue: some({ values: list(tie("pair")) }) }),
  ),
  pair: some({ key: key(), value: tie("value") }),
}));

const span = some({
  traceId: id(16),
  spanId: id(8),
  traceState: text(),
  parentSpanId: id(8),
  name: text(),
  kind: fc.oneof(fc.nat(6), fc.nat()),
  startTimeUnixNano: time(),
  endTimeUnixNano: time(),
  attributes: list(pair, 5),
  droppedAttributesCount: count(),
  events: list(
    some({
      timeUnixNano: time(),
      name: text(),
      attributes: list(pair),
      droppedAttributesCount: count(),
    }),
  ),
  droppedEventsCount: count(),
  links: list(
    some({
      traceId: id(16),
      spanId: id(8),
      traceState: text(),
      attributes: list(pair),
      droppedAttributesCount: count(),
      flags: count(),
    }),
  ),
  droppedLinksCount: count(),
  status: some({ message: text(), code: fc.nat(3) }),
  flags: count(),
});

const log = some({
  timeUnixNano: time(),
  severityNumber: fc.nat(26),
  severityText: text(),
  body: value,
  attributes: list(pair, 5),
  droppedAttributesCount: count(),
  flags: count(),
  traceId: id(16),
  spanId: id(8),
  observedTimeUnixNano: time(),
  eventName: text(),
});

const metric = some({ name: text(), description: text(), unit: text() });

const records = { Spans: span, Logs: log, Metrics: metric };

/** A request as protobufjs takes it: 64-bit integers in decimal, ids as bytes. */
export function request(signal: Signal): fc.Arbitrary<Message> {
  const scope = some({
    name: text(),
    version: text(),
    attributes: list(pair),
    droppedAttributesCount: count(),
  });
  const ofScope = some({
    scope,
    [recordsField[signal]]: list(records[signal], 4),
    schemaUrl: text(),
  });
  const resource = some({ attributes: list(pair), droppedAttributesCount: count() });
  const ofResource = some({ resource, [`scope${signal}`]: list(ofScope), schemaUrl: text() });
  return some({ [`resource${signal}`]: list(ofResource) });
}

/** Decisions that shrink with the rest: each call takes the next one, below `limit`. */
export type Pick = (limit: number) => number;

export function picks(): fc.Arbitrary<Pick> {
  return fc.array(fc.nat(), { minLength: 1, maxLength: 60 }).map((numbers) => {
    let at = 0;
    return (limit) => (numbers[at % numbers.length]! + at++) % limit;
  });
}

/**
 * The message as another sender may have written it: fields in any order, unknown ones and known ones
 * of another type between them, scalar fields more than once.
 */
export function scramble(message: Uint8Array, type: Type, pick: Pick): Uint8Array {
  const reader = protobuf.Reader.create(message);
  const fields: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    const nested = type.fieldsById[tag >>> 3]?.resolvedType;
    if (nested instanceof protobuf.Type) {
      const inner = scramble(reader.bytes(), nested, pick);
      fields.push(protobuf.Writer.create().uint32(tag).bytes(inner).finish());
    } else {
      reader.skipType(tag & 7);
      fields.push(message.slice(start, reader.pos));
    }
  }
  if (pick(3) === 0) fields.push(again(type, pick));
  if (pick(3) === 0) fields.push(unknown(type, pick));
  for (let i = fields.length - 1; i > 0; i--) {
    const j = pick(i + 1);
    [fields[i], fields[j]] = [fields[j]!, fields[i]!];
  }
  return Buffer.concat(fields);
}

/** A scalar field of the type, or nothing where it has none. */
function again(type: Type, pick: Pick): Uint8Array {
  const scalars = type.fieldsArray.filter(
    ({ repeated, resolvedType }) => !repeated && !(resolvedType instanceof protobuf.Type),
  );
  if (scalars.length === 0) return Buffer.alloc(0);
  const field = scalars[pick(scalars.length)]!;
  const samples: Record<string, unknown[]> = {
    string: ["", "again"],
    bytes: [Buffer.alloc(0), Buffer.from("again")],
    bool: [false, true],
    double: [0, -1.5],
  };
  const [empty, other] = samples[field.type] ?? [0, 1];
  const sample = pick(2) ? other : empty;
  return type.encode({ [field.name]: sample }).finish();
}

function unknown(type: Type, pick: Pick): Uint8Array {
  const writer = protobuf.Writer.create();
  const number = [1, 2, 3, 5, 7, 9, 15, 17, 1001, 2 ** 29 - 1][pick(10)]!;
  // No known field is a group.
  const wireType = type.fieldsById[number] ? 3 : pick(6);
  const tag = number * 8 + wireType;
  switch (wireType) {
    case 0:
      return writer
        .uint32(tag)
        .uint64(2 ** 60)
        .finish();
    case 1:
      return writer.uint32(tag).double(1).finish();
    case 2:
      return writer.uint32(tag).string("unknown").finish();
    case 5:
      return writer.uint32(tag).float(1).finish();
    default: {
      const start = number * 8 + 3;
      return writer
        .uint32(start)
        .uint32(8)
        .uint32(1)
        .uint32(start + 1)
        .finish();
    }
  }
}

/** A decoded message as OTLP/JSON, in any of the spellings that the specification admits. */
export function jsonOf(message: Message, type: Type, pick: Pick): string {
  const members = type.fieldsArray.flatMap((field) => {
    const value = message[field.name];
    const isSet = Object.hasOwn(message, field.name) && value !== null;
    if (!isSet) return pick(9) ? [] : `"${field.name}": null`;
    const one = (item: unknown) => jsonValueOf(item, field, pick);
    const json = field.repeated ? `[${value.map(one)}]` : one(value);
    return `"${field.name}"${pick(2) ? " : " : ":"}${json}`;
  });
  if (pick(4) === 0) members.push('"unknown": [{"intValue": 1}]');
  if (pick(2)) members.reverse();
  return `{${members.join(pick(2) ? "," : " ,\n")}}`;
}

function jsonValueOf(value: any, field: protobuf.Field, pick: Pick): string {
  const { resolvedType, type, name } = field;
  if (resolvedType instanceof protobuf.Type) return jsonOf(value, resolvedType, pick);
  if (resolvedType instanceof protobuf.Enum) {
    const known = resolvedType.valuesById[value];
    return known === undefined || pick(2) ? String(value) : JSON.stringify(known);
  }
  switch (type) {
    case "bytes": {
      if (!name.endsWith("Id")) return JSON.stringify(Buffer.from(value).toString("base64"));
      const hex = Buffer.from(value).toString("hex");
      return JSON.stringify(pick(2) ? hex : hex.toUpperCase());
    }
    case "int64":
    case "fixed64":
      return pick(2) ? String(value) : `"${value}"`;
    case "double":
      if (Object.is(value, -0)) return "-0";
      return Number.isFinite(value) && pick(2) ? String(value) : `"${value}"`;
    default:
      return JSON.stringify(value);
  }
}

/** What a span has beyond its kind's own figures: metadata, and what the wire has no field for. */
import { isObject, parseJson, toText } from "../../../messages/json.ts";
import type { SpanView } from "../../../backend/views.ts";
import { Nothing } from "../../parts/controls.tsx";
import { JsonTree } from "../../text/json.tsx";
import { DroppedNotes, Missing } from "./cuts.tsx";
import { Payload } from "../../text/payload.tsx";

type Attribute = readonly [name: string, value: string];

/** Fields that are shown elsewhere, or are the span's own identity. */
const ownFields = {
  finishReason: "finish reason",
  systemFingerprint: "fingerprint",
  kind: "kind",
  statusMessage: "status message",
  traceState: "trace state",
} as const;

export function attributesOf(span: SpanView): Attribute[] {
  const fields = span as Record<string, unknown>;
  const own = Object.entries(ownFields).flatMap(([field, name]): Attribute[] =>
    typeof fields[field] === "string" ? [[name, fields[field]]] : [],
  );
  const metadata = Object.entries(span.metadata ?? {});
  return [...own, ...metadata, ...flatten(span.attributes)];
}

/** The attributes by their names; what is no text stands as JSON. */
function flatten(json: string | null): Attribute[] {
  if (json === null || json.length > longest) return [];
  const value = parseJson(json);
  return isObject(value) ? Object.entries(value).map(([name, item]) => [name, toText(item)]) : [];
}

/** Larger ones are read in their own tab alone. */
const longest = 65_536;
const longestValue = 200;

export function AttributeList({ attributes }: { attributes: readonly Attribute[] }) {
  return (
    <dl className="facts mono">
      {attributes.map(([name, value]) => (
        <div key={name}>
          <dt className="truncated" title={name}>
            {name}
          </dt>
          <dd title={beginning(value)}>{beginning(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function beginning(value: string): string {
  return value.length > longestValue ? `${value.slice(0, longestValue)}…` : value;
}

const payloadTitles = {
  attributes: "Attributes",
  resource: "Resource",
  events: "Events",
  sources: "Sources",
} as const;
const payloadFields = Object.keys(payloadTitles) as (keyof typeof payloadTitles)[];

/** @param ofTrace what came with the trace and has no field of its own, as JSON. */
export function Attributes({ span, ofTrace }: { span: SpanView; ofTrace: string | null }) {
  const metadata = Object.entries(span.metadata ?? {});
  const payloads = payloadFields.filter((field) => typeof span[field] === "string");
  return (
    <>
      <Missing>
        <DroppedNotes span={span} />
      </Missing>
      {metadata.length === 0 && payloads.length === 0 && ofTrace === null && (
        <Nothing>No attributes came with this span.</Nothing>
      )}
      {metadata.length > 0 && (
        <section className="section">
          <h3>Metadata</h3>
          <AttributeList attributes={metadata} />
        </section>
      )}
      {payloads.map((field) => (
        <section key={field} className="section">
          <h3>{payloadTitles[field]}</h3>
          <Payload trace={span.traceKey} span={span.key} field={field} />
        </section>
      ))}
      {ofTrace !== null && (
        <section className="section">
          <h3>Of the trace</h3>
          <JsonTree text={ofTrace} />
        </section>
      )}
    </>
  );
}

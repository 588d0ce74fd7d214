/** The metadata and attributes of a span, including those that have no field in the ingest format. */
import type { SpanView } from "../../../backend/views.ts";
import { isObject, parseJson, toText } from "../../../messages/json.ts";
import { EmptyState } from "../../parts/controls.tsx";
import { JsonTree } from "../../text/json.tsx";
import { Payload } from "../../text/payload.tsx";
import { DroppedNotes, Missing } from "./cuts.tsx";

type Attribute = readonly [name: string, value: string];

/** Fields shown elsewhere, and fields that identify the span. */
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

/** Attributes by name; values other than texts as JSON. */
function flatten(json: string | null): Attribute[] {
  if (json === null || json.length > maxLength) return [];
  const value = parseJson(json);
  return isObject(value) ? Object.entries(value).map(([name, item]) => [name, toText(item)]) : [];
}

/** Longer values are shown only on their own tab. */
const maxLength = 65_536;
const maxValueLength = 200;

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
  return value.length > maxValueLength ? `${value.slice(0, maxValueLength)}…` : value;
}

const payloadTitles = {
  attributes: "Attributes",
  resource: "Resource",
  events: "Events",
  sources: "Sources",
} as const;
const payloadFields = Object.keys(payloadTitles) as (keyof typeof payloadTitles)[];

/** @param ofTrace the trace's attributes without a field of their own, as JSON. */
export function Attributes({ span, ofTrace }: { span: SpanView; ofTrace: string | null }) {
  const metadata = Object.entries(span.metadata ?? {});
  const payloads = payloadFields.filter((field) => typeof span[field] === "string");
  return (
    <>
      <Missing>
        <DroppedNotes span={span} />
      </Missing>
      {metadata.length === 0 && payloads.length === 0 && ofTrace === null && (
        <EmptyState>This span has no attributes.</EmptyState>
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
          <h3>Trace attributes</h3>
          <JsonTree text={ofTrace} />
        </section>
      )}
    </>
  );
}

/** The identity of a span: names, session, workflow, customer, and metadata. */
import type { Span, TraceHeader } from "../contract/v1.ts";
import { wire } from "../limits.ts";
import { exceptionOf, type SpanStatus, type SpanType } from "./kind.ts";
import type { Attributes, SpanRecord } from "./records.ts";
import type { Dialect, Keys } from "./sender.ts";
import { mapOf, textOf, toText } from "./values.ts";

/** A text within the limit; a longer one stays only in the attributes. */
export function fitting(text: string | undefined, maxLength: number): string | undefined {
  return text !== undefined && text.length <= maxLength ? text : undefined;
}

export interface Models {
  /** The model that answered, else the requested one. */
  modelId: string | undefined;
  /** The requested model, if a different one answered. */
  requestModelId: string | undefined;
}

export function modelsOf(span: SpanRecord, dialect: Dialect): Models {
  const { attributes } = span;
  const { responseModel, requestModel } = dialect.keys;
  const answered = fitting(textOf(attributes, responseModel), wire.modelIdLength);
  const asked = fitting(
    textOf(attributes, requestModel) ?? dialect.model(span),
    wire.modelIdLength,
  );
  const isOther = answered !== undefined && asked !== answered;
  return { modelId: answered ?? asked, requestModelId: isOther ? asked : undefined };
}

/** @param model from `modelsOf`. */
export function nameOf(
  span: SpanRecord,
  type: SpanType,
  dialect: Dialect,
  model: string | undefined,
  scopeName: string,
): string {
  const { attributes } = span;
  const tool = type === "tool" ? textOf(attributes, dialect.keys.toolName) : undefined;
  const operation = textOf(attributes, ["gen_ai.operation.name"]);
  const name =
    tool ||
    dialect.spanName(span, type) ||
    span.name ||
    (operation && model ? `${operation} ${model}` : operation) ||
    scopeName;
  return name.slice(0, wire.spanNameLength);
}

export function errorMessageOf(
  span: SpanRecord,
  status: SpanStatus,
  keys: Keys,
): string | undefined {
  if (status === "ok") return undefined;
  const message =
    (span.statusMessage || undefined) ??
    textOf(exceptionOf(span), ["exception.message"]) ??
    textOf(span.attributes, keys.errorMessage) ??
    textOf(exceptionOf(span), ["exception.type"]);
  return message?.slice(0, wire.errorMessageLength);
}

/** The agent and workflow of a resource, for spans that do not name them. */
export function ownersOf(
  resource: Attributes,
  keys: Keys,
): { sessionId?: string; customerId?: string } {
  const sessionId = fitting(textOf(resource, keys.sessionId), wire.idLength);
  const customerId = fitting(textOf(resource, keys.customerId), wire.idLength);
  return { ...(sessionId && { sessionId }), ...(customerId && { customerId }) };
}

/** The trace-level fields of this span. Only a root span names the trace. */
export function headerOf(
  span: SpanRecord,
  type: SpanType,
  name: string,
  dialect: Dialect,
  serviceName: string,
  owners: ReturnType<typeof ownersOf>,
): TraceHeader {
  const { attributes } = span;
  const { keys } = dialect;
  const isRoot = span.parentSpanId === "";
  const traceName =
    dialect.traceName(span) ?? textOf(attributes, keys.traceName) ?? (isRoot ? name : undefined);
  const agentName = textOf(attributes, keys.agentName) ?? dialect.agentName(span, type);
  const workflowName = fitting(
    textOf(attributes, keys.workflowName) ?? dialect.workflowName(span),
    wire.traceTextLength,
  );
  const workflowRunId = fitting(textOf(attributes, keys.workflowRunId), wire.idLength);
  const sessionId = fitting(textOf(attributes, keys.sessionId), wire.idLength) ?? owners.sessionId;
  const customerId =
    fitting(textOf(attributes, keys.customerId), wire.idLength) ?? owners.customerId;
  const header: TraceHeader = {};
  if (traceName) header.traceName = traceName.slice(0, wire.traceTextLength);
  if (agentName) header.agentName = agentName.slice(0, wire.traceTextLength);
  if (workflowName) {
    header.workflowName = workflowName;
    header.workflowRunId = workflowRunId ?? span.traceId;
  }
  if (sessionId) header.sessionId = sessionId;
  if (customerId) header.customer = { id: customerId };
  if (serviceName) header.x = { serviceName: serviceName.slice(0, wire.traceTextLength) };
  return header;
}

/**
 * The user's metadata, as far as it fits into the contract's maps; all of it stays in the attributes.
 */
export function metadataOf(
  attributes: Attributes,
  { keys, metadataPrefixes }: Dialect,
): Span["metadata"] {
  const found: [string, string][] = [];
  const add = (key: string, text: string) => {
    const fits = key.length <= wire.mapKeyLength && text.length <= wire.mapValueLength;
    if (fits && key !== "__proto__" && found.length < wire.mapKeys) found.push([key, text]);
  };
  for (const prefix of metadataPrefixes) {
    for (const key in attributes) {
      if (key.startsWith(prefix) && key.length > prefix.length) {
        add(key.slice(prefix.length), toText(attributes[key]!));
      }
    }
  }
  const whole = mapOf(attributes["metadata"]);
  for (const key of Object.keys(whole)) add(key, toText(whole[key]!));
  const tags = keys.tags.find((key) => attributes[key] !== undefined);
  if (tags !== undefined) add("tags", toText(attributes[tags]!));
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

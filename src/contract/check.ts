/**
 * From text to a checked payload, in the order of the wire contract: size, JSON, schema, rules across
 * fields. A payload is accepted or refused as a whole. Error reports are built only on failure.
 */
import type { TSchema } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { ValueErrorType, type ValueError } from "@sinclair/typebox/errors";
import { AppError, type Issue } from "../errors.ts";
import { wire } from "../limits.ts";
import { excessOf, faultOf } from "./scan.ts";
import { parseExactly, setUnknownAside, type Aside, type UnknownField } from "./unknown.ts";
import {
  droppedFields,
  findMapProblem,
  ImportedPayload,
  ImportedSpan,
  levels,
  open,
  Payload,
  Span,
  type Trace,
} from "./v1.ts";

/** Where a payload comes from, and how it is checked. */
export interface IngestRules {
  /** `keep` stores unknown keys as attributes instead of refusing them. */
  unknownFields: "reject" | "keep";
  /** True for imports: spans can have further fields under `x`. */
  imported?: boolean;
}

/** The schemas of one source: of the whole payload, and of its levels for error reports. */
type Schemas = Record<"payload" | "head" | "trace" | "span", TSchema>;

const head = levels.payload;
const ingest: Schemas = { payload: Payload, head, trace: levels.trace, span: Span };
const imports: Schemas = {
  ...{ payload: ImportedPayload, head },
  ...{ trace: levels.importedTrace, span: ImportedSpan },
};

const lenient = new Map<Schemas, Schemas>();

/** The same schemas, with unknown keys allowed. */
function lenientOf(schemas: Schemas): Schemas {
  let found = lenient.get(schemas);
  if (!found) {
    const { payload, head, trace, span } = schemas;
    found = { payload: open(payload), head: open(head), trace: open(trace), span: open(span) };
    lenient.set(schemas, found);
  }
  return found;
}

export interface ParsedPayload {
  /**
   * As sent, without what the contract drops (deprecated arrays, `__proto__` keys of maps, whitespace
   * around an image URL), and with unknown fields as attributes.
   */
  payload: Payload;
  unknown: UnknownField[];
}

/**
 * Parses and checks one request's text.
 *
 * @throws AppError `invalid_json` or `invalid_payload`, the latter with at most 20 issues.
 */
export function parsePayload(text: string, rules: IngestRules): ParsedPayload {
  const excess = excessOf(text);
  if (excess !== null) throw invalid([{ code: "too_big", path: [], message: excess }]);
  let value = parseJson(text);
  const schemas = rules.imported ? imports : ingest;
  let aside: Aside | null = null;
  // All objects are closed: a value that passes has no unknown keys.
  if (!compiled(schemas.payload).Check(value)) {
    if (rules.unknownFields === "reject") throw invalid(schemaIssues(value, schemas));
    const rest = lenientOf(schemas);
    if (!compiled(rest.payload).Check(value)) throw invalid(schemaIssues(value, rest));
    aside = setUnknownAside(schemas.payload, value);
    value = aside.value;
    if (!aside.isExact) aside = setUnknownAside(schemas.payload, parseExactly(text));
  }
  const payload = value as Payload;
  const issues = ruleIssues(payload);
  if (issues.length > 0) throw invalid(issues);
  for (const trace of payload.traces) normalize(trace);
  aside?.attach(payload);
  return { payload, unknown: aside?.fields ?? [] };
}

const hints = {
  empty: "the body is empty",
  incomplete: "the body is not complete JSON: it may be cut off",
  invalid: "send JSON in UTF-8; a compressed body needs Content-Encoding",
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError("invalid_json", "invalid JSON body", { hint: hints[faultOf(text)] });
  }
}

function invalid(issues: Issue[]): AppError {
  const unknown = issues.find((issue) => issue.code === "unrecognized_keys");
  return new AppError("invalid_payload", "invalid payload", {
    issues,
    hint: unknown
      ? "start the server with --unknown-fields keep to accept newer clients"
      : "each of the issues has the path to what is wrong; /api/docs has the schema",
  });
}

/** The first 20 problems of a value that failed the compiled check. */
function schemaIssues(value: unknown, schemas: Schemas): Issue[] {
  const issues: Issue[] = [];
  const seen = new Set<string>();
  const add = (schema: TSchema, part: unknown, prefix: (string | number)[]): boolean => {
    for (const error of compiled(schema).Errors(part)) {
      const issue = toIssue(error, prefix);
      // A missing field is reported twice: as missing and as having the wrong type.
      const key = JSON.stringify(issue.path);
      if (seen.has(key)) continue;
      seen.add(key);
      issues.push(issue);
      if (issues.length >= wire.issues) return false;
    }
    return true;
  };
  // Level by level with compiled checks: the slow reporter sees only what failed. Run over the
  // whole of 10 MiB it would take over a second to reach a fault in the last span.
  if (!add(schemas.head, shortened(value, "traces", wire.tracesPerPayload), [])) return issues;
  const traces = (value as { traces?: unknown } | null)?.traces;
  if (!Array.isArray(traces)) return issues;
  for (const [t, trace] of traces.entries()) {
    const short = shortened(trace, "spans", wire.spansPerTrace);
    if (!compiled(schemas.trace).Check(short) && !add(schemas.trace, short, ["traces", t]))
      return issues;
    const spans = (trace as { spans?: unknown } | null)?.spans;
    if (!Array.isArray(spans)) continue;
    for (const [s, item] of spans.entries()) {
      if (
        !compiled(schemas.span).Check(item) &&
        !add(schemas.span, item, ["traces", t, "spans", s])
      )
        return issues;
    }
  }
  return issues;
}

/**
 * The object with its oversized list shortened to just above the limit: walking through millions of items
 * takes 0.5 s.
 */
function shortened(object: unknown, field: string, max: number): unknown {
  const list = (object as Record<string, unknown> | null)?.[field];
  if (!Array.isArray(list) || list.length <= max) return object;
  return { ...(object as object), [field]: list.slice(0, max + 1) };
}

const checks = new Map<TSchema, ReturnType<typeof TypeCompiler.Compile>>();

/** Compiles the schemas in advance; the first request would otherwise wait 3 ms. */
export function prepareCheck(): void {
  compiled(ingest.payload);
}

/** Compiled on first use: error reports and imports are not needed at the start. */
function compiled(schema: TSchema) {
  let check = checks.get(schema);
  if (!check) checks.set(schema, (check = TypeCompiler.Compile(schema)));
  return check;
}

function toIssue(error: ValueError, prefix: (string | number)[]): Issue {
  const path = [...prefix, ...fromPointer(error.path)];
  let message = error.message;
  if (error.type === ValueErrorType.Kind) {
    const problem = error.schema.type === "object" ? findMapProblem(error.value) : null;
    if (problem?.key != null) path.push(problem.key);
    message = problem?.message ?? `Expected a URL of at most ${wire.urlLength} characters`;
  }
  return { code: toCode(ValueErrorType[error.type] ?? ""), path: path.map(shorten), message };
}

function toCode(kind: string): string {
  if (kind === "ObjectAdditionalProperties") return "unrecognized_keys";
  if (kind.includes("Max")) return "too_big";
  if (kind.includes("Min")) return "too_small";
  if (kind === "Union" || kind === "Literal" || kind === "Kind") return "invalid_value";
  return "invalid_type";
}

/**
 * Parses an RFC 6901 pointer. Whole numbers are indexes, because no key of the contract is a number.
 */
function fromPointer(pointer: string): (string | number)[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((part) =>
      /^\d{1,15}$/.test(part) ? Number(part) : part.replaceAll("~1", "/").replaceAll("~0", "~"),
    );
}

/** Senders choose the names of unknown keys, so the size of a report must not depend on them. */
function shorten(part: string | number): string | number {
  return typeof part === "string" && part.length > wire.idLength
    ? `${part.slice(0, wire.idLength)}…`
    : part;
}

/** Checks the rules across fields. `""` counts as absent, `" "` does not. */
function ruleIssues(payload: Payload): Issue[] {
  const issues: Issue[] = [];
  const add = (path: (string | number)[], message: string) => {
    if (issues.length < wire.issues) issues.push({ code: "custom", path, message });
  };
  payload.traces.forEach((trace, t) => {
    if (!trace.traceName && !trace.agentName) {
      add(["traces", t, "traceName"], "Expected traceName or agentName to be non-empty");
    }
    if (!trace.workflowName !== !trace.workflowRunId) {
      const missing = trace.workflowName ? "workflowRunId" : "workflowName";
      add(["traces", t, missing], "Expected workflowName and workflowRunId together");
    }
    trace.spans.forEach((span, s) => {
      if (span.endTime < span.startTime) {
        add(["traces", t, "spans", s, "endTime"], "Expected endTime greater or equal to startTime");
      }
    });
  });
  return issues;
}

function normalize(trace: Trace): void {
  skipProto(trace.metadata);
  if (trace.customer?.imageUrl !== undefined)
    trace.customer.imageUrl = trace.customer.imageUrl.trim();
  for (const span of trace.spans) {
    skipProto(span.metadata);
    for (const field of droppedFields) if (span[field] !== undefined) delete span[field];
  }
}

function skipProto(map: Record<string, string> | undefined): void {
  if (map && Object.hasOwn(map, "__proto__")) delete map["__proto__"];
}

/** Finds messages by their words: all texts of all traces are looked through. */
import type { Field, Hit, Hits, Search } from "../../../src/backend/search.ts";
import { payloadFields, payloadsOf } from "../../../src/contract/fields.ts";
import type { ImportedSpan } from "../../../src/contract/v1.ts";
import { AppError } from "../../../src/errors.ts";
import { matches } from "./filter.ts";
import type { View } from "./summary.ts";

/** A text as it is searched, at the first span that has it. */
interface Unit {
  span: ImportedSpan;
  field: Field;
  message: number | null;
  text: string;
}

export function modelSearch(
  views: (nowMs: number) => View[],
  findTrace: (ref: Parameters<Search["searchTrace"]>[0]) => number,
): Search {
  function page(found: Hit[], limit: number, cursor: readonly number[] | null): Hits {
    const from = cursor?.[0] ?? 0;
    const hits = found.slice(from, from + limit);
    const isMore = found.length > from + limit;
    return { hits, next: isMore ? [from + limit] : null, partial: false };
  }
  return {
    search({ text, limit, cursor, filter, projectId, since, until }, nowMs) {
      const words = wordsOf(text);
      const all = views(nowMs);
      const found = all
        .filter(({ trace, record: { summary } }) => {
          const isIn = summary.startTime >= since && summary.startTime < until;
          return isIn && (projectId === undefined || trace.projectId === projectId);
        })
        .filter((view) => matches(view, filter, all))
        .sort((a, b) => compareStarts(b, a))
        .flatMap((view) => hitsIn(view, words));
      return page(found, limit, cursor);
    },
    searchTrace(ref, text, limit, cursor) {
      const words = wordsOf(text);
      const key = findTrace(ref);
      const view = views(0).find(({ trace }) => trace.key === key)!;
      return page(hitsIn(view, words), limit, cursor);
    },
    status: () => ({
      ...{ state: "unavailable", files: 0, bytes: 0, uniqueTextBytes: 0 },
      ...{ indexedTraces: 0, pendingTraces: views(0).length, progress: 0 },
    }),
    rebuild() {},
    pause() {},
    rest() {},
    close() {},
  };
}

function compareStarts(a: View, b: View): number {
  return a.record.summary.startTime - b.record.summary.startTime || a.trace.key - b.trace.key;
}

function wordsOf(text: string): string[] {
  const words = [...text.matchAll(/"((?:[^"\\]|\\[^])*)"|[^\s"]+/g)].map(([word, phrase]) =>
    folded(phrase?.replaceAll(/\\(["\\])/g, "$1") ?? word).trim(),
  );
  const wanted = words.filter((word) => word !== "");
  if (wanted.length === 0) throw new AppError("bad_request", "there is nothing to search for");
  return wanted;
}

/** What is equal for a reader looks equal. */
const plain = (text: string) => text.normalize("NFC").split(/\s+/).join(" ");

/** Each character for itself, so that no rule of `toLowerCase` about its neighbours counts. */
export const folded = (text: string) =>
  plain(text)
    .split("")
    .map((c) => (c === "İ" ? "i" : c === "ς" ? "σ" : c.toLowerCase()))
    .join("")
    .toWellFormed()
    .replaceAll("\0", "\ufffd");

function hitsIn(view: View, words: string[]): Hit[] {
  const { summary } = view.record;
  return unitsOf(view)
    .filter(({ text }) => words.every((word) => folded(text).includes(word)))
    .map(({ span, field, message, text }) => {
      const shown = plain(text);
      const at = Math.min(...words.map((word) => folded(shown).indexOf(word)));
      const from = Math.max(0, Math.min(at - 60, shown.length - 240));
      const snippet = shown.slice(from, from + 240).replaceAll(/\p{Cc}/gu, " ");
      const highlights = words
        .map((word): [number, number] => [folded(snippet).indexOf(word), word.length])
        .filter(([start]) => start >= 0)
        .sort(([a], [b]) => a - b);
      return {
        traceKey: view.trace.key,
        traceId: summary.traceId,
        project: summary.project,
        traceName: summary.name,
        startTime: summary.startTime,
        spanKey: view.trace.spans.find((kept) => kept.span === span)!.key,
        spanId: span.spanId,
        spanName: span.name,
        spanType: span.spanType,
        ...{ field, message, snippet, highlights },
      };
    });
}

/** Each text of a trace once. */
function unitsOf(view: View): Unit[] {
  const { traceName, agentName, workflowName, traceId, sessionId, workflowRunId, customer } =
    view.record.summary;
  // Of spans that start at once the one that came first.
  const spans = view.spans.toSorted((a, b) => a.startTime - b.startTime);
  const units: Unit[] = [];
  const seen = new Set<string>();
  const add = (unit: Unit, id: string) => {
    if (unit.text === "" || seen.has(id)) return;
    seen.add(id);
    units.push(unit);
  };
  for (const span of spans) {
    const name = (field: "name" | "id" | "error", text: string | null | undefined) =>
      text != null && add({ span, field, message: null, text }, `${field} ${text}`);
    if (span === spans[0]) {
      for (const text of [traceName, agentName, workflowName]) name("name", text);
      for (const text of [traceId, sessionId, workflowRunId]) name("id", text);
      for (const text of Object.values(customer ?? {})) name("id", text);
    }
    name("name", span.name);
    name("id", span.spanId);
    name("error", span.errorMessage);
    for (const field of payloadFields) {
      const payload = payloadsOf(span)[field];
      if (payload === undefined || field === "resource") continue;
      for (const { text, message } of messagesOf(payload))
        add({ span, field, message, text }, ` ${text}`);
    }
  }
  return units;
}

/** Members that say how a message is built. */
const structure = new Set(["role", "content", "type", "text"]);

function linesOf(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [
    ...(Array.isArray(value) || structure.has(name) ? [] : [name]),
    ...linesOf(member),
  ]);
}

/** Of a list each element, of other JSON its strings and numbers, else the text as it is. */
function messagesOf(payload: string): { text: string; message: number | null }[] {
  if (!/^[[{"]/.test(payload)) return [{ text: payload, message: null }];
  const value: unknown = JSON.parse(payload);
  if (!Array.isArray(value)) return [{ text: linesOf(value).join("\n"), message: null }];
  return value.map((unit, message) => ({ text: linesOf(unit).join("\n"), message }));
}

/** Agents' runs as series of bodies, one span each, that repeat the whole history at each step. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { range, speaker } from "./words.ts";

/** One agent's run: its bodies in the order in which they are sent, one span each. */
export type Session = Buffer<ArrayBuffer>[];

/** A conversation that grows by `added` messages a step and repeats all of them at each. */
export function conversation(seed: number, steps: number, added: number, words: number): Session {
  const say = speaker(seed);
  const messages: { role: string; content: string }[] = [];
  return range(steps).map((step) => {
    for (const n of range(added)) {
      messages.push({
        role: n % 2 ? "assistant" : "user",
        content: `${seed}.${step} ${say(words)}`,
      });
    }
    const startTime = 1_790_000_000_000 + seed * 1_000_000 + step * 1000;
    const span = {
      spanId: `llm_${step}`,
      spanType: "llm",
      name: "chat",
      startTime,
      endTime: startTime + 900,
      status: "ok",
      modelId: "gpt-4o",
      usage: { inputTokens: 100 * messages.length, outputTokens: 60 },
      input: JSON.stringify(messages),
      output: say(words),
    };
    const trace = { traceId: `conversation-${seed}`, agentName: "talker", spans: [span] };
    return Buffer.from(JSON.stringify({ version: "v1", traces: [trace] }));
  });
}

const recorded = join(import.meta.dir, "../../../shared/data/agent-sessions.jsonl");
export const hasRecordedSessions = existsSync(recorded);

/** As many as were recorded. */
export const sessionsPerReplica = 14;

/** Replicas of real agent runs, or of generated ones where those are not at hand. */
export function sessions(firstReplica: number, replicas: number): Session[] {
  return range(replicas).flatMap((i) => {
    const replica = firstReplica + i;
    if (hasRecordedSessions) return replicate(replica);
    // 20 steps of 1.1 KB more each: 12 KB a span.
    return range(sessionsPerReplica).map((n) =>
      conversation(replica * sessionsPerReplica + n, 20, 1, 200),
    );
  });
}

let runs: Map<string, any[]> | null = null;

function replicate(replica: number): Session[] {
  if (!runs) {
    const payloads = readFileSync(recorded, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    runs = Map.groupBy(payloads, (payload) => payload.traces[0].traceId);
  }
  const change = (text: string) => {
    const parsed = text.startsWith("[") || text.startsWith("{") ? tryParse(text) : undefined;
    return parsed === undefined
      ? disguise(text, replica)
      : JSON.stringify(disguiseIn(parsed, replica));
  };
  return [...runs.values()].map((payloads) =>
    payloads.map((payload) => {
      const copy = structuredClone(payload);
      for (const trace of copy.traces) {
        trace.traceId = `${trace.traceId}-${replica}`;
        for (const span of trace.spans) {
          if (span.input) span.input = change(span.input);
          if (span.output) span.output = change(span.output);
        }
      }
      return Buffer.from(JSON.stringify(copy));
    }),
  );
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Every word changed by a rotation of its letters, and a salt that goes with the text. */
function disguise(text: string, replica: number): string {
  const by = 1 + (replica % 25);
  const rotated = text.replace(/[a-z]/gi, (letter) => {
    const at = letters.indexOf(letter);
    return letters[at < 26 ? (at + by) % 26 : 26 + ((at + by) % 26)]!;
  });
  return `${rotated} ${Bun.hash(text, BigInt(replica)).toString(36)}`;
}

const kept = new Set(["role", "type", "name", "id", "tool_call_id", "toolCallId", "toolName"]);

function disguiseIn(value: unknown, replica: number, key = ""): unknown {
  if (typeof value === "string") return kept.has(key) ? value : disguise(value, replica);
  if (Array.isArray(value)) return value.map((item) => disguiseIn(item, replica, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, disguiseIn(item, replica, name)]),
  );
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

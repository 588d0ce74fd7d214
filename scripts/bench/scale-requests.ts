/** What is read from a large store: each request with its target, and what its arguments are taken from. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { spanKeyOf } from "../../src/tally/numbers.ts";
import type { ScaleStore } from "./scale-store.ts";
import { agents, models, tools } from "./scale-traces.ts";
import { range } from "./words.ts";

/** A trace of the store, and what else a request can name. */
export interface Subject {
  key: number;
  startTime: number;
  session: string;
  run: string;
  customer: string;
  agent: string;
  model: string;
  tool: string;
  /** A trace of 200 spans, and one of 2,000. */
  wide: number;
  long: number;
  span: number;
  /** A word that stands in this trace alone, and one that many have. */
  rareWord: string;
  word: string;
}

export interface Case {
  what: string;
  /** For the 95th percentile, in ms. */
  below: number;
  path: (subject: Subject) => string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const list = (filter: string) => `/api/traces?filter=${encodeURIComponent(filter)}`;
const until = ({ startTime }: Subject) => `until=${startTime}`;
const search = (text: string) => `/api/search?q=${encodeURIComponent(text)}`;

/** A range of so long that ends at the trace. */
const before = (durationMs: number) => (subject: Subject) =>
  `since=${subject.startTime - durationMs}&${until(subject)}`;

const ranges: [what: string, (subject: Subject) => string][] = [
  ["1 h", before(hourMs)],
  ["24 h", before(dayMs)],
  ["7 d", before(7 * dayMs)],
  ["30 d", before(30 * dayMs)],
  ["all", () => ""],
];
const groups = ["agent", "model", "tool", "session"];

export const cases: Case[] = [
  { what: "list", below: 10, path: (subject) => `/api/traces?${until(subject)}` },
  { what: "list, the newest", below: 10, path: () => "/api/traces" },
  ...Object.entries({
    agent: ({ agent }) => `agent:${agent}`,
    model: ({ model }) => `model:${model}`,
    tool: ({ tool }) => `tool:${tool}`,
    session: ({ session }) => `session:${session}`,
    run: ({ run }) => `run:${run}`,
    customer: ({ customer }) => `customer:${customer}`,
    "status:error": () => "status:error",
    "status:aborted": () => "status:aborted",
  } satisfies Record<string, (subject: Subject) => string>).map(([what, filter]) => ({
    what: `list by ${what}`,
    below: 10,
    path: (subject: Subject) => `${list(filter(subject))}&${until(subject)}`,
  })),
  ...Object.entries({
    "agent and status:error": ({ agent }) => `agent:${agent} status:error`,
    "model and customer": ({ model, customer }) => `model:${model} customer:${customer}`,
    "duration:>1m": () => "duration:>1m",
    "cost:>2": () => "cost:>2",
    "tokens:>50k": () => "tokens:>50k",
    "all but an agent": ({ agent }) => `-agent:${agent}`,
    "model:claude*": () => "model:claude*",
    metadata: () => "meta.env:staging",
    attribute: () => "attr.server.region:region-7",
    "text that many have": ({ word }) => `"${word}"`,
    "text that none has": () => '"no such text"',
    "error text": () => "error:*reset*",
  } satisfies Record<string, (subject: Subject) => string>).map(([what, filter]) => ({
    what: `list by ${what}, first page or part`,
    below: 100,
    path: (subject: Subject) => `${list(filter(subject))}&${until(subject)}`,
  })),
  ...["cost", "-cost", "duration", "tokens", "errors"].flatMap((sort) => [
    { what: `list by ${sort}, all`, below: 100, path: () => `/api/traces?sort=${sort}` },
    {
      what: `list by ${sort}, of an agent's day`,
      below: 100,
      path: (subject: Subject) =>
        `${list(`agent:${subject.agent}`)}&sort=${sort}&${before(dayMs)(subject)}`,
    },
  ]),
  { what: "trace of about 7 spans", below: 10, path: ({ key }) => `/api/traces/~${key}` },
  { what: "trace of 200 spans", below: 10, path: ({ wide }) => `/api/traces/~${wide}` },
  { what: "one span", below: 10, path: ({ key, span }) => `/api/traces/~${key}/spans/~${span}` },
  {
    what: "a span's messages",
    below: 10,
    path: ({ key, span }) => `/api/traces/~${key}/spans/~${span}/messages`,
  },
  { what: "transcript", below: 10, path: ({ key }) => `/api/traces/~${key}/transcript` },
  ...["agents", "models", "tools", "workflows", "sessions", "runs", "customers"].flatMap((what) => [
    { what: `${what}, all`, below: 100, path: () => `/api/${what}` },
    {
      what: `${what} of 7 d`,
      below: 100,
      path: (subject: Subject) => `/api/${what}?${before(7 * dayMs)(subject)}`,
    },
  ]),
  ...ranges.map(([what, range]) => ({
    what: `stats, ${what}`,
    below: 100,
    path: (subject: Subject) => `/api/stats?${range(subject)}`,
  })),
  ...groups.flatMap((by) =>
    ranges.map(([what, range]) => ({
      what: `stats by ${by}, ${what}`,
      below: 100,
      path: (subject: Subject) => `/api/stats?by=${by}&${range(subject)}`,
    })),
  ),
  {
    what: "search, a word that one trace has",
    below: 200,
    path: ({ rareWord }) => search(rareWord),
  },
  { what: "search, a word that many have", below: 200, path: ({ word }) => search(word) },
  {
    what: "search, 3 characters",
    below: 200,
    path: ({ rareWord }) => search(rareWord.slice(0, 3)),
  },
  { what: "search, 2 characters", below: 200, path: ({ word }) => search(word.slice(0, 2)) },
  { what: "search, 1 character", below: 200, path: ({ word }) => search(word.slice(0, 1)) },
  { what: "search, nothing there", below: 200, path: ({ key }) => search(`nothere${key}`) },
  {
    what: "search in a trace",
    below: 200,
    path: ({ wide, word }) => `/api/traces/~${wide}/search?q=${word}`,
  },
  {
    what: "search within an agent",
    below: 200,
    path: ({ word, agent }) => `${search(word)}&filter=agent:${agent}`,
  },
  { what: "complete, a key", below: 100, path: () => "/api/complete?filter=a" },
  { what: "complete, an agent", below: 100, path: () => "/api/complete?filter=agent:a" },
  {
    what: "complete, a session",
    below: 100,
    path: ({ session }) => `/api/complete?filter=session:${session.slice(0, 10)}`,
  },
];

/** What four clients do beside the ingest: search, export and statistics in turn. */
export const sideLoad: ((subject: Subject) => string)[] = [
  ({ word }) => search(word),
  ({ key }) => `/api/traces/~${key}/export?format=jsonl&full=1`,
  ({ rareWord }) => search(rareWord),
  ({ long }) => `/api/traces/~${long}/export`,
  (subject) => `/api/stats?by=model&${before(7 * dayMs)(subject)}`,
  (subject) => `${list(`"${subject.word}"`)}&${until(subject)}`,
  ({ word }) => search(word.slice(0, 2)),
  ({ wide }) => `/api/traces/~${wide}/export?format=jsonl`,
];

/** Takes `count` traces from all over the store. */
export function subjectsOf({ dir, traces }: ScaleStore, count: number): Subject[] {
  const db = new Database(join(dir, "tealight.db"), { readonly: true });
  const bySize = db.query<{ key: number }, [number]>(
    "SELECT key FROM traces WHERE spanCount = ? LIMIT 100",
  );
  const [wide, long] = [bySize.all(200), bySize.all(2000)];
  const select = db.query<{ startTime: number; inputPreview: string; spanCount: number }, [number]>(
    "SELECT startTime, inputPreview, spanCount FROM traces WHERE key = ?",
  );
  const sessions = membersOf(db, "sessionId", count);
  const runs = membersOf(db, "workflowRunId", count);
  const subjects = range(count).map((n) => {
    // Not at the store's beginning, where a range before it would be empty.
    const key = Math.floor(traces * (0.3 + (0.7 * (n + 0.5)) / count));
    const { startTime, inputPreview, spanCount } = select.get(key)!;
    const [rareWord, ...words] = inputPreview.split(" ");
    return {
      key,
      startTime,
      session: sessions[n % sessions.length]!,
      run: runs[n % runs.length]!,
      customer: `customer-${1 + ((n * 7) % 300)}`,
      agent: agents[n % agents.length]!,
      model: models[n % models.length]![1],
      tool: tools[n % tools.length]!,
      wide: wide[n % wide.length]!.key,
      long: long[n % long.length]!.key,
      span: spanKeyOf(key, n % spanCount),
      rareWord: rareWord!,
      word: words.find((word) => word.length > 3) ?? "people",
    };
  });
  db.close();
  // In no order, as people ask.
  return subjects.toSorted((a, b) => (a.key % 97) - (b.key % 97));
}

/** Some of the values of a column that not all traces have. */
function membersOf(db: Database, column: "sessionId" | "workflowRunId", count: number): string[] {
  return db
    .query<{ value: string }, [number]>(
      `SELECT DISTINCT ${column} AS value FROM traces
       WHERE ${column} IS NOT NULL AND key % 1009 = 1 LIMIT ?`,
    )
    .all(count)
    .map(({ value }) => value);
}

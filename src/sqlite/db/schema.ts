/** The tables as drizzle sees them. The SQL in migrations/ makes them; a test compares the two. */
import { customType, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { type Figure } from "../../tally/figure.ts";
import { fromCell, toCell, type Cell } from "./cells.ts";

/** Text of the wire, lone surrogates included. */
const wireText = customType<{ data: string; driverData: Cell }>({
  dataType: () => "text",
  toDriver: toCell,
  fromDriver: fromCell,
});

/** As bun:sqlite gives and takes them, where drizzle would make a Buffer of each. */
const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "blob" });

/** An integer, or a float where that does not hold it. */
const number = customType<{ data: number; driverData: number }>({ dataType: () => "" });

const figure = customType<{ data: Figure; driverData: Figure }>({ dataType: () => "" });

export const projects = sqliteTable("projects", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  createdAt: integer().notNull(),
});

/** Of a key only its SHA-256 is stored. */
export const keys = sqliteTable("keys", {
  id: integer().primaryKey({ autoIncrement: true }),
  projectId: integer().notNull(),
  name: text().notNull(),
  hash: bytes().notNull(),
  createdAt: integer().notNull(),
  lastUsedAt: integer(),
  revokedAt: integer(),
});

export const names = sqliteTable("names", {
  id: integer().primaryKey(),
  text: wireText().notNull(),
});

export const headers = sqliteTable("headers", {
  id: integer().primaryKey(),
  hash: bytes().notNull(),
  json: text().notNull(),
});

export const traces = sqliteTable("traces", {
  key: integer().primaryKey({ autoIncrement: true }),
  projectId: integer().notNull(),
  traceId: wireText().notNull(),
  source: text().notNull(),
  receivedAt: integer().notNull(),
  lastReceivedAt: integer().notNull(),
  startTime: integer().notNull(),
  endTime: integer().notNull(),
  status: text().notNull(),
  rootCount: integer().notNull(),
  spanCount: integer().notNull(),
  llmCount: integer().notNull(),
  toolCount: integer().notNull(),
  errorCount: integer().notNull(),
  models: text().notNull(),
  ttftMs: real(),
  inputTokens: figure(),
  outputTokens: figure(),
  totalTokens: figure(),
  reasoningTokens: figure(),
  cachedInputTokens: figure(),
  cacheWriteInputTokens: figure(),
  traceName: wireText(),
  agentName: wireText(),
  workflowName: wireText(),
  workflowRunId: wireText(),
  sessionId: wireText(),
  customer: text(),
  metadata: text(),
  cost: figure(),
  pricedSpanCount: integer().notNull().default(0),
  priceableSpanCount: integer().notNull().default(0),
  inputPreview: text(),
  outputPreview: text(),
  isPinned: integer().notNull().default(0),
  isSettled: integer().notNull().default(0),
  settledStep: integer(),
  estimatedSpanCount: integer().notNull().default(0),
  reportedCost: figure(),
  isOld: integer().notNull().default(1),
  internalSpanCount: integer().notNull().default(0),
  isInternal: integer().notNull().default(0),
});

export const spans = sqliteTable("spans", {
  key: integer().primaryKey(),
  spanId: wireText().notNull(),
  parentSpanId: wireText(),
  spanType: integer().notNull(),
  status: integer(),
  startTime: integer().notNull(),
  durationMs: integer().notNull(),
  startNanos: integer(),
  endNanos: integer(),
  receivedAt: integer().notNull(),
  sourceId: integer().notNull(),
  headerId: integer().notNull(),
  nameId: integer().notNull(),
  providerId: integer(),
  modelId: integer(),
  errorMessage: wireText(),
  inputTokens: integer(),
  outputTokens: integer(),
  totalTokens: integer(),
  reasoningTokens: integer(),
  cachedInputTokens: integer(),
  cacheWriteInputTokens: integer(),
  imageCount: integer(),
  webSearchCount: integer(),
  requestCount: integer(),
  ttftMs: real(),
  metadata: text(),
  extra: text(),
  lists: bytes(),
  priceId: integer(),
  cost: figure(),
  isCostEstimated: integer(),
  requestModelId: integer(),
  responseId: wireText(),
  instrumentationId: integer(),
  repeats: integer(),
  shownBy: integer(),
  textKeysId: integer(),
  isRuntime: integer().notNull().default(0),
});

export const rejects = sqliteTable("rejects", {
  id: integer().primaryKey({ autoIncrement: true }),
  receivedAt: integer().notNull(),
  route: text().notNull(),
  keyName: text(),
  status: integer().notNull(),
  code: text().notNull(),
  message: wireText().notNull(),
  path: text(),
  bytes: integer(),
});

export const rejectCounts = sqliteTable("rejectCounts", {
  code: text().primaryKey(),
  status: integer().notNull(),
  count: integer().notNull(),
});

export const settings = sqliteTable("settings", {
  name: text().primaryKey(),
  value: bytes().notNull(),
});

export const views = sqliteTable("views", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  projectId: integer(),
  filter: text().notNull(),
  since: text().notNull(),
  until: text().notNull(),
  sort: text().notNull(),
  columns: text().notNull(),
});

export const priceRules = sqliteTable("priceRules", {
  id: integer().primaryKey({ autoIncrement: true }),
  provider: text().notNull(),
  model: text().notNull(),
  prices: text().notNull(),
  createdAt: integer().notNull(),
});

export const unknownFields = sqliteTable(
  "unknownFields",
  {
    keyName: text().notNull(),
    userAgent: text().notNull(),
    object: text().notNull(),
    field: text().notNull(),
    meant: text(),
    count: integer().notNull(),
    lastSeenAt: integer().notNull(),
  },
  (row) => [primaryKey({ columns: [row.keyName, row.userAgent, row.object, row.field] })],
);

export const blocks = sqliteTable("blocks", {
  id: integer().primaryKey(),
  isLoose: integer().notNull(),
  pieces: bytes().notNull(),
  data: bytes().notNull(),
});

export const runs = sqliteTable("runs", {
  key: integer().primaryKey(),
  blockId: integer().notNull(),
});

export const loans = sqliteTable("loans", {
  pieceKey: integer().primaryKey(),
  traces: integer().notNull(),
});

export const borrowings = sqliteTable("borrowings", {
  traceKey: integer().primaryKey(),
  pieces: bytes().notNull(),
});

export const revisions = sqliteTable("revisions", { traceKey: integer().primaryKey() });

export const deletions = sqliteTable("deletions", { traceKey: integer().primaryKey() });

export const waitingLogs = sqliteTable("waitingLogs", {
  id: integer().primaryKey({ autoIncrement: true }),
  projectId: integer().notNull(),
  traceId: wireText().notNull(),
  spanId: wireText().notNull(),
  receivedAt: integer().notNull(),
  json: wireText().notNull(),
});

export const logPieces = sqliteTable("logPieces", {
  id: integer().primaryKey({ autoIncrement: true }),
  projectId: integer().notNull(),
  session: text().notNull(),
  hash: text().notNull(),
  traceId: text().notNull(),
  spanId: text().notNull(),
  length: integer().notNull(),
  facts: text().notNull(),
  resource: text().notNull(),
  json: text().notNull(),
});

export const claims = sqliteTable("claims", {
  id: integer().primaryKey({ autoIncrement: true }),
  projectId: integer().notNull(),
  session: text(),
  traceId: text().notNull(),
  spanId: text().notNull(),
  receivedAt: integer().notNull(),
  facts: text().notNull(),
});

export const logUnits = sqliteTable(
  "logUnits",
  {
    projectId: integer().notNull(),
    session: text().notNull(),
    key: text().notNull(),
    traceId: text().notNull(),
    spanId: text().notNull(),
    isJoined: integer().notNull(),
    state: text().notNull(),
  },
  (row) => [primaryKey({ columns: [row.projectId, row.session, row.key] })],
);

export const logSessions = sqliteTable(
  "logSessions",
  {
    projectId: integer().notNull(),
    session: text().notNull(),
    lastReceivedAt: integer().notNull(),
    count: integer().notNull(),
    length: integer().notNull(),
  },
  (row) => [primaryKey({ columns: [row.projectId, row.session] })],
);

export const facets = sqliteTable(
  "facets",
  {
    field: integer().notNull(),
    value: number().notNull(),
    startTime: integer().notNull(),
    traceKey: integer().notNull(),
  },
  (row) => [primaryKey({ columns: [row.field, row.value, row.startTime, row.traceKey] })],
);

export const facetFields = sqliteTable("facetFields", {
  field: integer().primaryKey(),
  /** The traces up to this key have the facet; null where all have. */
  afterKey: integer(),
});

export const settling = sqliteTable("settling", { last: integer().notNull() });

export const rollups = sqliteTable(
  "rollups",
  {
    level: integer().notNull(),
    field: integer().notNull(),
    bucket: integer().notNull(),
    value: integer().notNull(),
    projectId: integer().notNull(),
    cell: bytes().notNull(),
  },
  (row) => [primaryKey({ columns: [row.level, row.field, row.bucket, row.value, row.projectId] })],
);

export const latest = sqliteTable(
  "latest",
  {
    field: integer().notNull(),
    value: integer().notNull(),
    projectId: integer().notNull(),
    startTime: integer().notNull(),
    traceKey: integer().notNull(),
  },
  (row) => [primaryKey({ columns: [row.field, row.value, row.projectId] })],
);

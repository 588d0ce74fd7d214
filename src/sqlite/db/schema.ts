/** The tables as drizzle sees them. The SQL in migrations/ makes them; a test compares the two. */
import { blob, customType, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { type Figure } from "../../tally/figure.ts";
import { fromCell, toCell, type Cell } from "./cells.ts";

/** Text of the wire, lone surrogates included. */
const wireText = customType<{ data: string; driverData: Cell }>({
  dataType: () => "text",
  toDriver: toCell,
  fromDriver: fromCell,
});

const figure = customType<{ data: Figure; driverData: Figure }>({ dataType: () => "" });

export const projects = sqliteTable("projects", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  createdAt: integer().notNull(),
});

export const names = sqliteTable("names", {
  id: integer().primaryKey(),
  text: wireText().notNull(),
});

export const headers = sqliteTable("headers", {
  id: integer().primaryKey(),
  hash: blob({ mode: "buffer" }).notNull(),
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
  pricedSpanCount: integer().notNull(),
  priceableSpanCount: integer().notNull(),
  inputPreview: wireText(),
  outputPreview: wireText(),
  isPinned: integer().notNull(),
  isSettled: integer().notNull(),
  settledStep: integer(),
  estimatedSpanCount: integer().notNull(),
  reportedCost: figure(),
  isOld: integer().notNull(),
  internalSpanCount: integer().notNull(),
  isInternal: integer().notNull(),
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
  lists: blob({ mode: "buffer" }),
  priceId: integer(),
  cost: figure(),
  isCostEstimated: integer(),
  requestModelId: integer(),
  responseId: wireText(),
  instrumentationId: integer(),
  repeats: integer(),
  shownBy: integer(),
  textKeysId: integer(),
  isRuntime: integer().notNull(),
});

export const rejects = sqliteTable("rejects", {
  id: integer().primaryKey({ autoIncrement: true }),
  receivedAt: integer().notNull(),
  route: text().notNull(),
  keyName: text(),
  status: integer().notNull(),
  code: text().notNull(),
  message: text().notNull(),
  path: text(),
  bytes: integer(),
});

export const rejectCounts = sqliteTable("rejectCounts", {
  code: text().primaryKey(),
  status: integer().notNull(),
  count: integer().notNull(),
});

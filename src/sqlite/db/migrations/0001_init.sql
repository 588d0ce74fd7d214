CREATE TABLE projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  createdAt INTEGER NOT NULL
);

CREATE TABLE keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  projectId INTEGER NOT NULL REFERENCES projects (id),
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  createdAt INTEGER NOT NULL,
  lastUsedAt INTEGER,
  revokedAt INTEGER
);

-- Texts that repeat from span to span: names, providers, models.
CREATE TABLE names (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
);

-- The trace-level fields of a batch, as JSON; found again by the first 16 bytes of its SHA-256.
CREATE TABLE headers (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  json TEXT NOT NULL
);

-- Everything below `receivedAt` follows from the spans of the trace. Totals have no declared type:
-- they hold an INTEGER up to 2^53 - 1 and the decimal text of anything larger.
CREATE TABLE traces (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  projectId INTEGER NOT NULL REFERENCES projects (id),
  traceId TEXT NOT NULL,
  source TEXT NOT NULL,
  receivedAt INTEGER NOT NULL,
  lastReceivedAt INTEGER NOT NULL,
  startTime INTEGER NOT NULL,
  endTime INTEGER NOT NULL,
  status TEXT NOT NULL,
  rootCount INTEGER NOT NULL,
  spanCount INTEGER NOT NULL,
  llmCount INTEGER NOT NULL,
  toolCount INTEGER NOT NULL,
  errorCount INTEGER NOT NULL,
  models TEXT NOT NULL,
  ttftMs REAL,
  inputTokens,
  outputTokens,
  totalTokens,
  reasoningTokens,
  cachedInputTokens,
  cacheWriteInputTokens,
  traceName TEXT,
  agentName TEXT,
  workflowName TEXT,
  workflowRunId TEXT,
  sessionId TEXT,
  customer TEXT,
  metadata TEXT,
  UNIQUE (traceId, projectId)
);

CREATE INDEX tracesByStart ON traces (startTime, key);
CREATE INDEX tracesByProject ON traces (projectId, startTime, key);

-- `key` is trace key * 2^24 + the span's number within its trace, so that a trace's spans lie side
-- by side. That span ids are unique within a trace is kept by the one writer, which knows them all:
-- an index over them would cost a second tree as large as many rows themselves.
CREATE TABLE spans (
  key INTEGER PRIMARY KEY,
  spanId TEXT NOT NULL,
  parentSpanId TEXT,
  spanType INTEGER NOT NULL,
  status INTEGER,
  startTime INTEGER NOT NULL,
  durationMs INTEGER NOT NULL,
  startNanos INTEGER,
  endNanos INTEGER,
  receivedAt INTEGER NOT NULL,
  sourceId INTEGER NOT NULL,
  headerId INTEGER NOT NULL,
  nameId INTEGER NOT NULL,
  providerId INTEGER,
  modelId INTEGER,
  errorMessage TEXT,
  inputTokens INTEGER,
  outputTokens INTEGER,
  totalTokens INTEGER,
  reasoningTokens INTEGER,
  cachedInputTokens INTEGER,
  cacheWriteInputTokens INTEGER,
  imageCount INTEGER,
  webSearchCount INTEGER,
  requestCount INTEGER,
  ttftMs REAL,
  metadata TEXT,
  extra TEXT
);

-- The large texts of a span, apart from its row, so that reading many spans stays light.
CREATE TABLE payloads (
  spanKey INTEGER PRIMARY KEY,
  input TEXT,
  output TEXT,
  toolCatalog TEXT,
  sources TEXT,
  attributes TEXT
);

-- Traces that are gone for every reader, and whose rows are still to be collected.
CREATE TABLE deletions (
  traceKey INTEGER PRIMARY KEY
);

CREATE TABLE rejects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  receivedAt INTEGER NOT NULL,
  route TEXT NOT NULL,
  keyName TEXT,
  status INTEGER NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  path TEXT,
  bytes INTEGER
);

-- How many requests were refused, ever, by code.
CREATE TABLE rejectCounts (
  code TEXT PRIMARY KEY,
  status INTEGER NOT NULL,
  count INTEGER NOT NULL
);

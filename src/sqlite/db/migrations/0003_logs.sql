-- Log records of spans that have not come yet, as JSON.
CREATE TABLE waitingLogs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  projectId INTEGER NOT NULL,
  traceId TEXT NOT NULL,
  spanId TEXT NOT NULL,
  receivedAt INTEGER NOT NULL,
  json TEXT NOT NULL
);
CREATE INDEX waitingLogsBySpan ON waitingLogs (traceId, projectId, spanId);

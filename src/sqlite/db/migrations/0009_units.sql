-- Log records that say what an agent did (assemble.ts), by session; `facts` is what joins them.
CREATE TABLE logPieces (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  projectId INTEGER NOT NULL,
  session TEXT NOT NULL,
  hash TEXT NOT NULL,
  traceId TEXT NOT NULL,
  spanId TEXT NOT NULL,
  length INTEGER NOT NULL,
  facts TEXT NOT NULL,
  resource TEXT NOT NULL,
  json TEXT NOT NULL,
  UNIQUE (projectId, session, hash)
);
CREATE INDEX logPiecesByTrace ON logPieces (traceId, projectId) WHERE traceId <> '';

-- Spans that were sent and may say the same. Without a session they are of those that name their trace.
CREATE TABLE claims (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  projectId INTEGER NOT NULL,
  session TEXT,
  traceId TEXT NOT NULL,
  spanId TEXT NOT NULL,
  receivedAt INTEGER NOT NULL,
  facts TEXT NOT NULL,
  UNIQUE (traceId, spanId, projectId)
);
CREATE INDEX claimsBySession ON claims (projectId, session) WHERE session IS NOT NULL;

-- What was made of the pieces, or with which span they were joined.
CREATE TABLE logUnits (
  projectId INTEGER NOT NULL,
  session TEXT NOT NULL,
  key TEXT NOT NULL,
  traceId TEXT NOT NULL,
  spanId TEXT NOT NULL,
  isJoined INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (projectId, session, key)
) WITHOUT ROWID;
CREATE INDEX logUnitsByTrace ON logUnits (traceId, projectId);

CREATE TABLE logSessions (
  projectId INTEGER NOT NULL,
  session TEXT NOT NULL,
  lastReceivedAt INTEGER NOT NULL,
  count INTEGER NOT NULL,
  length INTEGER NOT NULL,
  PRIMARY KEY (projectId, session)
) WITHOUT ROWID;
CREATE INDEX logSessionsByTime ON logSessions (lastReceivedAt);

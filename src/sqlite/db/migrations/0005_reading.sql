-- What lists show of a trace's first input and last output, cut short.
ALTER TABLE traces ADD COLUMN inputPreview TEXT;
ALTER TABLE traces ADD COLUMN outputPreview TEXT;

-- Kept by retention and by deletes that do not name it.
ALTER TABLE traces ADD COLUMN isPinned INTEGER NOT NULL DEFAULT 0;

-- 1 where facets and rollups hold the trace as its row and its spans say it; 0 from the first change
-- on until it is quiet (settle.ts). Readers look at the rows of those that are 0.
ALTER TABLE traces ADD COLUMN isSettled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN settledAt INTEGER;
CREATE INDEX unsettledTraces ON traces (key) WHERE isSettled = 0;

-- The traces by what they are asked for: `field` is a number of facets.ts, `value` the id of a name,
-- or a number to sort by.
CREATE TABLE facets (
  field INTEGER NOT NULL,
  value NOT NULL,
  startTime INTEGER NOT NULL,
  traceKey INTEGER NOT NULL,
  PRIMARY KEY (field, value, startTime, traceKey)
) WITHOUT ROWID;

-- What happened in a minute, an hour or a day, by what (rollup.ts).
CREATE TABLE rollups (
  level INTEGER NOT NULL,
  field INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  value INTEGER NOT NULL,
  projectId INTEGER NOT NULL,
  cell BLOB NOT NULL,
  PRIMARY KEY (level, field, bucket, value, projectId)
) WITHOUT ROWID;

-- Sessions, runs and customers by the settled trace of each that started last.
CREATE TABLE latest (
  field INTEGER NOT NULL,
  value INTEGER NOT NULL,
  projectId INTEGER NOT NULL,
  startTime INTEGER NOT NULL,
  traceKey INTEGER NOT NULL,
  PRIMARY KEY (field, value, projectId)
) WITHOUT ROWID;
CREATE INDEX latestByStart ON latest (field, startTime, traceKey);

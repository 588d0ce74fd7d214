-- What stands in the database for as long as it lives. `hashSecret` keys the hashes of pieces: who
-- sends texts cannot choose two that meet.
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
);
INSERT INTO settings (name, value) VALUES ('hashSecret', randomblob(32));

-- A span's payloads as lists of pieces (lists.ts).
ALTER TABLE spans ADD COLUMN lists BLOB;

-- Pieces of text, many in one zstd frame (blocks.ts). A loose block waits to be packed with others.
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY,
  isLoose INTEGER NOT NULL,
  pieces BLOB NOT NULL,
  data BLOB NOT NULL
);
CREATE INDEX looseBlocks ON blocks (id) WHERE isLoose;

-- Where a piece is: in the block of the last run that begins at or before its key. A piece's key is
-- the key of the trace that sent it first * 2^24 + its number there.
CREATE TABLE runs (
  key INTEGER PRIMARY KEY,
  blockId INTEGER NOT NULL
);

-- Pieces that other traces than their own refer to, and how many of those do.
CREATE TABLE loans (
  pieceKey INTEGER PRIMARY KEY,
  traces INTEGER NOT NULL
);

-- The pieces that a trace has from others, as varints of the distances between their keys.
CREATE TABLE borrowings (
  traceKey INTEGER PRIMARY KEY,
  pieces BLOB NOT NULL
);

-- Traces with spans that were sent again with other texts, so that pieces may be garbage.
CREATE TABLE revisions (
  traceKey INTEGER PRIMARY KEY
);

-- 1 for a span that says no more than that a program ran: of OpenTelemetry, of no type of its own, without
-- an error, texts or attributes of GenAI. Whether it is internal its trace decides (internal.ts).
ALTER TABLE spans ADD COLUMN isRuntime INTEGER NOT NULL DEFAULT 0;

-- How many spans are internal; 1 where the trace holds nothing but runtime spans.
ALTER TABLE traces ADD COLUMN internalSpanCount INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN isInternal INTEGER NOT NULL DEFAULT 0;

-- The facet `internal` of the traces that have facets already: none of them is.
INSERT INTO facets (field, value, startTime, traceKey)
  SELECT 15, 0, startTime, key FROM traces WHERE settledAt IS NOT NULL;

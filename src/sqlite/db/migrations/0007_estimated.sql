-- 1 where a span may be billed otherwise than its cost says: its tier has other prices, or something
-- that it used has none. Absent where the cost is what it will be.
ALTER TABLE spans ADD COLUMN isCostEstimated INTEGER;

-- How many of the priced calls are such, and what senders say that the calls without a price cost.
ALTER TABLE traces ADD COLUMN estimatedSpanCount INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN reportedCost;

-- Usage on an agent alone now counts among what could have a price. A settled trace is taken out of the
-- statistics by what it adds to them, so all of it is counted anew.
DELETE FROM rollups;
DELETE FROM facets;
DELETE FROM latest;
UPDATE traces SET isSettled = 0, settledAt = NULL WHERE isSettled = 1;

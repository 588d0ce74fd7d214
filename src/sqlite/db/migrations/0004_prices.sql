-- What a call cost in pico-dollars, as a total: an INTEGER up to 2^53 - 1, decimal text beyond; and the
-- price that it was reckoned by, as JSON in `names`. Both absent where no price is known.
ALTER TABLE spans ADD COLUMN priceId INTEGER;
ALTER TABLE spans ADD COLUMN cost;

-- The sum of what is priced, and how many of the calls that could have a price have one.
ALTER TABLE traces ADD COLUMN cost;
ALTER TABLE traces ADD COLUMN pricedSpanCount INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN priceableSpanCount INTEGER NOT NULL DEFAULT 0;

-- Prices of the user's own. `prices` is JSON: USD in decimals by kind.
CREATE TABLE priceRules (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  prices TEXT NOT NULL,
  createdAt INTEGER NOT NULL
);

-- The last number that a step of settling has given out: where its traces stand in the order in which
-- traces settled, whatever the clock says. Stores of before have times there, and go on from the last.
CREATE TABLE settling (last INTEGER NOT NULL);
INSERT INTO settling (last)
  SELECT coalesce(max(max(value), 1000 * strftime('%s', 'now')), 0) FROM facets WHERE field = 14;

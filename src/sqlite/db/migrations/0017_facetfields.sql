-- Which facets the settled traces of this store have, by their number (facets.ts). While one is added to
-- those that settled without it, afterKey is the key up to which that has come (backfill.ts).
CREATE TABLE facetFields (field INTEGER PRIMARY KEY, afterKey INTEGER);
INSERT INTO facetFields (field)
  VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15);

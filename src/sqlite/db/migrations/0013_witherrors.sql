-- Statistics also count the traces in which anything failed: they are made anew from the spans.
UPDATE traces SET isSettled = 0, settledAt = NULL WHERE isSettled = 1;
DELETE FROM facets;
DELETE FROM rollups;
DELETE FROM latest;

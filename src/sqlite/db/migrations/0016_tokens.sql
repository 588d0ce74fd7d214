-- Traces are sorted by their input and output tokens, where it was by the total that few senders report:
-- what traces are found by is made anew.
UPDATE traces SET isSettled = 0, settledStep = NULL WHERE isSettled = 1;
DELETE FROM facets;
DELETE FROM rollups;
DELETE FROM latest;

-- By what reports of one model call are known: the model that was asked for, the provider's id of the
-- answer, who reported it. Names stand in `names`.
ALTER TABLE spans ADD COLUMN requestModelId INTEGER;
ALTER TABLE spans ADD COLUMN responseId TEXT;
ALTER TABLE spans ADD COLUMN instrumentationId INTEGER;
CREATE INDEX spansByResponse ON spans (responseId) WHERE responseId IS NOT NULL;

-- What was decided of it (calls.ts): the keys of the span that counts in its place, and of the one whose
-- messages are shown in its place.
ALTER TABLE spans ADD COLUMN repeats INTEGER;
ALTER TABLE spans ADD COLUMN shownBy INTEGER;

-- 1 where the row was written by an earlier version, which counted otherwise. Statistics are made anew
-- from the spans, and the rows with them.
ALTER TABLE traces ADD COLUMN isOld INTEGER NOT NULL DEFAULT 1;
UPDATE traces SET isSettled = 0, settledAt = NULL WHERE isSettled = 1;
DELETE FROM facets;
DELETE FROM rollups;
DELETE FROM latest;

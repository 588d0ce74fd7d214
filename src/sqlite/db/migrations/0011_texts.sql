-- Which attributes became the texts of a span, as JSON in `names`.
ALTER TABLE spans ADD COLUMN textKeysId INTEGER;

-- It holds the number of the step in which the trace settled, not a time.
ALTER TABLE traces RENAME COLUMN settledAt TO settledStep;

-- Views of the list that the user saved: which traces, in which order, with which columns. The names of
-- columns are the viewer's, as JSON.
CREATE TABLE views (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  projectId INTEGER,
  filter TEXT NOT NULL,
  since TEXT NOT NULL,
  until TEXT NOT NULL,
  sort TEXT NOT NULL,
  columns TEXT NOT NULL
);

-- Fields that the contract does not know, by who sent them: the name of the key and the user agent, ''
-- where there is none. `object` is '' in the row of all further fields of a sender; in the row that has
-- nothing but '' that is also all fields of further senders.
CREATE TABLE unknownFields (
  keyName TEXT NOT NULL,
  userAgent TEXT NOT NULL,
  object TEXT NOT NULL,
  field TEXT NOT NULL,
  meant TEXT,
  count INTEGER NOT NULL,
  lastSeenAt INTEGER NOT NULL,
  PRIMARY KEY (keyName, userAgent, object, field)
) WITHOUT ROWID;

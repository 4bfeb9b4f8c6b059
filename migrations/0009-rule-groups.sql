-- Rule groups that came by the API, beside those in files. body is the group as it was written, as JSON.
-- A version is never given twice, so that nobody takes a new group of an old name for the old one.
CREATE TABLE rule_group (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  UNIQUE (namespace, name)
) STRICT;

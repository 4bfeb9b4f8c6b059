-- SLOs that were made through the API, beside those of files.

CREATE TABLE slo (
  id TEXT PRIMARY KEY,
  spec TEXT NOT NULL, -- as it was sent, JSON
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  updated_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

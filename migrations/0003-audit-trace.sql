-- The records of each trace, by a number that is made of the trace id (src/store/trace-index.ts says how). The ids come in no
-- order: a tree of all of them costs a page written for every record. New ones gather in a tree that stays small, and are
-- moved over by and by, many to a page.
CREATE TABLE audit_trace (
  key INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (key, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_trace_recent (
  key INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (key, seq)
) STRICT, WITHOUT ROWID;

INSERT INTO audit_trace
SELECT (
  ('0x0' || hex(substr(trace_id, 1, 4))) ->> '$'
  + ('0x0' || hex(substr(trace_id, 5, 4))) ->> '$'
  + ('0x0' || hex(substr(trace_id, 9, 4))) ->> '$'
  + ('0x0' || hex(substr(trace_id, 13, 4))) ->> '$'
) % 4294967296 * 1540483477 % 4294967296, seq FROM audit ORDER BY 1, 2;

DROP INDEX audit_by_trace;

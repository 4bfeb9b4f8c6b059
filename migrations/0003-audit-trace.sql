-- The records of each trace, by a number that is made of the trace id (src/store/trace-index.ts says how). The ids come in no
-- order: in one tree of all of them, every record would cost a page written. So they move on in crowds: from a list of the
-- newest to a tree of recent ones, and from there to the tree of all others.
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
-- The keys of first_seq and the records that follow it, four bytes each, little-endian.
CREATE TABLE audit_trace_new (
  first_seq INTEGER PRIMARY KEY,
  keys BLOB NOT NULL
) STRICT;

INSERT INTO audit_trace
SELECT (
  ('0x0' || hex(substr(trace_id, 1, 4))) ->> '$'
  + ('0x0' || hex(substr(trace_id, 5, 4))) ->> '$'
  + ('0x0' || hex(substr(trace_id, 9, 4))) ->> '$'
  + ('0x0' || hex(substr(trace_id, 13, 4))) ->> '$'
) % 4294967296 * 1540483477 % 4294967296, seq FROM audit ORDER BY 1, 2;

DROP INDEX audit_by_trace;

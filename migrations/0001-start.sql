-- A series is a label set with a number; labels is a JSON array: name, value, name, value, … sorted by name.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  labels TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE metric (
  name TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  help TEXT NOT NULL,
  unit TEXT NOT NULL
) STRICT;

-- Samples as they arrived, one blob a commit, until they are sealed into chunks.
CREATE TABLE journal (
  id INTEGER PRIMARY KEY,
  min_ms INTEGER NOT NULL,
  max_ms INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

-- About an hour of one series. body is NULL once the raw retention has passed; the aggregates stay.
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY,
  series_id INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  count INTEGER NOT NULL,
  aggregate BLOB NOT NULL,
  body BLOB
) STRICT;
CREATE UNIQUE INDEX chunk_by_series ON chunk (series_id, end_ms);
CREATE INDEX chunk_by_end ON chunk (end_ms);

-- What applications pushed: the accumulated value is the truth, samples are taken from it at every evaluation.
CREATE TABLE pushed (
  labels TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  value REAL NOT NULL,
  histogram TEXT,
  updated_ms INTEGER NOT NULL,
  ttl_ms INTEGER
) STRICT;

CREATE TABLE idempotency (
  key TEXT PRIMARY KEY,
  body_hash TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_by_time ON idempotency (at_ms);

CREATE TABLE check_state (
  name TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  last_run_ms INTEGER,
  last_success_ms INTEGER,
  finding TEXT
) STRICT;

CREATE TABLE check_event (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX check_event_by_name ON check_event (name, at_ms);

CREATE TABLE heartbeat_ping (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  run_id TEXT,
  exit_code INTEGER,
  duration_ms INTEGER,
  source TEXT,
  body TEXT
) STRICT;
CREATE INDEX heartbeat_ping_by_name ON heartbeat_ping (name, at_ms);

-- One alert instance of a rule, as the rule engine sees it.
CREATE TABLE alert (
  rule_key TEXT NOT NULL,
  labels TEXT NOT NULL,
  annotations TEXT NOT NULL,
  state TEXT NOT NULL,
  value REAL,
  active_at_ms INTEGER NOT NULL,
  fired_at_ms INTEGER,
  resolved_at_ms INTEGER,
  last_sent_at_ms INTEGER,
  keep_firing_since_ms INTEGER,
  evaluated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (rule_key, labels)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_event (
  id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX alert_event_by_fingerprint ON alert_event (fingerprint, at_ms);
CREATE INDEX alert_event_by_time ON alert_event (at_ms);

-- An alert as the telling side holds it: handed over by rules, or posted from outside.
CREATE TABLE notify_alert (
  fingerprint TEXT PRIMARY KEY,
  labels TEXT NOT NULL,
  annotations TEXT NOT NULL,
  starts_at_ms INTEGER NOT NULL,
  ends_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  timed_out INTEGER NOT NULL,
  generator_url TEXT NOT NULL
) STRICT;

CREATE TABLE notify_group (
  route_id TEXT NOT NULL,
  group_key TEXT NOT NULL,
  labels TEXT NOT NULL,
  next_flush_ms INTEGER NOT NULL,
  flushed INTEGER NOT NULL,
  PRIMARY KEY (route_id, group_key)
) STRICT, WITHOUT ROWID;

-- What each integration of each receiver was last told about a group.
CREATE TABLE notify_log (
  group_key TEXT NOT NULL,
  receiver TEXT NOT NULL,
  integration TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  firing TEXT NOT NULL,
  resolved TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  PRIMARY KEY (group_key, receiver, integration)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  group_key TEXT NOT NULL,
  body TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try_ms INTEGER NOT NULL,
  leased_until_ms INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  finished_ms INTEGER,
  outcome TEXT
) STRICT;
CREATE INDEX outbox_due ON outbox (next_try_ms) WHERE finished_ms IS NULL;
CREATE INDEX outbox_order ON outbox (channel, group_key, id) WHERE finished_ms IS NULL;
CREATE INDEX outbox_finished ON outbox (finished_ms) WHERE finished_ms IS NOT NULL;

CREATE TABLE channel_state (
  channel TEXT PRIMARY KEY,
  last_success_ms INTEGER,
  last_failure_ms INTEGER,
  last_error TEXT,
  failing_since_ms INTEGER
) STRICT;

-- Append-only; each record carries the hash of the one before. Bodies lie apart so that they can be erased.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  trace_id BLOB NOT NULL,
  span_id TEXT,
  event TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  resource TEXT NOT NULL,
  outcome TEXT NOT NULL,
  duration_ms REAL,
  body_hash BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_trace ON audit (trace_id);
CREATE INDEX audit_by_time ON audit (at_ms);

CREATE TABLE audit_body (
  seq INTEGER PRIMARY KEY,
  salt BLOB NOT NULL,
  body TEXT NOT NULL
) STRICT;

-- The hash at each cut of the retention, so that what is left still has something to stand on.
CREATE TABLE audit_anchor (
  seq INTEGER PRIMARY KEY,
  hash BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'audit records are append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
WHEN OLD.seq > (SELECT COALESCE(MAX(seq), 0) FROM audit_anchor)
BEGIN
  SELECT RAISE(ABORT, 'audit records are append-only');
END;

CREATE TABLE token (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  last_used_ms INTEGER,
  revoked_ms INTEGER
) STRICT;

CREATE TABLE setting (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

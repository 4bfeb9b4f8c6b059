-- Who has taken on an alert that fires; gone when that is over.
CREATE TABLE acknowledgement (
  fingerprint TEXT PRIMARY KEY,
  starts_at_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  ends_at_ms INTEGER NOT NULL,
  acknowledged_by TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- step is 0 for those who are told at once, and the number of the step of an escalation for those who are told by it.
-- told_ms is a JSON array beside firing: when each of the alerts was first told.
CREATE TABLE notify_log_with_steps (
  group_key TEXT NOT NULL,
  receiver TEXT NOT NULL,
  step INTEGER NOT NULL,
  integration TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  firing TEXT NOT NULL,
  told_ms TEXT NOT NULL,
  resolved TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  PRIMARY KEY (group_key, receiver, step, integration)
) STRICT, WITHOUT ROWID;
INSERT INTO notify_log_with_steps
SELECT group_key, receiver, 0, integration, at_ms, firing,
  (SELECT json_group_array(each_ms) FROM (SELECT notify_log.at_ms AS each_ms FROM json_each(notify_log.firing))),
  resolved, expires_ms
FROM notify_log;
DROP TABLE notify_log;
ALTER TABLE notify_log_with_steps RENAME TO notify_log;

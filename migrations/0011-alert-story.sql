-- What happens to an alert again and again, such as being held back by the same silence, is one row with a count.
ALTER TABLE alert_event ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE alert_event ADD COLUMN last_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_event ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
UPDATE alert_event SET last_ms = at_ms;
DROP INDEX alert_event_by_fingerprint;
CREATE INDEX alert_event_by_fingerprint ON alert_event (fingerprint);

-- The worst value since the alert is active.
ALTER TABLE alert ADD COLUMN peak REAL;
-- What the rule knows of it, as JSON; null where it was posted from outside.
ALTER TABLE notify_alert ADD COLUMN origin TEXT;

-- Each time that an alert fired, so that it can be found when it is long over.
CREATE TABLE alert_episode (
  id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  alertname TEXT NOT NULL,
  severity TEXT NOT NULL,
  labels TEXT NOT NULL,
  annotations TEXT NOT NULL,
  -- What the rule knew of it when it began, and at its end, as JSON; null where it was posted from outside.
  origin TEXT,
  last TEXT,
  started_ms INTEGER NOT NULL,
  -- Null while it fires.
  ended_ms INTEGER
) STRICT;
CREATE INDEX alert_episode_by_fingerprint ON alert_episode (fingerprint, started_ms);
CREATE INDEX alert_episode_by_name ON alert_episode (alertname, started_ms);
CREATE INDEX alert_episode_by_start ON alert_episode (started_ms);
CREATE INDEX alert_episode_open ON alert_episode (fingerprint) WHERE ended_ms IS NULL;

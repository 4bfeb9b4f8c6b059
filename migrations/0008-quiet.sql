-- While nothing is known of what an alert is about: since when, and why. Both are null otherwise.
ALTER TABLE alert ADD COLUMN frozen_since_ms INTEGER;
ALTER TABLE alert ADD COLUMN frozen_by TEXT;
-- Maintenance windows that somebody made while midwatch ran; spec is what was asked for, as JSON in the words of the config.
CREATE TABLE maintenance (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  spec TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  ended_ms INTEGER
) STRICT;

-- The samples of sixteen neighbouring series (numbers 16 * series_group to 16 * series_group + 15) over an hour (level 0) or a day
-- (level 1) that ended at to_ms. body is NULL once the raw retention has passed; the summaries in directory stay.
CREATE TABLE segment (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  level INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  series_group INTEGER NOT NULL,
  series_mask INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  directory BLOB NOT NULL,
  body BLOB
) STRICT;
CREATE INDEX segment_by_span ON segment (to_ms, level, series_group, series_mask);
CREATE INDEX segment_with_samples ON segment (to_ms) WHERE body IS NOT NULL;

-- Segments whose samples stand in another now; they go once nobody reads them any more.
CREATE TABLE spent_segment (
  id INTEGER PRIMARY KEY
) STRICT;

DROP TABLE chunk;

-- What each day of sixteen series came to, as in the directories of their segments, but all days of a group side by side:
-- a window of a month reads a few pages. id is series_group * 1048576 + the day's number since 1970.
CREATE TABLE day_summary (
  id INTEGER PRIMARY KEY,
  body BLOB NOT NULL
) STRICT;

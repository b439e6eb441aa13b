-- How a hoster's own run of an epoch ended, for those who look back.
CREATE TABLE own_runs (
  epoch INTEGER PRIMARY KEY CHECK (epoch BETWEEN 0 AND 4294967295),
  outcome TEXT NOT NULL CHECK (outcome IN ('kept', 'missed')),
  -- Why there is no answer: a reason of docs/hoster.md.
  reason TEXT CHECK (length(reason) BETWEEN 1 AND 64),
  -- The best block when it ended.
  block INTEGER NOT NULL,
  CHECK ((outcome = 'missed') = (reason IS NOT NULL))
) STRICT;

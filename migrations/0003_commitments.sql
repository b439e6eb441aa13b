-- Commit and reveal: own promises, stored before they are published so that a restart can still keep them, and those
-- of others.

CREATE TABLE own_commits (
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 0 AND 4294967295),
  -- hoster: to its answer. validator: to its verdicts.
  role TEXT NOT NULL CHECK (role IN ('hoster', 'validator')),
  salt BLOB NOT NULL CHECK (length(salt) = 16),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  payload BLOB NOT NULL,
  -- The block at which it was published; null before.
  committed_at INTEGER,
  revealed_at INTEGER,
  PRIMARY KEY (epoch, role),
  CHECK (revealed_at IS NULL OR committed_at IS NOT NULL)
) STRICT;
CREATE TRIGGER own_commits_are_kept BEFORE UPDATE OF salt, digest, payload ON own_commits
BEGIN SELECT raise(ABORT, 'a promise is never changed'); END;

CREATE TABLE seen_commits (
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 0 AND 4294967295),
  role TEXT NOT NULL CHECK (role IN ('hoster', 'validator')),
  subnet_node_id INTEGER NOT NULL CHECK (subnet_node_id BETWEEN 0 AND 4294967295),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  committed_at INTEGER NOT NULL,
  salt BLOB CHECK (length(salt) = 16),
  payload BLOB,
  revealed_at INTEGER,
  -- Whether the reveal opens the commit.
  opens INTEGER CHECK (opens IN (0, 1)),
  PRIMARY KEY (epoch, role, subnet_node_id),
  CHECK ((salt IS NULL) = (payload IS NULL)),
  CHECK ((salt IS NULL) = (revealed_at IS NULL)),
  CHECK ((salt IS NULL) = (opens IS NULL))
) STRICT, WITHOUT ROWID;

-- What this node answered to the consensus tensor, beside the promise to it. Kept and removed with the promise.
CREATE TABLE own_answers (
  epoch INTEGER NOT NULL,
  role TEXT NOT NULL,
  dtype TEXT NOT NULL,
  -- Sizes of the dimensions, separated by commas.
  shape TEXT NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (epoch, role),
  FOREIGN KEY (epoch, role) REFERENCES own_commits ON DELETE CASCADE
) STRICT;

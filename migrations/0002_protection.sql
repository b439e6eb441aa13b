-- What was signed for the chain, so that nothing is ever signed twice. These tables are never pruned below `bounds`.

-- One row for each duty, before any signature for it leaves the process.
CREATE TABLE duties (
  id INTEGER PRIMARY KEY,
  genesis_hash BLOB NOT NULL CHECK (length(genesis_hash) = 32),
  subnet_id INTEGER NOT NULL CHECK (subnet_id BETWEEN 0 AND 4294967295),
  node_id INTEGER NOT NULL CHECK (node_id BETWEEN 0 AND 4294967295),
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 0 AND 4294967295),
  duty TEXT NOT NULL CHECK (duty IN ('propose', 'attest')),
  state TEXT NOT NULL CHECK (state IN
    ('planned', 'signed', 'sent', 'included', 'finalized', 'expired', 'replaced', 'refused', 'missed')),
  -- Why it was refused or missed: a code of docs/reasons.md, and particulars.
  reason TEXT,
  detail TEXT CHECK (length(detail) <= 256),
  -- The block that the extrinsic is in.
  block INTEGER,
  block_hash BLOB CHECK (length(block_hash) = 32),
  UNIQUE (genesis_hash, subnet_id, node_id, epoch, duty),
  CHECK ((state IN ('refused', 'missed')) = (reason IS NOT NULL)),
  CHECK (state NOT IN ('included', 'finalized') OR (block IS NOT NULL AND block_hash IS NOT NULL))
) STRICT;
CREATE INDEX duties_by_state ON duties (state);

-- The one signature that a duty may have. Rows are neither changed nor replaced.
CREATE TABLE signatures (
  duty INTEGER PRIMARY KEY REFERENCES duties,
  -- SHA-256 of what is stated, whatever the nonce and era.
  content_digest BLOB NOT NULL CHECK (length(content_digest) = 32),
  -- Blake2b-256 of the bytes.
  extrinsic_hash BLOB NOT NULL UNIQUE CHECK (length(extrinsic_hash) = 32),
  extrinsic BLOB NOT NULL,
  call TEXT NOT NULL,
  signer BLOB NOT NULL CHECK (length(signer) = 20),
  nonce INTEGER NOT NULL,
  -- The first block that can no longer hold it.
  expires_at INTEGER,
  code_hash BLOB,
  -- The height at which it was signed.
  signed_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER signatures_are_kept BEFORE UPDATE ON signatures
BEGIN SELECT raise(ABORT, 'a signature is never changed'); END;

-- Every step of a duty, in order.
CREATE TABLE journal (
  duty INTEGER NOT NULL REFERENCES duties ON DELETE CASCADE,
  step INTEGER NOT NULL,
  arrow TEXT NOT NULL,
  state TEXT NOT NULL,
  -- The chain's height at the step.
  block INTEGER NOT NULL,
  detail TEXT CHECK (length(detail) <= 256),
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (duty, step)
) STRICT, WITHOUT ROWID;

-- No new signature for an epoch at or below this one.
CREATE TABLE bounds (
  genesis_hash BLOB NOT NULL CHECK (length(genesis_hash) = 32),
  subnet_id INTEGER NOT NULL CHECK (subnet_id BETWEEN 0 AND 4294967295),
  node_id INTEGER NOT NULL CHECK (node_id BETWEEN 0 AND 4294967295),
  duty TEXT NOT NULL CHECK (duty IN ('propose', 'attest')),
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 0 AND 4294967295),
  PRIMARY KEY (genesis_hash, subnet_id, node_id, duty)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER bounds_only_rise BEFORE UPDATE ON bounds WHEN new.epoch < old.epoch
BEGIN SELECT raise(ABORT, 'a bound never falls'); END;
CREATE TRIGGER bounds_stay BEFORE DELETE ON bounds
BEGIN SELECT raise(ABORT, 'a bound is never removed'); END;

-- While there is a row, nothing is signed: after a restore until the bounds were raised to what the chain shows,
-- and after another signer was seen until a person has looked.
CREATE TABLE holds (
  kind TEXT PRIMARY KEY CHECK (kind IN ('restored', 'doppelganger')),
  detail TEXT NOT NULL CHECK (length(detail) <= 256),
  since_ms INTEGER NOT NULL
) STRICT;

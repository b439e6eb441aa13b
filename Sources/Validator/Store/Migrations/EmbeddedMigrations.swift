// Made by scripts/migrations from migrations/. Change the SQL there, then run it.

extension Migration {
  /// All migrations of this build, in order.
  static let all = [
    Migration(
      number: 1, name: "evidence",
      sql: #"""
        -- What a validator saw in each subnet epoch, and the scores that follow from it.
        -- Times of the wall clock (`_ms`, milliseconds since 1970, UTC) are for display; what counts is block numbers.

        -- The one subnet that this file is about.
        CREATE TABLE identity (
          only INTEGER PRIMARY KEY CHECK (only = 1),
          genesis_hash BLOB NOT NULL CHECK (length(genesis_hash) = 32),
          subnet_id INTEGER NOT NULL CHECK (subnet_id BETWEEN 0 AND 4294967295)
        ) STRICT;

        CREATE TABLE epochs (
          epoch INTEGER PRIMARY KEY CHECK (epoch BETWEEN 0 AND 4294967295),
          first_block INTEGER NOT NULL,
          epoch_length INTEGER NOT NULL CHECK (epoch_length > 0),
          -- Once it is final.
          first_block_hash BLOB CHECK (length(first_block_hash) = 32),
          own_node INTEGER,
          elected_node INTEGER,
          opened_ms INTEGER NOT NULL,
          -- Whether its observations were rolled up into `rollups` and removed.
          is_rolled_up INTEGER NOT NULL DEFAULT 0 CHECK (is_rolled_up IN (0, 1))
        ) STRICT;

        CREATE TABLE peers (
          id INTEGER PRIMARY KEY,
          peer_id TEXT NOT NULL UNIQUE CHECK (length(peer_id) BETWEEN 1 AND 128),
          first_epoch INTEGER NOT NULL,
          last_epoch INTEGER NOT NULL
        ) STRICT;

        -- The nodes that had to be scored, as the chain had them.
        CREATE TABLE nodes (
          epoch INTEGER NOT NULL REFERENCES epochs ON DELETE CASCADE,
          subnet_node_id INTEGER NOT NULL CHECK (subnet_node_id BETWEEN 0 AND 4294967295),
          peer INTEGER NOT NULL REFERENCES peers,
          hotkey BLOB CHECK (length(hotkey) = 20),
          class TEXT NOT NULL CHECK (class IN ('Registered', 'Idle', 'Included', 'Validator')),
          -- hoster: it is called. validator: it serves nothing. own: this node.
          standing TEXT NOT NULL CHECK (standing IN ('hoster', 'validator', 'own')),
          PRIMARY KEY (epoch, subnet_node_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX nodes_by_peer ON nodes (peer, epoch);

        -- What the hosters were asked.
        CREATE TABLE tensors (
          epoch INTEGER NOT NULL REFERENCES epochs ON DELETE CASCADE,
          probe INTEGER NOT NULL CHECK (probe BETWEEN 0 AND 65535),
          source TEXT NOT NULL CHECK (source IN ('chain', 'dht')),
          dtype TEXT NOT NULL,
          -- Sizes with commas, outermost first.
          shape TEXT NOT NULL,
          digest BLOB NOT NULL CHECK (length(digest) = 32),
          bytes BLOB NOT NULL,
          PRIMARY KEY (epoch, probe)
        ) STRICT;

        -- Each different answer of an epoch, once.
        CREATE TABLE answers (
          epoch INTEGER NOT NULL REFERENCES epochs ON DELETE CASCADE,
          digest BLOB NOT NULL CHECK (length(digest) = 32),
          dtype TEXT NOT NULL,
          shape TEXT NOT NULL,
          -- Null once only the digest is kept.
          bytes BLOB,
          PRIMARY KEY (epoch, digest)
        ) STRICT;

        CREATE TABLE observations (
          epoch INTEGER NOT NULL,
          subnet_node_id INTEGER NOT NULL,
          probe INTEGER NOT NULL CHECK (probe BETWEEN 0 AND 65535),
          -- Counted from 1; the last attempt is the one that is judged.
          attempt INTEGER NOT NULL CHECK (attempt BETWEEN 1 AND 255),
          peer INTEGER NOT NULL REFERENCES peers,
          request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
          -- Of the answer in `answers`, if there was one.
          answer_digest BLOB CHECK (length(answer_digest) = 32),
          -- What this validator saw; `accepted` means answered, which scoring compares with the other answers.
          verdict TEXT NOT NULL
            CHECK (verdict IN ('accepted', 'rejected', 'refused', 'absent', 'crashed', 'inconclusive')),
          reason TEXT NOT NULL,
          -- Text of the hoster or of the network; bounded, escaped, never parsed.
          detail TEXT CHECK (length(detail) <= 256),
          token_count INTEGER NOT NULL,
          -- Microseconds; null if no message came.
          first_message_us INTEGER,
          total_us INTEGER NOT NULL,
          -- The best block when the call ended.
          block INTEGER NOT NULL,
          PRIMARY KEY (epoch, subnet_node_id, probe, attempt),
          FOREIGN KEY (epoch, subnet_node_id) REFERENCES nodes (epoch, subnet_node_id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX observations_by_peer ON observations (peer, epoch);

        -- How the scores of an epoch were made.
        CREATE TABLE scorings (
          epoch INTEGER PRIMARY KEY REFERENCES epochs ON DELETE CASCADE,
          policy TEXT NOT NULL,
          policy_version INTEGER NOT NULL,
          -- JSON, as `ScoringPolicy.parameters` gives it.
          parameters TEXT NOT NULL,
          -- own-view or commit-reveal.
          agreement TEXT NOT NULL,
          -- SHA-256 of the evidence and of the scores in their canonical form (docs/scoring.md).
          evidence_digest BLOB NOT NULL CHECK (length(evidence_digest) = 32),
          scores_digest BLOB NOT NULL CHECK (length(scores_digest) = 32),
          -- The best block when they were made.
          block INTEGER NOT NULL
        ) STRICT;

        -- A node's score, out of 10^18, and the parts that it is the sum of.
        CREATE TABLE scores (
          epoch INTEGER NOT NULL REFERENCES scorings ON DELETE CASCADE,
          subnet_node_id INTEGER NOT NULL,
          score INTEGER NOT NULL CHECK (score BETWEEN 0 AND 1000000000000000000),
          hoster_part INTEGER NOT NULL CHECK (hoster_part BETWEEN 0 AND score),
          -- Before sharing; the same as the part where a policy shares nothing out.
          hoster_raw INTEGER NOT NULL CHECK (hoster_raw BETWEEN 0 AND 1000000000000000000),
          validator_part INTEGER NOT NULL CHECK (validator_part = score - hoster_part),
          validator_raw INTEGER NOT NULL CHECK (validator_raw BETWEEN 0 AND 1000000000000000000),
          -- Probes that agreed with the reference, and probes that could be judged.
          accepted INTEGER NOT NULL CHECK (accepted BETWEEN 0 AND judged),
          judged INTEGER NOT NULL,
          PRIMARY KEY (epoch, subnet_node_id),
          FOREIGN KEY (epoch, subnet_node_id) REFERENCES nodes (epoch, subnet_node_id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;

        -- How scoring judged each probe of each node, and why.
        CREATE TABLE judgements (
          epoch INTEGER NOT NULL,
          subnet_node_id INTEGER NOT NULL,
          probe INTEGER NOT NULL,
          verdict TEXT NOT NULL
            CHECK (verdict IN ('accepted', 'rejected', 'refused', 'absent', 'crashed', 'inconclusive')),
          reason TEXT NOT NULL,
          credit INTEGER NOT NULL CHECK (credit BETWEEN 0 AND 1000000000000000000),
          PRIMARY KEY (epoch, subnet_node_id, probe),
          FOREIGN KEY (epoch, subnet_node_id) REFERENCES scores (epoch, subnet_node_id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;

        -- What the elected node put on chain.
        CREATE TABLE submissions (
          epoch INTEGER PRIMARY KEY REFERENCES epochs ON DELETE CASCADE,
          proposer INTEGER NOT NULL,
          block INTEGER NOT NULL,
          uses_queue_options INTEGER NOT NULL CHECK (uses_queue_options IN (0, 1)),
          -- Nodes that had to attest for consensus to be judged.
          voters INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE submission_scores (
          epoch INTEGER NOT NULL REFERENCES submissions ON DELETE CASCADE,
          -- In the order of the submission, from 0.
          position INTEGER NOT NULL,
          subnet_node_id INTEGER NOT NULL,
          -- Decimal: proposers may write any number of 128 bits.
          score TEXT NOT NULL CHECK (length(score) BETWEEN 1 AND 39 AND score NOT GLOB '*[^0-9]*'),
          PRIMARY KEY (epoch, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE attestations (
          epoch INTEGER NOT NULL REFERENCES submissions ON DELETE CASCADE,
          subnet_node_id INTEGER NOT NULL,
          block INTEGER NOT NULL,
          PRIMARY KEY (epoch, subnet_node_id)
        ) STRICT, WITHOUT ROWID;

        -- What is left of the observations of an epoch once they are removed.
        CREATE TABLE rollups (
          epoch INTEGER NOT NULL REFERENCES epochs ON DELETE CASCADE,
          subnet_node_id INTEGER NOT NULL,
          attempts INTEGER NOT NULL,
          accepted INTEGER NOT NULL,
          rejected INTEGER NOT NULL,
          refused INTEGER NOT NULL,
          absent INTEGER NOT NULL,
          crashed INTEGER NOT NULL,
          inconclusive INTEGER NOT NULL,
          tokens INTEGER NOT NULL,
          total_us INTEGER NOT NULL,
          slowest_us INTEGER NOT NULL,
          PRIMARY KEY (epoch, subnet_node_id)
        ) STRICT, WITHOUT ROWID;

        """#),
    Migration(
      number: 2, name: "protection",
      sql: #"""
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

        """#),
    Migration(
      number: 3, name: "commitments",
      sql: #"""
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

        """#),
    Migration(
      number: 4, name: "own_answers",
      sql: #"""
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

        """#),
    Migration(
      number: 5, name: "own_runs",
      sql: #"""
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

        """#),
  ]
}

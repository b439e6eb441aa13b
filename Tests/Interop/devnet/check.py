#!/usr/bin/env python3
"""Looks at a local network from outside: its chain over JSON-RPC, its databases with sqlite3, with none of the
program's own code. Waits until a subnet epoch with a proposal is settled whose observations were all made after it has
begun to look, and prints what it found as one line of JSON.

  python check.py --network ready.json [--seconds 60]

`ready.json` holds the line that `validatord devnet --keep` prints.
"""
import argparse
import hashlib
import json
import pathlib
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "chain"))
from htclient import Client  # noqa: E402

ONE = 10**18


def wait_for_settlement(client, subnet, seconds):
    """The first epoch with a submission whose next epoch has begun, and that submission."""
    length = client.meta.const("Network", "EpochLength")
    slot = client.get("Network", "SubnetSlot", subnet)
    end = time.time() + seconds
    block = client.get("System", "Number")
    # A proposal is about the epoch before.
    first = max(0, block - slot) // length + 2 if block >= slot + length // 4 else 1
    while time.time() < end:
        block = client.get("System", "Number")
        for epoch in range(first, max(first, (block - slot) // length)):
            found = client.get("Network", "SubnetConsensusSubmission", subnet, epoch)
            if found is not None:
                return epoch, found
        time.sleep(0.2)
    raise SystemExit("no epoch was settled in %d s" % seconds)


def rows(database, sql, *arguments):
    with sqlite3.connect("file:%s?mode=ro" % database, uri=True) as connection:
        return connection.execute(sql, arguments).fetchall()


def agreement(database, epoch):
    """The agreement policy of docs/scoring.md, from the observations alone: score by node."""
    members = dict(rows(database, "SELECT subnet_node_id, standing FROM nodes WHERE epoch = ?", epoch))
    last = {}
    for node, probe, verdict, digest in rows(
        database,
        "SELECT subnet_node_id, probe, verdict, answer_digest FROM observations WHERE epoch = ? ORDER BY attempt",
        epoch,
    ):
        last[node, probe] = (verdict, digest)
    judged, accepted = {}, {}
    for probe in sorted({probe for _, probe in last}):
        groups = {}
        for node in sorted(members):
            verdict, digest = last.get((node, probe), (None, None))
            if verdict == "accepted":
                groups.setdefault(digest, []).append(node)
        reference = max(groups, key=lambda digest: (len(groups[digest]), -groups[digest][0]), default=None)
        for node, standing in members.items():
            verdict, digest = last.get((node, probe), (None, None))
            if standing != "hoster" or verdict in (None, "inconclusive"):
                continue
            judged[node] = judged.get(node, 0) + 1
            accepted[node] = accepted.get(node, 0) + (verdict == "accepted" and digest == reference)
    return {
        node: ONE if standing != "hoster" else (ONE * accepted[node] // judged[node] if node in judged else 0)
        for node, standing in members.items()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", required=True)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    network = json.load(open(arguments.network))
    client = Client(network["chain"]["http"])
    epoch, submission = wait_for_settlement(client, network["subnet"], arguments.seconds)
    proposed = {entry["subnet_node_id"]: entry["score"] for entry in submission["data"]}
    validators = [node for node in network["nodes"] if node["role"] == "validator"]
    databases = {}
    for node in validators:
        path = node["database"]
        stored = dict(rows(path, "SELECT subnet_node_id, score FROM scores WHERE epoch = ?", epoch - 1))
        (digest,) = rows(path, "SELECT scores_digest FROM scorings WHERE epoch = ?", epoch - 1)[0]
        text = b"validatord/scores/1" + (epoch - 1).to_bytes(4, "little")
        for id in sorted(stored):
            text += id.to_bytes(4, "little") + stored[id].to_bytes(8, "little")
        databases[node["name"]] = {
            "scores": stored,
            "recomputed": agreement(path, epoch - 1) == stored,
            "digest": hashlib.sha256(text).digest() == digest,
            "integrity": rows(path, "PRAGMA integrity_check") == [("ok",)],
            "signatures": rows(path, "SELECT count(*) FROM signatures")[0][0],
            "mode": oct(pathlib.Path(path).stat().st_mode & 0o777),
        }
    keys = [path for node in network["nodes"] for path in (node["peerKey"], node["hotkey"], node["coldkey"]) if path]
    print(
        json.dumps(
            {
                "epoch": epoch,
                "proposed": proposed,
                "attests": sorted(submission["attests"]) if isinstance(submission["attests"], dict)
                else sorted(entry[0] for entry in submission["attests"]),
                "proposer": submission["validator_id"],
                "databases": databases,
                "ids": {node["name"]: node["id"] for node in network["nodes"]},
                "keyModes": sorted({oct(pathlib.Path(path).stat().st_mode & 0o777) for path in keys}),
            }
        )
    )


if __name__ == "__main__":
    main()

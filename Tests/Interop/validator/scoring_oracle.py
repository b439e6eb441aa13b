"""Makes Tests/Vectors/scoring.json: the scoring policies and canonical forms in exact rational arithmetic.

Written from spec/epoch.md and docs/scoring.md, without a look at the Swift code's way. From the repository's root:

  python3 Tests/Interop/validator/scoring_oracle.py

Needs nothing but Python. Irrational numbers are made with enough digits that the integer result can't depend on them.
"""

import hashlib
import json
import pathlib
import random
import struct
from fractions import Fraction
from math import floor, isqrt

ONE = 10**18
VERDICTS = ["accepted", "rejected", "refused", "absent", "crashed", "inconclusive"]
STANDINGS = ["hoster", "validator", "own"]
SIZES = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "int8": 1, "int16": 2, "int32": 4, "int64": 8,
         "uint8": 1, "bool": 1}


def sha(data):
    return hashlib.sha256(data).digest()


def u16(n):
    return struct.pack("<H", n)


def u32(n):
    return struct.pack("<I", n)


def u64(n):
    return struct.pack("<Q", n)


# Answers


def without_leading_ones(shape):
    shape = list(shape)
    while shape and shape[0] == 1:
        shape.pop(0)
    return shape


def answer_digest(answer):
    name = answer["dtype"].encode()
    shape = without_leading_ones(answer["shape"])
    return sha(b"validatord/answer/1" + bytes([len(name)]) + name + bytes([len(shape)])
               + b"".join(map(u32, shape)) + bytes.fromhex(answer["bytes"]))


def number(dtype, raw):
    """The exact value, or None if it is not finite."""
    if dtype == "float16":
        value = struct.unpack("<e", raw)[0]
    elif dtype == "bfloat16":
        value = struct.unpack("<f", b"\0\0" + raw)[0]
    elif dtype == "float32":
        value = struct.unpack("<f", raw)[0]
    elif dtype == "float64":
        value = struct.unpack("<d", raw)[0]
    else:
        return Fraction(int.from_bytes(raw, "little", signed=dtype not in ("uint8", "bool")))
    return Fraction(value) if value == value and abs(value) != float("inf") else None


def fixed(answer):
    """Multiples of 2^-32, rounded toward zero; None if one of the numbers has no place there."""
    raw, size = bytes.fromhex(answer["bytes"]), SIZES[answer["dtype"]]
    result = []
    for at in range(0, len(raw), size):
        value = number(answer["dtype"], raw[at:at + size])
        if value is None:
            return None
        scaled = floor(abs(value) * 2**32)
        is_integer = answer["dtype"] not in ("float16", "bfloat16", "float32", "float64")
        if scaled >= 2**63 and not (is_integer and value == -2**31):
            return None
        result.append(scaled if value >= 0 else -scaled)
    return result


# Evidence


def outcome(member, probe):
    found = member["outcomes"].get(probe)
    if found is None:
        return {"verdict": "inconclusive", "reason": "own-fault"}
    if found["verdict"] == "accepted" and found["reason"] == "answered" and "answer" not in found:
        return {"verdict": "inconclusive", "reason": "not-kept"}
    return found


def is_comparable(o):
    return o["verdict"] == "accepted" and o["reason"] == "answered"


def evidence_digest(evidence):
    out = b"validatord/evidence/1" + u32(evidence["epoch"]) + u32(len(evidence["members"]))
    for member in sorted(evidence["members"], key=lambda m: m["id"]):
        out += u32(member["id"]) + bytes([STANDINGS.index(member["standing"])]) + u16(len(member["outcomes"]))
        for probe in sorted(member["outcomes"]):
            o = outcome(member, probe)
            reason = o["reason"].encode()
            out += u16(probe) + bytes([VERDICTS.index(o["verdict"])]) + bytes([len(reason)]) + reason
            out += b"\1" + answer_digest(o["answer"]) if "answer" in o else b"\0"
    out += u32(len(evidence["reports"]))
    for report in sorted(evidence["reports"], key=lambda r: r["id"]):
        out += u32(report["id"]) + u32(len(report["scores"]))
        for hoster in sorted(report["scores"]):
            out += u32(hoster) + u64(report["scores"][hoster])
    return sha(out)


def scores_digest(epoch, scores):
    return sha(b"validatord/scores/1" + u32(epoch)
               + b"".join(u32(s["id"]) + u64(s["hosterPart"] + s["validatorPart"]) for s in scores))


def hosters_of(evidence):
    return sorted((m for m in evidence["members"] if m["standing"] == "hoster"), key=lambda m: m["id"])


def probes_of(evidence):
    return sorted({probe for member in hosters_of(evidence) for probe in member["outcomes"]})


# Policies


def agreement_probe(evidence, probe, _):
    given = [(m["id"], outcome(m, probe)) for m in hosters_of(evidence)]
    groups = {}
    for id, o in given:
        if is_comparable(o):
            groups.setdefault(answer_digest(o["answer"]), []).append(id)
    reference = min(groups, key=lambda d: (-len(groups[d]), min(groups[d]))) if groups else None
    for id, o in given:
        if is_comparable(o):
            agrees = answer_digest(o["answer"]) == reference
            yield id, "accepted" if agrees else "rejected", "agrees" if agrees else "differs", ONE if agrees else 0
        else:
            yield id, o["verdict"], o["reason"], ONE if o["verdict"] == "accepted" else 0


def comparable_group(given):
    """Fixed-point answers of the most frequent form, and why the others are not among them."""
    forms, faults, values = {}, {}, {}
    for id, o in given:
        if not is_comparable(o):
            continue
        values[id] = fixed(o["answer"])
        if values[id] is None:
            faults[id] = "not-finite"
        else:
            form = (o["answer"]["dtype"], tuple(without_leading_ones(o["answer"]["shape"])))
            forms.setdefault(form, []).append(id)
    chosen = min(forms, key=lambda f: (-len(forms[f]), min(forms[f]))) if forms else None
    for form, ids in forms.items():
        for id in ids:
            if form != chosen:
                faults[id] = "shape"
    return {id: values[id] for id in forms.get(chosen, [])}, faults


def distance_probe(evidence, probe, parameters):
    given = [(m["id"], outcome(m, probe)) for m in hosters_of(evidence)]
    group, faults = comparable_group(given)
    lowest = Fraction(int(parameters.get("lowest", 10**6)), 10**9)
    highest = Fraction(int(parameters.get("highest", 10**8)), 10**9)
    columns = list(zip(*group.values()))
    reference = [sorted(column)[(len(column) - 1) // 2] for column in columns]
    for id, o in given:
        if not is_comparable(o):
            yield id, o["verdict"], o["reason"], ONE if o["verdict"] == "accepted" else 0
        elif id in faults:
            yield id, "rejected", faults[id], 0
        else:
            apart = sum(abs(x - r) for x, r in zip(group[id], reference))
            size = sum(map(abs, reference))
            if apart == 0:
                credit = ONE
            elif size == 0:
                credit = 0
            else:
                d = Fraction(apart, size)
                credit = floor(ONE * min(max((highest - d) / (highest - lowest), 0), 1))
            yield id, "accepted" if credit else "rejected", "agrees" if credit else "differs", credit


def tallied(per_probe):
    def score(evidence, parameters):
        judgements = [(id, probe, *rest) for probe in probes_of(evidence)
                      for id, *rest in per_probe(evidence, probe, parameters)]
        unprobed = int(parameters.get("unprobed-score", ONE))
        scores = []
        for member in sorted(evidence["members"], key=lambda m: m["id"]):
            mine = [j for j in judgements if j[0] == member["id"] and j[2] != "inconclusive"]
            if member["standing"] != "hoster":
                scores.append(entry(member["id"], validator=unprobed))
            else:
                part = floor(Fraction(sum(j[4] for j in mine), len(mine))) if mine else 0
                scores.append(entry(member["id"], hoster=part, accepted=sum(j[2] == "accepted" for j in mine),
                                    judged=len(mine)))
        return judgements, scores
    return score


def entry(id, hoster=0, hoster_raw=None, validator=0, validator_raw=None, accepted=0, judged=0):
    return {"id": id, "hosterPart": hoster, "hosterRaw": hoster if hoster_raw is None else hoster_raw,
            "validatorPart": validator, "validatorRaw": validator if validator_raw is None else validator_raw,
            "accepted": accepted, "judged": judged}


def root(value, scale):
    """floor(scale · √value) of a rational number."""
    return isqrt(floor(value * scale * scale))


def mean_distance(evidence, _):
    judgements, raws, accepted, judged = [], {}, {}, {}
    for probe in probes_of(evidence):
        given = [(m["id"], outcome(m, probe)) for m in hosters_of(evidence)]
        group, faults = comparable_group(given)
        means = [Fraction(sum(column), len(column)) for column in zip(*group.values())]
        for id, o in given:
            verdict, reason, raw = o["verdict"], o["reason"], 10**36 if o["verdict"] == "accepted" else 0
            if is_comparable(o):
                if id in faults:
                    verdict, reason, raw = "rejected", faults[id], 0
                else:
                    squares = sum((x - m) ** 2 for x, m in zip(group[id], means)) / Fraction(2**64)
                    verdict, reason, raw = "accepted", "agrees", 10**54 // (ONE + root(Fraction(squares), ONE))
            judgements.append((id, probe, verdict, reason, raw // ONE))
            if verdict != "inconclusive":
                raws[id] = raws.get(id, 0) + raw
                accepted[id] = accepted.get(id, 0) + (verdict == "accepted")
                judged[id] = judged.get(id, 0) + 1
    raws = {id: raw // judged[id] for id, raw in raws.items()}
    ids = [m["id"] for m in hosters_of(evidence)]
    members = {m["id"] for m in evidence["members"]}
    reports = [r for r in evidence["reports"] if r["id"] in members]
    means = [Fraction(sum(r["scores"].get(id, 0) for r in reports), len(reports)) if reports else 0 for id in ids]
    errors = {r["id"]: root(Fraction(sum((r["scores"].get(id, 0) - m) ** 2 for id, m in zip(ids, means))), 1)
              for r in reports}
    largest = max(errors.values(), default=0)
    validators = {id: max(3 * 10**17 - e * ONE // (largest + 10**10), 0) for id, e in errors.items()}
    total, validator_total = sum(raws.values()), sum(validators.values())
    scores = []
    for member in sorted(evidence["members"], key=lambda m: m["id"]):
        id = member["id"]
        scores.append(entry(
            id, hoster=4 * 10**17 * raws.get(id, 0) // total if total else 0, hoster_raw=raws.get(id, 0) // ONE,
            validator=6 * 10**17 * validators.get(id, 0) // validator_total if validator_total else 0,
            validator_raw=validators.get(id, 0), accepted=accepted.get(id, 0), judged=judged.get(id, 0)))
    return judgements, scores


POLICIES = {"agreement": tallied(agreement_probe), "distance": tallied(distance_probe), "mean-distance": mean_distance}


def case(name, policy, evidence, parameters=None):
    parameters = parameters or {}
    evidence = {"epoch": 7, "reports": [], **evidence}
    judgements, scores = POLICIES[policy](evidence, parameters)
    return {
        "name": name, "policy": policy, "parameters": parameters, "epoch": evidence["epoch"],
        "members": [
            {"id": m["id"], "standing": m["standing"],
             "outcomes": [{"probe": probe, **o} for probe, o in sorted(m["outcomes"].items())]}
            for m in evidence["members"]],
        "reports": [{"id": r["id"], "scores": [{"id": i, "score": str(s)} for i, s in sorted(r["scores"].items())]}
                    for r in evidence["reports"]],
        "judgements": [{"id": i, "probe": p, "verdict": v, "reason": r, "credit": str(c)}
                       for i, p, v, r, c in sorted(judgements)],
        "scores": [{k: v if k in ("id", "accepted", "judged") else str(v) for k, v in s.items()} for s in scores],
        "evidenceDigest": evidence_digest(evidence).hex(), "scoresDigest": scores_digest(evidence["epoch"], scores).hex(),
    }


# Making evidence


def tokens(*values):
    return {"dtype": "int64", "shape": [len(values)], "bytes": struct.pack(f"<{len(values)}q", *values).hex()}


def floats(dtype, values, shape=None):
    if dtype == "bfloat16":
        raw = b"".join(struct.pack("<f", v)[2:] for v in values)
    else:
        raw = struct.pack(f"<{len(values)}{ {'float16': 'e', 'float32': 'f', 'float64': 'd'}[dtype] }", *values)
    return {"dtype": dtype, "shape": shape or [len(values)], "bytes": raw.hex()}


def answered(answer):
    return {"verdict": "accepted", "reason": "answered", "answer": answer}


def failed(verdict, reason):
    return {"verdict": verdict, "reason": reason}


def hoster(id, *outcomes):
    return {"id": id, "standing": "hoster", "outcomes": {probe: o for probe, o in enumerate(outcomes) if o}}


def other(id, standing="validator"):
    return {"id": id, "standing": standing, "outcomes": {}}


def cases():
    right, wrong = answered(tokens(1, 2, 3)), answered(tokens(1, 2, 9))
    yield case("nobody", "agreement", {"members": []})
    yield case("one hoster agrees with itself", "agreement", {"members": [hoster(4, right)]})
    yield case("a minority differs", "agreement", {"members": [hoster(i, right) for i in (1, 2, 4)] + [hoster(3, wrong)]})
    yield case("a tie goes to the smallest id", "agreement",
               {"members": [hoster(9, right), hoster(2, wrong), hoster(5, right), hoster(3, wrong)]})
    yield case("all kinds of verdicts", "agreement", {"members": [
        hoster(1, right), hoster(2, right), hoster(3, failed("refused", "error")), hoster(4, failed("absent", "deadline")),
        hoster(5, failed("crashed", "ended")), hoster(6, failed("rejected", "signature")),
        hoster(7, failed("inconclusive", "own-fault")), hoster(8, {"verdict": "accepted", "reason": "answered"}),
        other(10), other(11, "own")]}, {"unprobed-score": "250000000000000000"})
    yield case("three probes, a third right", "agreement", {"members": [
        hoster(1, right, right, right), hoster(2, right, right, right), hoster(3, right, wrong, failed("absent", "unreachable")),
        hoster(4, right, None, wrong)]})
    yield case("a batch of one is the same answer", "agreement", {"members": [
        hoster(1, right), hoster(2, answered({**tokens(1, 2, 3), "shape": [1, 3]})), hoster(3, wrong)]})
    yield case("the published example", "mean-distance", {"members": [hoster(1, right), hoster(2, right), hoster(3, wrong)]})
    yield case("the published formula with validators", "mean-distance", {
        "members": [hoster(1, right), hoster(2, right), hoster(3, wrong), other(5), other(6), other(7, "own")],
        "reports": [{"id": i, "scores": {1: a, 2: ONE // 3, 3: c}} for i, a, c in
                    [(5, ONE // 3, 1), (6, ONE // 3, 2 * 10**17), (7, ONE, 3), (99, 5, 5)]]})
    yield case("most validators agree", "mean-distance", {
        "members": [hoster(1, right), hoster(3, wrong)] + [other(i) for i in range(10, 16)],
        "reports": [{"id": i, "scores": {1: ONE if i < 15 else 0, 3: 10 * i}} for i in range(10, 16)]})
    yield case("validators who agree fully", "mean-distance", {
        "members": [hoster(1, right), other(5), other(6)],
        "reports": [{"id": i, "scores": {1: ONE}} for i in (5, 6)]})
    yield case("nobody answers", "mean-distance", {"members": [hoster(1, failed("absent", "deadline"))]})
    base = [1.0, -2.5, 0.125, 3.75]
    near, far = [1.01, -2.5, 0.125, 3.75], [4.0, 2.0, -1.0, 0.0]
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        yield case(f"distance of {dtype}", "distance", {"members": [
            hoster(1, answered(floats(dtype, base))), hoster(2, answered(floats(dtype, base))),
            hoster(3, answered(floats(dtype, near))), hoster(4, answered(floats(dtype, far)))]})
    yield case("numbers without a place", "distance", {"members": [
        hoster(1, answered(floats("float32", base))), hoster(2, answered(floats("float32", [float("nan"), 0, 0, 0]))),
        hoster(3, answered(floats("float32", [float("inf"), 0, 0, 0]))), hoster(4, answered(floats("float32", [2.0**31, 0, 0, 0]))),
        hoster(5, answered(floats("float32", [-2.0**31, 1, 1, 1]))), hoster(6, answered(floats("float32", base, [2, 2]))),
        hoster(7, answered(floats("float32", [2.0**31 - 128, -0.0, 1e-40, 2.0**-33])))]})
    yield case("a reference of zeros", "distance", {"members": [
        hoster(1, answered(floats("float32", [0.0, -0.0]))), hoster(2, answered(floats("float32", [0.0, 0.0]))),
        hoster(3, answered(floats("float32", [0.0, 1e-9])))]})
    yield case("an even count takes the lower middle", "distance", {"members": [
        hoster(1, answered(floats("float64", [1.0]))), hoster(2, answered(floats("float64", [2.0]))),
        hoster(3, answered(floats("float64", [3.0]))), hoster(4, answered(floats("float64", [4.0])))]},
        {"lowest": "0", "highest": "1000000000"})
    yield case("empty answers", "distance", {"members": [hoster(i, answered(floats("float32", [], [0]))) for i in (1, 2)]})
    source = random.Random(20260101)
    for policy in ("agreement", "distance", "mean-distance"):
        for round in range(6):
            members = []
            for id in sorted(source.sample(range(1, 500), 12)):
                outcomes = []
                for _ in range(4):
                    kind = source.random()
                    if kind < 0.15:
                        outcomes.append(failed(*source.choice([
                            ("refused", "error"), ("absent", "deadline"), ("crashed", "malformed"), ("rejected", "commit"),
                            ("inconclusive", "own-fault"), ("accepted", "majority")])))
                    elif kind < 0.2:
                        outcomes.append(None)
                    elif policy == "agreement":
                        outcomes.append(answered(tokens(source.choice([5, 5, 5, 6]), 7)))
                    else:
                        noise = source.choice([0, 0, 1e-3, 0.05, 10])
                        outcomes.append(answered(floats("float32", [v + source.uniform(-noise, noise) for v in base])))
                members.append(hoster(id, *outcomes))
            reports = []
            if policy == "mean-distance":
                for id in (501, 502, 503):
                    members.append(other(id))
                    reports.append({"id": id, "scores": {m["id"]: source.randrange(ONE) for m in members[:12]}})
            source.shuffle(members)
            yield case(f"{policy}, drawn {round}", policy, {"epoch": round, "members": members, "reports": reports})


# Other canonical forms


def consensus_tensor(genesis, subnet, epoch, block, vocabulary, length, probe=0):
    seed = sha(b"validatord/consensus-tensor/1" + genesis + u32(subnet) + u32(epoch) + block + (u16(probe) if probe else b""))
    drawn, counter, limit = [], 0, 2**32 // vocabulary * vocabulary
    while len(drawn) < length:
        for word in struct.unpack("<8I", sha(seed + u32(counter))):
            if word < limit and len(drawn) < length:
                drawn.append(word % vocabulary)
        counter += 1
    return {"genesisHash": genesis.hex(), "subnetId": subnet, "epoch": epoch, "firstBlockHash": block.hex(),
            "vocabulary": vocabulary, "length": length, "probe": probe, "seed": seed.hex(), "tokens": drawn}


def consensus_tensors():
    source = random.Random(3)
    for vocabulary in (1, 2, 3, 67, 50257, 2**31 + 1, 2**32 - 1):
        for length, probe in ((1, 0), (32, 0), (100, 5)):
            yield consensus_tensor(source.randbytes(32), source.choice([1, 128001, 2**32 - 1]), source.randrange(2**32),
                                   source.randbytes(32), vocabulary, length, probe)


def header(tag, genesis, subnet, epoch, node):
    return tag + genesis + u32(subnet) + u32(epoch) + u32(node)


def commitments():
    source = random.Random(4)
    genesis, digest, salt = source.randbytes(32), source.randbytes(32), source.randbytes(16)
    payload = header(b"validatord/hoster-answer/1", genesis, 128001, 42, 7) + digest
    verdicts = [(1, 0, "accepted"), (1, 1, "rejected"), (2, 0, "refused"), (3, 0, "absent"), (3, 9, "crashed"),
                (4000000000, 65535, "inconclusive")]
    ballot = header(b"validatord/verdicts/1", genesis, 128001, 42, 7) + u32(len(verdicts)) + b"".join(
        u32(id) + u16(probe) + bytes([VERDICTS.index(v)]) for id, probe, v in verdicts)
    return {"genesisHash": genesis.hex(), "subnetId": 128001, "epoch": 42, "subnetNodeId": 7, "salt": salt.hex(),
            "answerDigest": digest.hex(), "payload": payload.hex(), "digest": sha(salt + payload).hex(),
            "verdicts": [{"id": i, "probe": p, "verdict": v} for i, p, v in verdicts], "ballot": ballot.hex(),
            "ballotDigest": sha(salt + ballot).hex()}


def main():
    target = pathlib.Path(__file__).parents[2] / "Vectors" / "scoring.json"
    document = {
        "source": "Tests/Interop/validator/scoring_oracle.py", "cases": list(cases()),
        "consensusTensors": list(consensus_tensors()), "commitment": commitments(),
    }
    target.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{len(document['cases'])} cases, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A small local development node: runs the real runtime WASM found in a raw
chain spec and serves JSON-RPC over HTTP and WebSocket on one loopback port.

  python devnode.py --spec RAW.json --port 9944 --block-time 1000|instant|manual

See --help for the options and for the dev_* methods.
"""
import argparse
import asyncio
import base64
import json
import os
import re
import signal
import struct
import sys
import time
import zlib
from collections import OrderedDict, deque

from aiohttp import WSMsgType, web

from htexec import (Backend, Executor, Overlay, RuntimeError_, EMPTY_ROOT, ordered_root,
                    unpack_code)
from htscale import Metadata, Reader, blake2, compact, twox

SLOT_MS = 6000
CODE_KEY = b":code"

INVALID = ["Transaction call is not expected",
           "Inability to pay some fees (e.g. account balance too low)",
           "Transaction will be valid in the future",
           "Transaction is outdated",
           "Transaction has a bad signature",
           "Transaction has an ancient birth block",
           "Transaction would exhaust the block limits",
           None,
           "A call was labelled as mandatory, but resulted in an Error.",
           "Transaction dispatch is mandatory; transactions must not be validated.",
           "Invalid signing address",
           "The implicit data was unable to be calculated",
           "The transaction extension did not authorize any origin"]
INVALID_NAMES = ["Call", "Payment", "Future", "Stale", "BadProof", "AncientBirthBlock",
                 "ExhaustsResources", "Custom", "BadMandatory", "MandatoryValidation", "BadSigner",
                 "IndeterminateImplicit", "UnknownOrigin"]
UNKNOWN = ["CannotLookup", "NoUnsignedValidator"]

DEV_ACCOUNTS = OrderedDict([
    ("Alith", "f24ff3a9cf04c71dbc94d0b566f7a27b94566cac"),
    ("Baltathar", "3cd0a705a2dc65e5b1e1205896baa2be8a07c6e0"),
    ("Charleth", "798d4ba9baf0064ec19eb4f0a1a45785ae9d6dfc"),
    ("Dorothy", "773539d4ac0e786233d90a233654ccee26a613d9"),
    ("Ethan", "ff64d3f6efe2317ee2807d223a0bdc4c0c49dfdb"),
    ("Faith", "c0f0f4ab324c46e55d02d0033343b4be8a55532d"),
    ("Goliath", "7bf369283338e12c90514468aa3868a551ab2929"),
    ("Heath", "931f3600a299fd9b24cefb3bff79388d19804bea"),
    ("Ida", "c41c5f1123ecca6ce233578b2e7ebd5693869d73"),
    ("Judith", "2898fe7a42be376c8bc7af536a940f7fd5add423"),
])


class RpcError(Exception):
    def __init__(self, code, message, data=None):
        self.code, self.message, self.data = code, message, data
        super().__init__(message)


def hx(b):
    return "0x" + bytes(b).hex()


def unhex(s, what="hex"):
    if not isinstance(s, str) or not s.startswith("0x"):
        raise RpcError(-32602, "Invalid params", "%s: expected a 0x-prefixed hex string" % what)
    try:
        return bytes.fromhex(s[2:])
    except ValueError:
        raise RpcError(-32602, "Invalid params", "%s: invalid hex" % what)


# --------------------------------------------------------------- headers ----
class Header:
    __slots__ = ("parent", "number", "state_root", "ext_root", "logs", "_hash")

    def __init__(self, parent, number, state_root, ext_root, logs):
        self.parent, self.number = parent, number
        self.state_root, self.ext_root, self.logs = state_root, ext_root, logs
        self._hash = None

    def encode(self):
        return (self.parent + compact(self.number) + self.state_root + self.ext_root
                + compact(len(self.logs)) + b"".join(self.logs))

    @property
    def hash(self):
        if self._hash is None:
            self._hash = blake2(self.encode(), 32)
        return self._hash

    def json(self):
        return {"parentHash": hx(self.parent), "number": hex(self.number),
                "stateRoot": hx(self.state_root), "extrinsicsRoot": hx(self.ext_root),
                "digest": {"logs": [hx(x) for x in self.logs]}}

    @staticmethod
    def decode(b):
        r = Reader(b)
        parent, number = bytes(r.take(32)), r.compact()
        sr, er = bytes(r.take(32)), bytes(r.take(32))
        logs = []
        for _ in range(r.compact()):
            o = r.o
            k = r.u8()
            if k in (4, 5, 6):
                r.take(4)
                r.bytes_()
            elif k == 0:
                r.bytes_()
            elif k != 8:
                raise ValueError("digest item %d" % k)
            logs.append(bytes(r.b[o:r.o]))
        return Header(parent, number, sr, er, logs)


class Block:
    __slots__ = ("header", "exts", "rev", "txs")

    def __init__(self, header, exts=None, rev=None, txs=()):
        self.header, self.exts, self.rev, self.txs = header, exts, rev, list(txs)


class Tx:
    __slots__ = ("bytes", "hash", "prio", "requires", "provides", "longevity", "at", "watchers",
                 "seq", "banned")

    def __init__(self, raw):
        self.bytes = raw
        self.hash = blake2(raw, 32)
        self.watchers = []


# ------------------------------------------------------------------ node ----
class Node:
    def __init__(self, spec_path, cache_dir, state=None, log_level=3, sudo="alith", fund=True,
                 fund_amount=10 ** 24, finality_lag=0, slot_ms=SLOT_MS, start_ms=None, keep=4096,
                 quiet=False):
        t0 = time.time()
        self.spec = json.load(open(spec_path))
        self.quiet = quiet
        top = {bytes.fromhex(k[2:]): bytes.fromhex(v[2:])
               for k, v in self.spec["genesis"]["raw"]["top"].items()}
        code = top[CODE_KEY]
        self.ex = Executor(unpack_code(code), cache_dir, log_level, self._rtlog)
        if self.ex.missing:
            self.say("WARNING: host functions without an implementation:", self.ex.missing)
        self.slot_ms = slot_ms
        self.finality_lag = finality_lag
        self.keep = keep
        g = Backend(top)
        ver = self._runtime_version(Overlay(g))
        g.trie.version = ver["systemVersion"]
        gh = Header(b"\0" * 32, 0, g.root(), EMPTY_ROOT, [])
        self.genesis_hash = gh.hash
        self.version = ver
        self.blocks = OrderedDict()
        self.canon = {}
        self.pool = OrderedDict()
        self.seq = 0
        self.retracted = {}
        self.subs = {}
        self.stats = deque(maxlen=2000)
        self.hist_cache = OrderedDict()
        self.faults = {}
        self.start_ms = start_ms
        self.code = code
        if state:
            self._load_state(state)
        else:
            self.st = g
            self._add_block(Block(gh, [], {}))
            self.finalized = gh.hash
            self.time = (start_ms or int(time.time() * 1000)) // slot_ms * slot_ms
            ch = {}
            if fund:
                for a in DEV_ACCOUNTS.values():
                    ch.update(self._fund_changes(bytes.fromhex(a), fund_amount, only_if_less=True))
            if sudo:
                a = DEV_ACCOUNTS.get(sudo.capitalize()) or sudo.removeprefix("0x")
                k = twox(b"Sudo", 128) + twox(b"Key", 128)
                if self.st.top.get(k) != bytes.fromhex(a):
                    ch[k] = bytes.fromhex(a)
            self.overrides = sorted(hx(k) for k in ch)
            self.set_storage(ch, notify=False)
        self._meta = None
        self.say("runtime %s/%d tx %d, genesis %s, head #%d, ready in %.2fs" % (
            ver["specName"], ver["specVersion"], ver["transactionVersion"], hx(self.genesis_hash),
            self.head.header.number, time.time() - t0))

    def say(self, *a):
        if not self.quiet:
            print(*a, file=sys.stderr, flush=True)

    def _rtlog(self, lvl, target, msg):
        self.say("  runtime[%d] %s: %s" % (lvl, target, msg))

    # ------------------------------------------------------------- basics
    @property
    def head(self):
        return self.blocks[self.head_hash]

    def _add_block(self, b):
        h = b.header.hash
        self.blocks[h] = b
        self.canon[b.header.number] = h
        self.head_hash = h

    def call(self, method, arg=b"", at=None, ext=None):
        return self.ex.call(method, arg, ext or Overlay(self.state_at(at)))

    def state_at(self, h=None):
        if h is None or h == self.head_hash:
            return self.st
        if h not in self.blocks:
            raise RpcError(4003, "Client error: Api called for an unknown Block: State already "
                                 "discarded for %s" % hx(h))
        b = self.blocks[h]
        if self.canon.get(b.header.number) != h:
            raise RpcError(4003, "Client error: State already discarded for %s" % hx(h))
        if h in self.hist_cache:
            self.hist_cache.move_to_end(h)
            return self.hist_cache[h]
        gone = RpcError(4003, "Client error: State already discarded for %s" % hx(h))
        if self.head.header.number - b.header.number > self.keep:
            raise gone
        top = dict(self.st.top)
        cur = self.head
        while cur.header.hash != h:
            if cur.rev is None or cur.header.parent not in self.blocks:
                raise gone
            for k, v in cur.rev.items():
                if v is None:
                    top.pop(k, None)
                else:
                    top[k] = v
            cur = self.blocks[cur.header.parent]
        s = Backend(top, self.st.trie.version)
        self.hist_cache[h] = s
        if len(self.hist_cache) > 16:
            self.hist_cache.popitem(last=False)
        return s

    def _runtime_version(self, ext):
        r = Reader(self.ex.call("Core_version", b"", ext))
        v = {"specName": r.str_(), "implName": r.str_(), "authoringVersion": r.u32(),
             "specVersion": r.u32(), "implVersion": r.u32(),
             "apis": r.vec(lambda: [hx(r.take(8)), r.u32()]), "transactionVersion": r.u32()}
        v["systemVersion"] = v["stateVersion"] = r.u8()
        return v

    @property
    def meta(self):
        if self._meta is None:
            r = Reader(self.call("Metadata_metadata_at_version", struct.pack("<I", 15)))
            self._meta = Metadata(r.bytes_()) if r.u8() else Metadata(
                Reader(self.call("Metadata_metadata")).bytes_())
        return self._meta

    def set_storage(self, changes, notify=True):
        """Override head state.  Counted as part of the head block (so older
        blocks keep their own state)."""
        rev = self.st.apply(changes)
        hr = self.head.rev
        for k, v in rev.items():
            hr.setdefault(k, v)
        self.hist_cache.clear()
        if notify:
            self._notify_storage(changes)

    def account_key(self, a):
        return twox(b"System", 128) + twox(b"Account", 128) + blake2(a, 16) + a

    def _fund_changes(self, a, free, only_if_less=False):
        k = self.account_key(a)
        v = self.st.top.get(k)
        if v is None:
            # nonce, consumers, providers=1, sufficients, free, reserved, frozen, flags(new logic)
            new = struct.pack("<IIII", 0, 0, 1, 0) + free.to_bytes(16, "little") + b"\0" * 32 \
                + (1 << 127).to_bytes(16, "little")
            old = 0
        else:
            old = int.from_bytes(v[16:32], "little")
            if only_if_less and old >= free:
                return {}
            new = v[:16] + free.to_bytes(16, "little") + v[32:]
        ti = twox(b"Balances", 128) + twox(b"TotalIssuance", 128)
        total = int.from_bytes(self._pend.get(ti) if hasattr(self, "_pend") and ti in self._pend
                               else self.st.top.get(ti, b"\0" * 16), "little")
        self._pend = getattr(self, "_pend", {})
        self._pend[ti] = (total + free - old).to_bytes(16, "little")
        return {k: new, ti: self._pend[ti]}

    def fund(self, a, free):
        self._pend = {}
        ch = self._fund_changes(a, free)
        self._pend = {}
        self.set_storage(ch)

    # ------------------------------------------------------------ mempool
    def validate(self, raw, source=2, ext=None):
        out = self.ex.call("TaggedTransactionQueue_validate_transaction",
                           bytes([source]) + raw + self.head_hash, ext or Overlay(self.st))
        r = Reader(out)
        if r.u8() == 0:
            return True, {"priority": int.from_bytes(r.take(8), "little"),
                          "requires": r.vec(r.bytes_), "provides": r.vec(r.bytes_),
                          "longevity": int.from_bytes(r.take(8), "little"),
                          "propagate": r.u8() == 1}
        return False, self._validity_error(r)

    @staticmethod
    def _validity_error(r):
        if r.u8() == 0:
            i = r.u8()
            return ("Invalid", i, r.u8() if i == 7 else None)
        i = r.u8()
        return ("Unknown", i, r.u8() if i == 2 else None)

    @staticmethod
    def validity_rpc_error(e):
        kind, i, c = e
        if kind == "Invalid":
            if i == 7:
                return RpcError(1010, "Invalid Transaction", "Custom error: %d" % c)
            return RpcError(1010, "Invalid Transaction", INVALID[i] if i < len(INVALID) else str(i))
        return RpcError(1011, "Unknown Transaction Validity",
                        "Custom(%d)" % c if i == 2 else UNKNOWN[i])

    @staticmethod
    def validity_name(e):
        kind, i, c = e
        if kind == "Invalid":
            return "Invalid(%s%s)" % (INVALID_NAMES[i] if i < len(INVALID_NAMES) else i,
                                      "(%d)" % c if c is not None else "")
        return "Unknown(%s)" % (UNKNOWN[i] if i < 2 else "Custom(%d)" % c)

    def submit(self, raw, watcher=None):
        r = Reader(raw)
        try:
            n = r.compact()
            if r.left() != n or n == 0:
                raise ValueError
        except ValueError:
            raise RpcError(1001, "Extrinsic has invalid format: Could not decode OpaqueExtrinsic")
        if self.faults.get("reject", 0) > 0:
            self.faults["reject"] -= 1
            raise RpcError(1010, "Invalid Transaction", INVALID[1])
        tx = Tx(raw)
        if tx.hash in self.pool:
            raise RpcError(1013, "Transaction Already Imported", "[%s]" % hx(tx.hash))
        try:
            ok, v = self.validate(raw)
        except RuntimeError_ as e:
            raise RpcError(1002, "Verification Error: Runtime error: %s" % self._trap(e),
                           "RuntimeApi(%r)" % self._trap(e))
        if not ok:
            raise self.validity_rpc_error(v)
        if not v["provides"]:
            raise RpcError(1019, "No tags provided", "Transaction does not provide any tags, so the "
                                                     "pool can't identify it")
        self._fill(tx, v)
        clash = [t for t in self.pool.values() if set(t.provides) & set(tx.provides)]
        if clash:
            old = max(t.prio for t in clash)
            if tx.prio <= old:
                raise RpcError(1014, "Priority is too low: (%d vs %d)" % (old, tx.prio),
                               "The transaction has too low priority to replace another transaction "
                               "already in the pool.")
            for t in clash:
                del self.pool[t.hash]
                self._tx_status(t, {"usurped": hx(tx.hash)}, True)
        self.seq += 1
        tx.seq = self.seq
        if watcher:
            tx.watchers.append(watcher)
        self.pool[tx.hash] = tx
        self._tx_status(tx, "ready" if tx.hash in {t.hash for t in self.ready()} else "future")
        return tx

    def _fill(self, tx, v):
        tx.prio, tx.requires, tx.provides = v["priority"], v["requires"], v["provides"]
        tx.longevity, tx.at = v["longevity"], self.head.header.number

    def ready(self):
        """pool transactions in the order in which a block may hold them"""
        out, have = [], set()
        left = list(self.pool.values())
        while True:
            can = [t for t in left if all(x in have for x in t.requires)]
            if not can:
                return out
            best = max(can, key=lambda t: (t.prio, -t.seq))
            out.append(best)
            have.update(best.provides)
            left.remove(best)

    # ----------------------------------------------------- block building
    def new_block(self, timestamp=None, number=None):
        t0 = time.perf_counter()
        self.ex.stat = {}
        parent = self.head.header
        n = number if number is not None else parent.number + 1
        if n <= parent.number:
            raise RpcError(-32602, "Invalid params", "block number must grow")
        ts = timestamp if timestamp is not None else self.time + self.slot_ms * (n - parent.number)
        slot = ts // self.slot_ms
        log = b"\x06aura" + compact(8) + struct.pack("<Q", slot)
        h = Header(parent.hash, n, b"\0" * 32, b"\0" * 32, [log])
        ov = Overlay(self.st)
        self.ex.call("Core_initialize_block", h.encode(), ov)
        t1 = time.perf_counter()
        exts = []
        inh = {b"timstap0": struct.pack("<Q", ts), b"dynfee0_": (0).to_bytes(32, "little")}
        data = compact(len(inh)) + b"".join(k + compact(len(v)) + v for k, v in sorted(inh.items()))
        r = Reader(self.ex.call("BlockBuilder_inherent_extrinsics", data, ov))
        for _ in range(r.compact()):
            o = r.o
            r.bytes_()
            raw = bytes(r.b[o:r.o])
            ov.start()
            res = self.ex.call("BlockBuilder_apply_extrinsic", raw, ov)
            if res[:1] != b"\x00":
                raise RuntimeError("inherent refused: " + res.hex())
            ov.commit()
            exts.append(raw)
        included = []
        dropped = []
        for tx in self.ready():
            have = {p for t in included for p in t.provides}
            if not all(x in have for x in tx.requires):
                continue
            ov.start()
            try:
                res = self.ex.call("BlockBuilder_apply_extrinsic", tx.bytes, ov)
            except RuntimeError_ as e:
                ov.rollback()
                self.say("apply_extrinsic trapped:", e)
                dropped.append(tx)
                continue
            if res[0] == 0:
                ov.commit()
                exts.append(tx.bytes)
                included.append(tx)
            else:
                ov.rollback()
                e = self._validity_error(Reader(res[1:]))
                if e[:2] == ("Invalid", 6):
                    break          # block is full
                if e[:2] == ("Invalid", 2):
                    continue       # future: stays in the pool
                self.say("dropped from block:", hx(tx.hash), self.validity_name(e))
                dropped.append(tx)
        t2 = time.perf_counter()
        fh = Header.decode(self.ex.call("BlockBuilder_finalize_block", b"", ov))
        t3 = time.perf_counter()
        rev = self.st.apply(ov.changes())
        if self.st.root() != fh.state_root:
            raise RuntimeError("state root differs from the header's")
        self.time = ts
        blk = Block(fh, exts, rev, [(t.hash, t.watchers) for t in included])
        self._add_block(blk)
        for t in included:
            del self.pool[t.hash]
        for t in dropped:
            self.pool.pop(t.hash, None)
            self._tx_status(t, "invalid", True)
        t4 = time.perf_counter()
        st = {"number": n, "extrinsics": len(exts), "ms": (t4 - t0) * 1e3, "initMs": (t1 - t0) * 1e3,
              "applyMs": (t2 - t1) * 1e3, "finalizeMs": (t3 - t2) * 1e3,
              "rootMs": self.ex.stat.get("root", 0) * 1e3}
        self.stats.append(st)
        newcode = ov.changes().get(CODE_KEY)
        if newcode:
            self.say("runtime code changed; reloading")
            self.ex = Executor(unpack_code(newcode), None, self.ex.log_level, self._rtlog)
            self.version = self._runtime_version(Overlay(self.st))
            self._meta = None
            self._notify("runtimeVersion", self.version)
        for t in included:
            self._tx_status(t, {"inBlock": hx(fh.hash)})
        self._prune(n)
        self._revalidate()
        hj = fh.json()
        self._notify("newHead", hj)
        self._notify("allHead", hj)
        self._notify_storage(ov.changes())
        self._finalize()
        return fh.hash

    def _prune(self, n):
        """state older than `keep` blocks is dropped, headers and bodies stay"""
        h = self.canon.get(n - self.keep - 1)
        b = self.blocks.get(h) if h else None
        if b is not None and b.header.number > 0:
            b.rev = None
        self.hist_cache.pop(h, None)

    def _revalidate(self):
        for tx in list(self.pool.values()):
            try:
                ok, v = self.validate(tx.bytes)
            except RuntimeError_:
                ok, v = False, ("Invalid", 0, None)
            if ok:
                self._fill(tx, v)
            else:
                del self.pool[tx.hash]
                self._tx_status(tx, "invalid", True)

    def _finalize(self, number=None):
        fin = self.blocks.get(self.finalized)
        fn = fin.header.number if fin else 0
        target = number if number is not None else self.head.header.number - self.finality_lag
        for n in sorted(k for k in self.canon if fn < k <= target):
            h = self.canon[n]
            b = self.blocks.get(h)
            if b is None:
                continue
            self.finalized = h
            self._notify("finalizedHead", b.header.json())
            for th, ws in b.txs:
                for w in ws:
                    w({"finalized": hx(h)}, True)
            b.txs = []

    def set_head(self, h):
        """Go back to an older canonical block (a fork can then be built)."""
        if h not in self.blocks or self.canon.get(self.blocks[h].header.number) != h:
            raise RpcError(4003, "unknown block")
        back = []
        cur = self.head
        while cur.header.hash != h:
            self.st.apply(cur.rev)
            back.append(cur)
            del self.canon[cur.header.number]
            cur = self.blocks[cur.header.parent]
        self.head_hash = h
        # one slot further on, so that the fork's blocks differ
        self.time = self._timestamp_now() + self.slot_ms
        self.hist_cache.clear()
        fin = self.blocks.get(self.finalized)
        if fin is None or fin.header.number > cur.header.number:
            self.finalized = h
        for b in back:
            for th, ws in b.txs:
                for w in ws:
                    w({"retracted": hx(b.header.hash)}, False)
            # transactions return to the pool
            for raw in b.exts:
                tx = Tx(raw)
                tx.watchers = next((ws for th, ws in b.txs if th == tx.hash), [])
                try:
                    ok, v = self.validate(raw)
                except RuntimeError_:
                    continue
                if ok and v["provides"]:
                    self._fill(tx, v)
                    self.seq += 1
                    tx.seq = self.seq
                    self.pool[tx.hash] = tx
        self._notify("newHead", cur.header.json())
        return h

    def _timestamp_now(self):
        v = self.st.top.get(twox(b"Timestamp", 128) + twox(b"Now", 128))
        return int.from_bytes(v, "little") if v else self.time

    # ------------------------------------------------------------- state io
    def snapshot(self, depth=80):
        hashes = {str(n): hx(h) for n, h in self.canon.items()}
        recent = []
        cur = self.head
        while len(recent) < depth and cur.header.number > 0 and cur.rev is not None:
            recent.append({"header": hx(cur.header.encode()), "extrinsics": [hx(x) for x in cur.exts or []],
                           "rev": {hx(k): (None if v is None else hx(v)) for k, v in cur.rev.items() if k != CODE_KEY}})
            cur = self.blocks.get(cur.header.parent)
            if cur is None:
                break
        body = {"blocks": recent[::-1], "spec": os.path.basename(self.spec.get("id", "")), "genesis": hx(self.genesis_hash),
                "runtime": self.ex.hash, "version": self.version, "head": hx(self.head.header.encode()),
                "time": self.time, "hashes": hashes, "overrides": getattr(self, "overrides", []),
                "codeIsGenesis": self.st.top.get(CODE_KEY) == self.code,
                "storage": {hx(k): hx(v) for k, v in self.st.top.items() if k != CODE_KEY}}
        return body

    def _load_state(self, path_or_obj):
        s = path_or_obj if isinstance(path_or_obj, dict) else json.load(open(path_or_obj))
        if s["genesis"] != hx(self.genesis_hash):
            raise SystemExit("the state file belongs to another chain spec (genesis %s)" % s["genesis"])
        top = {bytes.fromhex(k[2:]): bytes.fromhex(v[2:]) for k, v in s["storage"].items()}
        top[CODE_KEY] = self.code
        self.st = Backend(top, self.version["systemVersion"])
        self.blocks.clear()
        self.canon = {int(n): bytes.fromhex(h[2:]) for n, h in s["hashes"].items()}
        hd = Header.decode(bytes.fromhex(s["head"][2:]))
        gb = Backend({bytes.fromhex(k[2:]): bytes.fromhex(v[2:])
                      for k, v in self.spec["genesis"]["raw"]["top"].items()}, self.st.trie.version)
        gh = Header(b"\0" * 32, 0, gb.root(), EMPTY_ROOT, [])
        self.blocks[gh.hash] = Block(gh, [], {})
        self.head_hash = gh.hash
        for b in s.get("blocks") or [{"header": s["head"], "extrinsics": [], "rev": {}}]:
            self._add_block(Block(Header.decode(bytes.fromhex(b["header"][2:])),
                                  [bytes.fromhex(x[2:]) for x in b["extrinsics"]],
                                  {bytes.fromhex(k[2:]): (None if v is None else bytes.fromhex(v[2:]))
                                   for k, v in b["rev"].items()}))
        if self.head_hash != hd.hash:
            raise SystemExit("state file: head does not match its blocks")
        self.finalized = hd.hash
        self.time = s["time"]
        self.overrides = s.get("overrides", [])
        self.pool.clear()
        self.hist_cache.clear()
        self.stats.clear()

    # -------------------------------------------------------- subscriptions
    def _tx_status(self, tx, status, final=False):
        for w in tx.watchers:
            w(status, final)

    def _notify(self, kind, value):
        for s in [x for x in self.subs.values() if x["kind"] == kind]:
            s["send"](value)

    def _notify_storage(self, changes):
        for s in [x for x in self.subs.values() if x["kind"] == "storage"]:
            ch = []
            for k in s["keys"]:
                if k in changes:
                    v = self.st.top.get(k)
                    if v != s["last"].get(k, False):
                        s["last"][k] = v
                        ch.append([hx(k), None if v is None else hx(v)])
            if ch:
                s["send"]({"block": hx(self.head_hash), "changes": ch})

    @staticmethod
    def _trap(e):
        return ("Execution failed: Execution aborted due to trap: wasm trap: wasm `unreachable` "
                "instruction executed" + ("\n" + e.panic if e.panic else "\n" + e.detail.split("\n")[0]))


# ------------------------------------------------------------- JSON-RPC -----
def camel(snake):
    p = snake.split("_")
    return p[0] + "".join(x.capitalize() for x in p[1:])


class Rpc:
    """The methods.  Each is `m_<name>(conn, params)`."""

    def __init__(self, node, server):
        self.n = node
        self.srv = server
        self.methods = {}
        for k in dir(self):
            if k.startswith("m_"):
                self.methods[k[2:]] = getattr(self, k)
        for alias, real in (("chain_subscribeNewHead", "chain_subscribeNewHeads"),
                            ("chain_unsubscribeNewHead", "chain_unsubscribeNewHeads"),
                            ("subscribe_newHead", "chain_subscribeNewHeads"),
                            ("unsubscribe_newHead", "chain_unsubscribeNewHeads"),
                            ("chain_subscribeFinalisedHeads", "chain_subscribeFinalizedHeads"),
                            ("chain_unsubscribeFinalisedHeads", "chain_unsubscribeFinalizedHeads"),
                            ("chain_getFinalisedHead", "chain_getFinalizedHead"),
                            ("chain_getRuntimeVersion", "state_getRuntimeVersion"),
                            ("chain_subscribeRuntimeVersion", "state_subscribeRuntimeVersion"),
                            ("chain_unsubscribeRuntimeVersion", "state_unsubscribeRuntimeVersion"),
                            ("chain_getHead", "chain_getBlockHash"),
                            ("state_getKeysPagedAt", "state_getKeysPaged"),
                            ("state_callAt", "state_call"),
                            ("state_getStorageAt", "state_getStorage"),
                            ("account_nextIndex", "system_accountNextIndex"),
                            ("system_dryRunAt", "system_dryRun")):
            self.methods[alias] = self.methods[real]
        self._bind_network()

    # ---- the chain's own methods, bound from metadata V15's runtime API list
    def _bind_network(self):
        n = self.n
        api = next((a for a in n.meta.apis if a["name"] == "NetworkRuntimeApi"), None)
        if api is None:
            return
        for m in api["methods"]:
            self.methods["network_" + camel(m["name"])] = self._network(m)

    def _network(self, m):
        n = self.n
        ins = [(i["name"], i["ty"]) for i in m["inputs"]]
        out_bool = n.meta.name(m["output"]) == "bool"
        name = "NetworkRuntimeApi_" + m["name"]

        def f(conn, p):
            need = sum(1 for _, t in ins if not n.meta.name(t).startswith("Option<"))
            vals = self._positional(p, [k for k, _ in ins] + ["at"], need)
            enc = b""
            for (k, ty), v in zip(ins, vals):
                enc += self._typed(k, ty, v)
            at = self._at(vals[-1])
            try:
                res = n.call(name, enc, at)
            except RuntimeError_ as e:
                raise RpcError(1, "Unable to %s: Application(%s)" % (m["name"].replace("_", " "), n._trap(e)))
            if out_bool:
                return res == b"\x01"
            return list(Reader(res).bytes_())
        f.spec = [(k, n.meta.name(t)) for k, t in ins]
        return f

    def _positional(self, p, names, need):
        if isinstance(p, dict):
            bad = set(p) - set(names)
            vals = [p.get(k, p.get(camel(k))) for k in names]
            return vals
        if len(p) > len(names):
            # jsonrpsee ignores what it does not read
            p = p[:len(names)]
        if len(p) < need:
            raise RpcError(-32602, "Invalid params", "No more params")
        return list(p) + [None] * (len(names) - len(p))

    def _typed(self, k, ty, v):
        """serde-like strictness for the parameter types of the network API"""
        m = self.n.meta
        nm = m.name(ty)

        def bad(why):
            raise RpcError(-32602, "Invalid params", why)
        if nm.startswith("Option<"):
            if v is None:
                return b"\x00"
            return b"\x01" + self._typed(k, m.types[ty]["params"][0]["ty"], v)
        if v is None:
            bad("invalid type: null, expected %s" % nm)
        if nm in ("u8", "u32", "u64", "u128"):
            bits = int(nm[1:])
            if isinstance(v, bool) or not isinstance(v, int):
                bad("invalid type: %s, expected %s" % (
                    "string %s" % json.dumps(v) if isinstance(v, str) else type(v).__name__, nm))
            if not 0 <= v < 1 << bits:
                bad("invalid value: integer `%d`, expected %s" % (v, nm))
            return v.to_bytes(bits // 8, "little")
        if nm == "Vec<u8>":
            if not isinstance(v, list):
                bad("invalid type: string %s, expected a sequence" % json.dumps(v)
                    if isinstance(v, str) else "invalid type, expected a sequence")
            for x in v:
                if isinstance(x, bool) or not isinstance(x, int) or not 0 <= x < 256:
                    bad("invalid value, expected u8")
            return compact(len(v)) + bytes(v)
        if nm == "AccountId20":
            if not isinstance(v, str) or not re.fullmatch(r"0x[0-9a-fA-F]{40}", v):
                bad("invalid type: expected a 0x-prefixed hex string with length 40")
            return bytes.fromhex(v[2:])
        bad("parameter type %s not supported" % nm)

    def _at(self, v):
        if v is None:
            return None
        b = unhex(v, "block hash")
        if len(b) != 32:
            raise RpcError(-32602, "Invalid params", "invalid length %d, expected a (both 0x-prefixed or not) hex string with length of 64" % (len(v) - 2))
        if b not in self.n.blocks:
            raise RpcError(4003, "Client error: Api called for an unknown Block: Expect block number from id: BlockId::Hash(%s)" % v)
        return b

    def _p(self, p, i, default=None):
        if isinstance(p, list) and len(p) > i and p[i] is not None:
            return p[i]
        return default

    # ---- state
    def _call(self, method, arg, at):
        try:
            return self.n.call(method, arg, at)
        except KeyError:
            raise RpcError(4003, "Client error: Execution failed: Other error happened while constructing the runtime: Exported method %s is not found" % method)
        except RuntimeError_ as e:
            raise RpcError(4003, "Client error: " + self.n._trap(e))

    def m_state_call(self, c, p):
        return hx(self._call(p[0], unhex(p[1], "data"), self._at(self._p(p, 2))))

    def m_state_getMetadata(self, c, p):
        return hx(Reader(self._call("Metadata_metadata", b"", self._at(self._p(p, 0)))).bytes_())

    def m_state_getRuntimeVersion(self, c, p):
        self._at(self._p(p, 0))
        return self.n.version

    def m_state_getStorage(self, c, p):
        v = self.n.state_at(self._at(self._p(p, 1))).top.get(unhex(p[0], "key"))
        return None if v is None else hx(v)

    def m_state_getStorageHash(self, c, p):
        v = self.n.state_at(self._at(self._p(p, 1))).top.get(unhex(p[0], "key"))
        return None if v is None else hx(blake2(v, 32))

    def m_state_getStorageSize(self, c, p):
        v = self.n.state_at(self._at(self._p(p, 1))).top.get(unhex(p[0], "key"))
        return None if v is None else len(v)

    def _keys(self, prefix, start, count, at):
        import bisect
        st = self.n.state_at(at)
        i = bisect.bisect_right(st.keys, start) if start is not None else bisect.bisect_left(st.keys, prefix)
        out = []
        while i < len(st.keys) and len(out) < count and st.keys[i].startswith(prefix):
            out.append(st.keys[i])
            i += 1
        return out

    def m_state_getKeysPaged(self, c, p):
        count = self._p(p, 1, 0)
        if count > 1000:
            raise RpcError(4002, "count exceeds maximum value. value: %d, max: 1000" % count)
        start = self._p(p, 2)
        return [hx(k) for k in self._keys(unhex(self._p(p, 0, "0x")), unhex(start) if start else None,
                                          count, self._at(self._p(p, 3)))]

    def m_state_getKeys(self, c, p):
        return [hx(k) for k in self._keys(unhex(p[0]), None, 1 << 30, self._at(self._p(p, 1)))]

    def m_state_getPairs(self, c, p):
        at = self._at(self._p(p, 1))
        st = self.n.state_at(at)
        return [[hx(k), hx(st.top[k])] for k in self._keys(unhex(p[0]), None, 1 << 30, at)]

    def m_state_queryStorageAt(self, c, p):
        at = self._at(self._p(p, 1)) or self.n.head_hash
        st = self.n.state_at(at)
        ch = []
        for k in p[0]:
            v = st.top.get(unhex(k))
            ch.append([k, None if v is None else hx(v)])
        return [{"block": hx(at), "changes": ch}]

    def m_state_queryStorage(self, c, p):
        n = self.n
        a = self._at(p[1])
        b = self._at(self._p(p, 2)) or n.head_hash
        lo, hi = n.blocks[a].header.number, n.blocks[b].header.number
        last, out = {}, []
        for i in range(lo, hi + 1):
            h = n.canon.get(i)
            if h is None or h not in n.blocks:
                continue
            st = n.state_at(h)
            ch = []
            for k in p[0]:
                v = st.top.get(unhex(k))
                if k not in last or last[k] != v:
                    last[k] = v
                    ch.append([k, None if v is None else hx(v)])
            if ch:
                out.append({"block": hx(h), "changes": ch})
        return out

    # ---- chain
    def m_chain_getBlockHash(self, c, p):
        n = self.n
        v = p[0] if p else None
        if v is None:
            return hx(n.head_hash)

        def one(x):
            if isinstance(x, str):
                x = int(x, 16) if x.startswith("0x") else int(x)
            h = n.canon.get(x)
            return None if h is None else hx(h)
        if isinstance(v, list):
            return [one(x) for x in v]
        return one(v)

    def _block(self, p):
        v = self._p(p, 0)
        if v is None:
            return self.n.head
        return self.n.blocks.get(unhex(v, "hash"))

    def m_chain_getHeader(self, c, p):
        b = self._block(p)
        return b.header.json() if b else None

    def m_chain_getBlock(self, c, p):
        b = self._block(p)
        if b is None:
            return None
        return {"block": {"header": b.header.json(), "extrinsics": [hx(x) for x in b.exts or []]},
                "justifications": None}

    def m_chain_getFinalizedHead(self, c, p):
        return hx(self.n.finalized)

    # ---- subscriptions
    def _sub(self, c, kind, method, extra=None):
        if c is None or c.ws is None:
            raise RpcError(-32601, "Method not found")   # what jsonrpsee says over HTTP
        sid = self.srv.sub_id()

        def send(v, sid=sid):
            c.push({"jsonrpc": "2.0", "method": method, "params": {"subscription": sid, "result": v}})
        s = dict(kind=kind, send=send, conn=c, **(extra or {}))
        self.n.subs[sid] = s
        c.subs.add(sid)
        return sid, s

    def _unsub(self, c, p):
        sid = self._p(p, 0)
        if sid in self.n.subs and self.n.subs[sid]["conn"] is c:
            del self.n.subs[sid]
            c.subs.discard(sid)
            return True
        return False

    def m_chain_subscribeNewHeads(self, c, p):
        sid, s = self._sub(c, "newHead", "chain_newHead")
        c.after(lambda: s["send"](self.n.head.header.json()))
        return sid

    def m_chain_subscribeAllHeads(self, c, p):
        sid, s = self._sub(c, "allHead", "chain_allHead")
        c.after(lambda: s["send"](self.n.head.header.json()))
        return sid

    def m_chain_subscribeFinalizedHeads(self, c, p):
        sid, s = self._sub(c, "finalizedHead", "chain_finalizedHead")
        c.after(lambda: s["send"](self.n.blocks[self.n.finalized].header.json()))
        return sid

    def m_state_subscribeRuntimeVersion(self, c, p):
        sid, s = self._sub(c, "runtimeVersion", "state_runtimeVersion")
        c.after(lambda: s["send"](self.n.version))
        return sid

    def m_state_subscribeStorage(self, c, p):
        keys = [unhex(k) for k in (self._p(p, 0) or [])]
        if not keys:
            raise RpcError(-32602, "Invalid params", "Keys are required")
        last = {k: self.n.st.top.get(k) for k in keys}
        sid, s = self._sub(c, "storage", "state_storage", {"keys": keys, "last": last})
        ch = [[hx(k), None if v is None else hx(v)] for k, v in last.items()]
        h = hx(self.n.head_hash)
        c.after(lambda: s["send"]({"block": h, "changes": ch}))
        return sid

    m_chain_unsubscribeNewHeads = m_chain_unsubscribeAllHeads = m_chain_unsubscribeFinalizedHeads = \
        m_state_unsubscribeRuntimeVersion = m_state_unsubscribeStorage = m_author_unwatchExtrinsic = \
        lambda self, c, p: self._unsub(c, p)

    # ---- author
    def m_author_submitExtrinsic(self, c, p):
        tx = self.n.submit(unhex(p[0], "extrinsic"))
        self.srv.poke()
        return hx(tx.hash)

    def m_author_submitAndWatchExtrinsic(self, c, p):
        raw = unhex(p[0], "extrinsic")
        sid, s = self._sub(c, "tx", "author_extrinsicUpdate")
        early = []
        state = {"open": False}

        def w(status, final=False):
            if not state["open"]:
                early.append((status, final))
                return
            s["send"](status)
            if final:
                self.n.subs.pop(sid, None)
                c.subs.discard(sid)
        try:
            self.n.submit(raw, w)
        except RpcError:
            self.n.subs.pop(sid, None)
            c.subs.discard(sid)
            raise

        def opened():
            state["open"] = True
            for e in early:
                w(*e)
        c.after(opened)
        self.srv.poke()
        return sid

    def m_author_pendingExtrinsics(self, c, p):
        return [hx(t.bytes) for t in self.n.pool.values()]

    def m_author_removeExtrinsic(self, c, p):
        out = []
        for x in p[0]:
            h = unhex(x["hash"]) if isinstance(x, dict) and "hash" in x else blake2(unhex(x["extrinsic"] if isinstance(x, dict) else x), 32)
            if self.n.pool.pop(h, None):
                out.append(hx(h))
        return out

    def m_author_hasKey(self, c, p):
        return False

    # ---- payment
    def m_payment_queryInfo(self, c, p):
        raw = unhex(p[0])
        r = Reader(self._pay("TransactionPaymentApi_query_info", raw, p, "Unable to query dispatch info."))
        return self._info(r)

    def _pay(self, method, raw, p, msg):
        at = self._at(self._p(p, 1))
        try:
            return self.n.call(method, raw + struct.pack("<I", len(raw)), at)
        except RuntimeError_ as e:
            raise RpcError(2, msg, self.n._trap(e))

    @staticmethod
    def _info(r):
        ref, proof = r.compact(), r.compact()
        cls = ["normal", "operational", "mandatory"][r.u8()]
        fee = int.from_bytes(r.take(16), "little")
        return {"weight": {"ref_time": ref, "proof_size": proof}, "class": cls, "partialFee": str(fee)}

    def m_payment_queryFeeDetails(self, c, p):
        raw = unhex(p[0])
        r = Reader(self._pay("TransactionPaymentApi_query_fee_details", raw, p, "Unable to query fee details."))
        inc = None
        u = lambda: hex(int.from_bytes(r.take(16), "little"))
        if r.u8():
            inc = {"baseFee": u(), "lenFee": u(), "adjustedWeightFee": u()}
        return {"inclusionFee": inc}

    # ---- system
    def m_system_chain(self, c, p):
        return self.n.spec["name"]

    def m_system_name(self, c, p):
        return "Hypertensor Node"

    def m_system_version(self, c, p):
        return "0.0.0-devnode"

    def m_system_properties(self, c, p):
        return self.n.spec.get("properties") or {}

    def m_system_chainType(self, c, p):
        # Whatever the specification says: blocks come at any pace, and time goes by blocks, not by the world's clocks.
        return "Development"

    def m_system_health(self, c, p):
        return {"peers": 0, "isSyncing": False, "shouldHavePeers": False}

    def m_system_peers(self, c, p):
        return []

    def m_system_localPeerId(self, c, p):
        return "12D3KooWDevNode1111111111111111111111111111111111111"

    def m_system_localListenAddresses(self, c, p):
        return []

    def m_system_nodeRoles(self, c, p):
        return ["Authority"]

    def m_system_syncState(self, c, p):
        n = self.n.head.header.number
        return {"startingBlock": 0, "currentBlock": n, "highestBlock": n}

    def m_system_accountNextIndex(self, c, p):
        a = p[0]
        if not isinstance(a, str) or not re.fullmatch(r"0x[0-9a-fA-F]{40}", a):
            raise RpcError(-32602, "Invalid params", "expected a 0x-prefixed hex string with length 40")
        b = bytes.fromhex(a[2:])
        nonce = int.from_bytes(self._call("AccountNonceApi_account_nonce", b, None), "little")
        provided = {x for t in self.n.ready() for x in t.provides}
        while b + struct.pack("<I", nonce) in provided:
            nonce += 1
        return nonce

    def m_system_dryRun(self, c, p):
        n = self.n
        raw = unhex(p[0])
        at = self._at(self._p(p, 1))
        b = n.blocks[at] if at else n.head
        ts = n.time + n.slot_ms
        ov = Overlay(n.state_at(at))
        h = Header(b.header.hash, b.header.number + 1, b"\0" * 32, b"\0" * 32,
                   [b"\x06aura" + compact(8) + struct.pack("<Q", ts // n.slot_ms)])
        try:
            n.ex.call("Core_initialize_block", h.encode(), ov)
            return hx(n.ex.call("BlockBuilder_apply_extrinsic", raw, ov))
        except RuntimeError_ as e:
            raise RpcError(8000, "Unable to dry run extrinsic", n._trap(e))

    def m_rpc_methods(self, c, p):
        return {"methods": sorted(self.methods)}

    def m_chainSpec_v1_chainName(self, c, p):
        return self.n.spec["name"]

    def m_chainSpec_v1_genesisHash(self, c, p):
        return hx(self.n.genesis_hash)

    def m_chainSpec_v1_properties(self, c, p):
        return self.n.spec.get("properties") or {}

    def m_eth_chainId(self, c, p):
        return hex(int.from_bytes(self._call("EthereumRuntimeRPCApi_chain_id", b"", None), "little"))

    def m_eth_blockNumber(self, c, p):
        return hex(self.n.head.header.number)

    def m_net_version(self, c, p):
        return str(int(self.m_eth_chainId(c, p), 16))

    # ---- dev
    def m_dev_newBlock(self, c, p):
        o = (p if isinstance(p, dict) else self._p(p, 0, {})) or {}
        if isinstance(o, int):
            o = {"count": o}
        n = self.n
        if "to" in o:
            count = o["to"] - n.head.header.number
        else:
            count = o.get("count", 1)
        h = n.head_hash
        for i in range(count):
            h = n.new_block(timestamp=o.get("timestamp") if i == 0 else None,
                            number=o.get("unsafeBlockHeight") if i == 0 else None)
        return hx(h)

    def m_dev_setBlockNumber(self, c, p):
        """the next block is built with this number + 1's predecessor skipped"""
        v = p["number"] if isinstance(p, dict) else p[0]
        return hx(self.n.new_block(number=v))

    def m_dev_setStorage(self, c, p):
        v = p[0] if isinstance(p, list) else p
        items = v.items() if isinstance(v, dict) else v
        self.n.set_storage({unhex(k): (None if x is None else unhex(x)) for k, x in items})
        return hx(self.n.head_hash)

    def m_dev_fund(self, c, p):
        self.n.fund(unhex(p[0]), int(p[1]))
        return True

    def m_dev_setHead(self, c, p):
        v = p[0]
        if isinstance(v, int):
            h = self.n.canon.get(v if v >= 0 else self.n.head.header.number + v)
        else:
            h = unhex(v)
        return hx(self.n.set_head(h))

    def m_dev_setMode(self, c, p):
        self.srv.set_mode(str(p[0]))
        return self.srv.mode

    def m_dev_setFinalityLag(self, c, p):
        self.n.finality_lag = int(p[0])
        return True

    def m_dev_finalize(self, c, p):
        self.n._finalize(self._p(p, 0, self.n.head.header.number))
        return hx(self.n.finalized)

    def m_dev_saveState(self, c, p):
        s = self.n.snapshot()
        if self._p(p, 0):
            path = os.path.abspath(p[0])
            with open(path, "w") as f:
                json.dump(s, f)
            return {"path": path, "keys": len(s["storage"])}
        return s

    def m_dev_loadState(self, c, p):
        self.n._load_state(p[0])
        self.n._notify("newHead", self.n.head.header.json())
        return hx(self.n.head_hash)

    def m_dev_stats(self, c, p):
        s = list(self.n.stats)
        ms = sorted(x["ms"] for x in s)
        return {"blocks": len(s), "meanMs": sum(ms) / len(ms) if ms else None,
                "medianMs": ms[len(ms) // 2] if ms else None, "maxMs": ms[-1] if ms else None,
                "last": s[-5:], "slowest": sorted(s, key=lambda x: -x["ms"])[:5]}

    def m_dev_info(self, c, p):
        n = self.n
        return {"mode": self.srv.mode, "time": n.time, "slotMs": n.slot_ms, "finalityLag": n.finality_lag,
                "runtimeSha256": n.ex.hash, "overrides": getattr(n, "overrides", []),
                "subscriptions": len(n.subs), "pool": len(n.pool), "faults": n.faults,
                "storageKeys": len(n.st.keys)}

    def m_dev_faults(self, c, p):
        """{"reject": n, "delayMs": t, "error": n, "drop": n, "silent": n}"""
        self.n.faults = dict(p if isinstance(p, dict) else self._p(p, 0, {}))
        return self.n.faults

    def m_dev_dropConnections(self, c, p):
        k = 0
        for x in list(self.srv.conns):
            if x is not c and x.ws is not None:
                asyncio.ensure_future(x.ws.close(code=1001))
                k += 1
        return k

    # ---- entry
    def handle(self, conn, req):
        if not isinstance(req, dict) or req.get("jsonrpc") != "2.0" or not isinstance(req.get("method"), str):
            return {"jsonrpc": "2.0", "id": req.get("id") if isinstance(req, dict) else None,
                    "error": {"code": -32600, "message": "Invalid request"}}
        rid, name, p = req.get("id"), req["method"], req.get("params")
        if p is None:
            p = []
        f = self.methods.get(name)
        try:
            if f is None:
                raise RpcError(-32601, "Method not found")
            if self.n.faults.get("error", 0) > 0 and not name.startswith("dev_"):
                self.n.faults["error"] -= 1
                raise RpcError(-32603, "Internal error")
            try:
                out = {"jsonrpc": "2.0", "id": rid, "result": f(conn, p)}
            except (IndexError, KeyError, TypeError, ValueError) as e:
                if os.environ.get("DEVNODE_DEBUG"):
                    raise
                raise RpcError(-32602, "Invalid params", "%s: %s" % (type(e).__name__, e))
        except RpcError as e:
            err = {"code": e.code, "message": e.message}
            if e.data is not None:
                err["data"] = e.data
            out = {"jsonrpc": "2.0", "id": rid, "error": err}
        if "id" not in req:
            return None
        return out


class Conn:
    def __init__(self, ws):
        self.ws = ws
        self.subs = set()
        self.q = asyncio.Queue()
        self._after = []

    def push(self, msg):
        self.q.put_nowait(msg)

    def after(self, f):
        self._after.append(f)

    def run_after(self):
        a, self._after = self._after, []
        for f in a:
            f()


class Server:
    def __init__(self, node, mode):
        self.node = node
        self.conns = set()
        self.ids = 0
        self.rpc = Rpc(node, self)
        self.event = asyncio.Event()
        self.mode = "manual"
        self.task = None
        self.set_mode(mode)

    def sub_id(self):
        self.ids += 1
        return base64.b64encode(blake2(struct.pack("<Q", self.ids), 12)).decode().replace("+", "a").replace("/", "b")

    def set_mode(self, mode):
        if mode not in ("instant", "manual"):
            int(mode)
        self.mode = mode
        if self.task:
            self.task.cancel()
        self.task = asyncio.ensure_future(self._producer())

    def poke(self):
        if self.mode == "instant":
            self.event.set()

    async def _producer(self):
        if self.mode == "manual":
            return
        if self.mode == "instant":
            while True:
                await self.event.wait()
                self.event.clear()
                await asyncio.sleep(0)
                while self.node.ready():
                    before = len(self.node.pool)
                    self._try_block()
                    if len(self.node.pool) == before:
                        break
                    await asyncio.sleep(0)
        period = int(self.mode) / 1000
        nxt = time.monotonic() + period
        while True:
            await asyncio.sleep(max(0.0, nxt - time.monotonic()))
            nxt = max(nxt + period, time.monotonic())
            if self.node.faults.get("stall", 0) > 0:
                self.node.faults["stall"] -= 1
                continue
            self._try_block()

    def _try_block(self):
        try:
            self.node.new_block()
        except Exception as e:
            self.node.say("BLOCK FAILED: %r" % e)

    async def _delay(self):
        f = self.node.faults
        if f.get("delayMs"):
            await asyncio.sleep(f["delayMs"] / 1000)

    def _handle_text(self, conn, text):
        try:
            req = json.loads(text)
        except ValueError:
            return {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "Parse error"}}
        if isinstance(req, list):
            if not req:
                return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Invalid request"}}
            out = [x for x in (self.rpc.handle(conn, r) for r in req) if x is not None]
            return out or None
        return self.rpc.handle(conn, req)

    async def http(self, request):
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.ws(request)
        if request.method == "GET":
            return web.Response(status=405, text="Used HTTP Method is not allowed. POST is required\n")
        conn = Conn(None)
        await self._delay()
        out = self._handle_text(conn, await request.text())
        if out is None:
            return web.Response(text="")
        return web.Response(text=json.dumps(out), content_type="application/json")

    async def ws(self, request):
        ws = web.WebSocketResponse(max_msg_size=16 << 20, autoping=True)
        await ws.prepare(request)
        conn = Conn(ws)
        self.conns.add(conn)

        async def writer():
            while True:
                m = await conn.q.get()
                await ws.send_str(m if isinstance(m, str) else json.dumps(m))
        wt = asyncio.ensure_future(writer())
        try:
            async for msg in ws:
                if msg.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                f = self.node.faults
                if f.get("drop", 0) > 0:
                    f["drop"] -= 1
                    await ws.close(code=1011)
                    break
                if f.get("silent", 0) > 0:
                    f["silent"] -= 1
                    continue
                await self._delay()
                text = msg.data if msg.type == WSMsgType.TEXT else msg.data.decode("utf8", "replace")
                out = self._handle_text(conn, text)
                if out is not None:
                    conn.push(out)
                conn.run_after()
                await asyncio.sleep(0)
        finally:
            wt.cancel()
            self.conns.discard(conn)
            for s in list(conn.subs):
                self.node.subs.pop(s, None)
        return ws


async def amain(a):
    node = Node(a.spec, a.cache, state=a.state, log_level=a.log_level, sudo=a.sudo,
                fund=not a.no_fund, fund_amount=int(float(a.fund_tokens) * 10 ** 18),
                finality_lag=a.finality_lag, slot_ms=a.slot_ms, start_ms=a.start_ms, quiet=a.quiet, keep=a.keep)
    srv = Server(node, a.block_time)
    app = web.Application(client_max_size=16 << 20)
    app.router.add_route("*", "/{tail:.*}", srv.http)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, a.host, a.port)
    await site.start()
    port = runner.addresses[0][1]
    if a.port_file:
        partial = "%s.%d" % (a.port_file, os.getpid())
        with open(partial, "w") as f:
            f.write(str(port))
        os.replace(partial, a.port_file)   # whoever waits for it never reads half a number
    print(json.dumps({"ready": True, "host": a.host, "port": port, "pid": os.getpid(),
                      "genesis": hx(node.genesis_hash), "head": node.head.header.number}), flush=True)
    if a.preset:
        import scenario
        await scenario.run_in_process(srv, json.load(open(a.preset)))
    stop = asyncio.Event()
    for s in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(s, stop.set)
    try:
        if a.run_seconds:
            await asyncio.wait_for(stop.wait(), a.run_seconds)
        else:
            await stop.wait()
    except asyncio.TimeoutError:
        pass
    if srv.task:
        srv.task.cancel()
    if a.save_on_exit:
        with open(a.save_on_exit, "w") as f:
            json.dump(node.snapshot(), f)
    await runner.cleanup()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--spec", required=True, help="raw chain spec JSON (with :code)")
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=9944, help="0 = any free port")
    p.add_argument("--port-file", help="write the port number here once listening")
    p.add_argument("--block-time", default="6000", help="milliseconds, 'instant' or 'manual'")
    p.add_argument("--slot-ms", type=int, default=SLOT_MS, help="chain time per block (runtime: 6000)")
    p.add_argument("--start-ms", type=int, help="chain time of block 0 (default: now)")
    p.add_argument("--state", help="start from a state file made by dev_saveState")
    p.add_argument("--preset", help="JSON of a scenario to run first (see scenario.py)")
    p.add_argument("--cache", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), ".cache"),
                   help="folder for the compiled runtime")
    p.add_argument("--sudo", default="alith", help="sudo key set at start ('' = leave)")
    p.add_argument("--no-fund", action="store_true", help="do not top up the dev accounts")
    p.add_argument("--fund-tokens", default="1000000")
    p.add_argument("--finality-lag", type=int, default=0, help="blocks between best and finalized")
    p.add_argument("--keep", type=int, default=4096, help="blocks whose state can be read (a real node: 256)")
    p.add_argument("--log-level", type=int, default=2, help="runtime log: 0 off .. 5 trace")
    p.add_argument("--save-on-exit")
    p.add_argument("--run-seconds", type=float, default=0, help="stop by itself after this time")
    p.add_argument("--quiet", action="store_true")
    a = p.parse_args()
    if a.host not in ("127.0.0.1", "::1", "localhost"):
        p.error("loopback only")
    asyncio.run(amain(a))


if __name__ == "__main__":
    main()

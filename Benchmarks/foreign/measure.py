#!/usr/bin/env python3
"""Measures the work of SubstrateBenchmarks with py-scalecodec and substrate-interface, on the same vectors.

  python measure.py --output FILE [--endpoint ws://127.0.0.1:PORT]

Writes {name: median seconds}; the names are those of the benchmarks.
"""
import argparse
import hashlib
import json
import statistics
import struct
import time
from pathlib import Path

import xxhash
from Crypto.Hash import keccak
from scalecodec.base import RuntimeConfigurationObject, ScaleBytes
from scalecodec.type_registry import load_type_registry_preset
from substrateinterface import Keypair, KeypairType, SubstrateInterface

VECTORS = Path(__file__).resolve().parents[2] / "Tests" / "Vectors" / "chain"
LABEL = "chain-2026-02-10"
MAX_SECONDS = 3.0
MAX_SAMPLES = 1000
HASH = "0x" + "02" * 32


def median(work, repeat=1):
    """Median seconds of one run of `work`; each sample is the mean of `repeat` runs."""
    work()
    samples, end = [], time.perf_counter() + MAX_SECONDS
    while len(samples) < 3 or (len(samples) < MAX_SAMPLES and time.perf_counter() < end):
        start = time.perf_counter()
        for _ in range(repeat):
            work()
        samples.append((time.perf_counter() - start) / repeat)
    return statistics.median(samples)


class Codec:
    """py-scalecodec with the metadata of the recorded runtime (V14: it reads no V15)."""

    def __init__(self):
        self.metadata_bytes = (VECTORS / f"metadata-{LABEL}.v14.scale").read_bytes()
        self.configuration = RuntimeConfigurationObject()
        self.configuration.update_type_registry(load_type_registry_preset("core"))
        self.metadata = self.decode("MetadataVersioned", self.metadata_bytes)
        self.configuration.add_portable_registry(self.metadata)

    def decode(self, name, data, **options):
        value = self.configuration.create_scale_object(name, data=ScaleBytes(data), **options)
        value.decode()
        return value

    def measure(self):
        numbers = struct.pack("<I", 16384 << 2 | 2) + b"".join(
            struct.pack("<I", i * 2654435761 & 0xFFFFFFFF) for i in range(16384))
        recorded = json.loads((VECTORS / f"events-{LABEL}.json").read_text())
        events = bytes.fromhex(max((b["raw"] for b in recorded["blocks"]), key=len)[2:])
        system = next(p for p in self.metadata.pallets if p.value["name"] == "System")
        item = next(s for s in system.storage if s.value["name"] == "Events")
        events_type = item.get_value_type_string()
        answer = json.dumps({"jsonrpc": "2.0", "id": 1, "result": "0x" + self.metadata_bytes.hex()})
        return {
            "metadata V14 decode": median(lambda: self.decode("MetadataVersioned", self.metadata_bytes)),
            "16384 u32 decode": median(lambda: self.decode("Vec<u32>", numbers)),
            "events decode": median(lambda: self.decode(events_type, events, metadata=self.metadata)),
            "JSON-RPC answer parse, 178 KB metadata": median(lambda: json.loads(answer), 10),
        }


def measure_hashing():
    found = {}
    for size, label, repeat in ((32, "32 B", 1000), (65536, "64 KiB", 10)):
        data = bytes(i & 255 for i in range(size))
        found["Blake2b-256 " + label] = median(lambda: hashlib.blake2b(data, digest_size=32).digest(), repeat)
        found["Keccak-256 " + label] = median(lambda: keccak.new(digest_bits=256, data=data).digest(), repeat)
        found["twox128 " + label] = median(
            lambda: xxhash.xxh64(data, seed=0).digest() + xxhash.xxh64(data, seed=1).digest(), repeat)
    return found


class Offline(SubstrateInterface):
    """substrate-interface without a network: what it asks is answered at once, so that its own work is measured."""

    VERSION = {"specName": "hypertensor", "specVersion": 1, "transactionVersion": 1}

    def __init__(self, metadata):
        self.answers = {
            "rpc_methods": {"methods": []}, "chain_getBlockHash": HASH, "chain_getFinalizedHead": HASH,
            "chain_getHead": HASH, "chain_getHeader": {"number": "0x3e8", "parentHash": HASH},
            "chain_getRuntimeVersion": self.VERSION, "state_getRuntimeVersion": self.VERSION,
            "state_getMetadata": "0x" + metadata.hex(), "system_chain": "recorded", "system_properties": {},
        }
        super().__init__(websocket=object(), use_remote_preset=False)

    def rpc_request(self, method, params, result_handler=None):
        return {"result": self.answers[method]}

    def measure(self):
        # A key for measuring only: 32 bytes of 1.
        key = Keypair.create_from_private_key("0x" + "01" * 32, crypto_type=KeypairType.ECDSA)

        def build_and_sign():
            call = self.compose_call("Network", "attest", {"subnet_id": 128001, "attest_data": None})
            self.create_signed_extrinsic(call, key, era={"period": 64, "current": 1000}, nonce=1)

        return {"attest build and sign": median(build_and_sign)}


def measure_reads(endpoint):
    key = "0x26aa394eea5630e07c48ae0c9558cef702a5c1b19ab7a04f536c519aca4983ac"  # System.Number
    with SubstrateInterface(url=endpoint) as substrate:
        def read():
            for _ in range(1000):
                substrate.rpc_request("state_getStorage", [key])

        seconds = median(read)
        return {"1000 storage reads": seconds, "1000 storage reads in a batch": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True)
    parser.add_argument("--endpoint")
    arguments = parser.parse_args()
    codec = Codec()
    found = codec.measure() | measure_hashing() | Offline(codec.metadata_bytes).measure()
    if arguments.endpoint:
        found |= measure_reads(arguments.endpoint)
    Path(arguments.output).write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

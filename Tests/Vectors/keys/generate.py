#!/usr/bin/env python3
"""Writes the vectors of this folder with implementations that share no code with validatord.

    python -m venv venv
    venv/bin/pip install substrate-interface==1.8.1 py-bip39-bindings==0.3.0 'eth-account<0.14' \
        pycryptodome xxhash coincurve
    venv/bin/python generate.py

Everything is derived from fixed inputs, so that a second run gives the same files. Every secret in
them is a test key and public.
"""
import hashlib
import json
import pathlib

import xxhash
from Crypto.Hash import keccak

FOLDER = pathlib.Path(__file__).parent


def write(name, value):
    text = json.dumps(value, indent=1, ensure_ascii=True)
    (FOLDER / name).write_text(text + "\n")


def message(length):
    """The message of a given length; the tests compute the same bytes."""
    return bytes((167 * i + 31 * (i >> 8) + length) & 0xFF for i in range(length))


def hashes():
    """hashlib for BLAKE2b, pycryptodome for Keccak, the xxHash library for XXH64."""
    borders = {b * k + d for b in (128, 136) for k in range(3, 9) for d in (-1, 0, 1)}
    lengths = sorted(set(range(301)) | borders | {4095, 4096, 4097, 65535, 65536, 65537})
    seeds = (0, 1, 2**64 - 1)
    cases = []
    for length in lengths:
        data = message(length)
        cases.append({
            "length": length,
            "blake2b128": hashlib.blake2b(data, digest_size=16).hexdigest(),
            "blake2b256": hashlib.blake2b(data, digest_size=32).hexdigest(),
            "blake2b512": hashlib.blake2b(data, digest_size=64).hexdigest(),
            "keccak256": keccak.new(digest_bits=256, data=data).hexdigest(),
            "xxh64": [xxhash.xxh64(data, seed=seed).hexdigest() for seed in seeds],
        })
    digests = [hashlib.blake2b(message(200), digest_size=n).hexdigest() for n in range(1, 65)]
    write("hashes.json", {"seeds": [str(s) for s in seeds], "cases": cases,
                          "blake2bOfLength200": digests})


if __name__ == "__main__":
    hashes()

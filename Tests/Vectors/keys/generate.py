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
import uuid
from unittest import mock

import bip39
import xxhash
from Crypto.Cipher import ChaCha20_Poly1305
from Crypto.Hash import keccak
from eth_account import Account
from eth_account.hdaccount import Mnemonic
from eth_account.types import Language
from eth_keyfile import keyfile
from substrateinterface import Keypair, KeypairType
from substrateinterface.utils.ecdsa_helpers import mnemonic_to_ecdsa_private_key

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


DEFAULT_PATH = "m/44'/60'/0'/0/0"
PATHS = [DEFAULT_PATH, "m/44'/60'/0'/0/1", "m/44'/60'/7'/0/2147483647", "m/0", "m/2147483647'/1/0'",
         "m/44'/354'/0'/0'/0'", "m/1/2/3/4/5/6/7/8"]
PASSPHRASES = ["", "TREZOR", "two words / and /// slashes", "d\u00e9j\u00e0 vu", "\uff34\u212b \u1112\u1161\u11ab"]


def entropy(length, number):
    return hashlib.shake_256(b"validatord test key %d" % number).digest(length)


def mnemonics():
    """py-bip39-bindings and eth-account for seeds, substrate-interface and eth-account for keys."""
    Account.enable_unaudited_hdwallet_features()
    ethereum = Mnemonic(Language.ENGLISH)
    cases = []
    for length in (16, 20, 24, 28, 32):
        for raw in (bytes(length), b"\x7f" * length, b"\x80" * length, b"\xff" * length,
                    *(entropy(length, n) for n in range(4))):
            phrase = ethereum.to_mnemonic(raw)
            assert bip39.bip39_validate(phrase, "en") and ethereum.is_mnemonic_valid(phrase)
            seeds = {}
            for passphrase in PASSPHRASES:
                seed = ethereum.to_seed(phrase, passphrase)
                # These bindings give the first half of the seed only.
                assert len(seed) == 64 and seed.startswith(bytes(bip39.bip39_to_seed(phrase, passphrase)))
                seeds[passphrase] = seed.hex()
            cases.append({"entropy": raw.hex(), "phrase": phrase, "seeds": seeds,
                          "accounts": accounts(phrase)})
    write("mnemonics.json", {"note": "test keys, public", "cases": cases, "uris": uris(cases)})


def accounts(phrase):
    found = []
    for path in PATHS:
        if path == DEFAULT_PATH:
            pair = Keypair.create_from_mnemonic(phrase, crypto_type=KeypairType.ECDSA)
        else:
            pair = Keypair.create_from_uri(f"{phrase}/{path}", crypto_type=KeypairType.ECDSA)
        other = Account.from_mnemonic(phrase, account_path=path)
        assert bytes(other.key) == pair.private_key and other.address == pair.ss58_address
        message = hashlib.sha256(phrase.encode() + path.encode()).digest()
        found.append({"path": path, "secret": pair.private_key.hex(), "address": pair.ss58_address,
                      "message": message.hex(), "signature": pair.sign(message).hex()})
    return found


def uris(cases):
    """Whole secret URIs; substrate-interface puts the passphrase into the seed unnormalized."""
    found = []
    for number, passphrase in enumerate(PASSPHRASES):
        for path in PATHS[:3]:
            phrase = cases[8 * number + 5]["phrase"]
            uri = f"{phrase}/{path}" + (f"///{passphrase}" if passphrase else "")
            pair = Keypair.create_from_uri(uri, crypto_type=KeypairType.ECDSA)
            secret = mnemonic_to_ecdsa_private_key(phrase, path, passphrase)
            assert pair.private_key == secret
            found.append({"uri": uri, "address": pair.ss58_address})
    return found


def keystores():
    """eth-keyfile for Ethereum's V3 form; hashlib and pycryptodome for validatord's own form."""
    web3 = []
    for number, (kdf, cost, passphrase, first) in enumerate((
            ("scrypt", 4096, "correct horse", b"\x91"), ("pbkdf2", 1000, "correct horse", b"\x92"),
            ("scrypt", 2, "p\u00e4ssw\u00f6rd \U0001f511", b"\x00\x00"), ("scrypt", 262144, "geth", b"\x93"))):
        secret = entropy(32, 100 + number)
        fixed = [entropy(16, 200 + number), (first + entropy(16, 300 + number))[:16]]
        with mock.patch.object(keyfile.Random, "get_random_bytes", lambda n: fixed.pop(0)):
            document = keyfile.create_keyfile_json(secret, passphrase.encode(), kdf=kdf, iterations=cost)
        assert keyfile.decode_keyfile_json(document, passphrase.encode()) == secret
        document["id"] = str(uuid.UUID(bytes=entropy(16, 400 + number)))
        web3.append({"passphrase": passphrase, "secret": secret.hex(), "document": json.dumps(document)})
    own = [sealed(*arguments) for arguments in (
        (110, "correct horse", 1024, 8, 1), (111, "p\u00e4ssw\u00f6rd \U0001f511", 2, 1, 1),
        (112, " ", 4096, 16, 3))]
    write("keystores.json", {"note": "test keys, public", "web3": web3, "sealed": own})


def sealed(number, passphrase, n, r, p):
    secret, salt, nonce = entropy(32, number), entropy(32, 500 + number), entropy(12, 600 + number)
    address = Account.from_key(secret).address
    key = hashlib.scrypt(passphrase.encode(), salt=salt, n=n, r=r, p=p, dklen=32, maxmem=2**28)
    header = "\n".join(("validatord-key", "1", address.lower(), "scrypt", str(n), str(r), str(p), salt.hex(),
                        "chacha20-poly1305"))
    cipher = ChaCha20_Poly1305.new(key=key, nonce=nonce)
    cipher.update(header.encode())
    ciphertext = b"".join(cipher.encrypt_and_digest(secret))
    body = "\n".join((header, nonce.hex(), ciphertext.hex()))
    document = {
        "format": "validatord-key", "version": 1, "address": address,
        "kdf": {"name": "scrypt", "n": n, "r": r, "p": p, "salt": salt.hex()},
        "cipher": {"name": "chacha20-poly1305", "nonce": nonce.hex(), "ciphertext": ciphertext.hex()},
        "checksum": hashlib.sha256(body.encode()).digest()[:8].hex(),
    }
    return {"passphrase": passphrase, "secret": secret.hex(), "document": json.dumps(document)}


if __name__ == "__main__":
    hashes()
    mnemonics()
    keystores()

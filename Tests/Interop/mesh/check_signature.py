#!/usr/bin/env python3
"""Verifies signatures as the mesh's nodes do, with Python's cryptography; for RSA, as its old versions did, which
demand the longest salt.

A line of JSON on standard input, {"key": OpenSSH text, "message": hex, "signature": base64 text}, is answered with
"true" or "false".
"""
import base64
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_ssh_public_key


def is_valid(key, message, signature):
    arguments = ()
    if isinstance(key, rsa.RSAPublicKey):
        longest = padding.calculate_max_pss_salt_length(key, SHA256())
        arguments = (padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=longest), SHA256())
    try:
        key.verify(signature, message, *arguments)
    except InvalidSignature:
        return False
    return True


for line in sys.stdin:
    case = json.loads(line)
    key = load_ssh_public_key(case["key"].encode())
    valid = is_valid(key, bytes.fromhex(case["message"]), base64.b64decode(case["signature"]))
    print("true" if valid else "false")

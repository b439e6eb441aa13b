#!/usr/bin/env python3
"""Tells what `validatord chain info` tells, with substrate-interface: python chain_info.py ws://127.0.0.1:PORT"""
import sys

from substrateinterface import SubstrateInterface

with SubstrateInterface(url=sys.argv[1]) as substrate:
    head = substrate.get_chain_finalised_head()
    print(substrate.chain, substrate.version, substrate.get_block_number(head))
    print(substrate.get_constant("Network", "EpochLength", block_hash=head))

#!/usr/bin/env python3
"""Takes p2pd (go-libp2p) out of PyPI's hivemind wheel:  python fetch_p2pd.py TARGET

Run it with the interpreter whose pip should be used. A target that is there already is left alone.
"""

from __future__ import annotations

import hashlib
import pathlib
import subprocess
import sys
import tempfile
import zipfile

WHEEL, MEMBER = "hivemind==1.1.12", "hivemind/hivemind_cli/p2pd"
SHA256 = "42f8f48e62583b97cdba3c31439c08029fb2b9fc506b5bdd82c46b7cc1d279d8"


def main() -> None:
    target = pathlib.Path(sys.argv[1])
    if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == SHA256:
        return
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "download", "--no-deps", "--only-binary=:all:", "--platform=manylinux2014_x86_64", "-d", folder, WHEEL],
            check=True,
        )
        wheel = next(pathlib.Path(folder).glob("*.whl"))
        binary = zipfile.ZipFile(wheel).read(MEMBER)
    found = hashlib.sha256(binary).hexdigest()
    if found != SHA256:
        sys.exit(f"p2pd of {WHEEL} has SHA-256 {found}, not {SHA256}")
    target.write_bytes(binary)
    target.chmod(0o755)


if __name__ == "__main__":
    main()

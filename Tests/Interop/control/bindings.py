"""Hivemind's own P2P bindings without the rest of hivemind, which needs torch.

`load(folder)` imports `hivemind.p2p` and `hivemind.proto` as PyPI's wheel has them, unchanged, from `folder`. The
package's `__init__` files are passed over: they import training code. uvloop is only named by the bindings; where it is
not installed an empty module stands in.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import pathlib
import sys
import types


def load(folder: str, overlay: str | None = None):
    """Makes `hivemind.p2p` importable and returns it.

    `overlay` is a folder with modules that take the place of those of the wheel; for `hivemind_cli`, the package that
    holds the daemon's program.
    """
    root = pathlib.Path(folder)
    for name in ("hivemind", "hivemind.utils"):
        path = root / pathlib.Path(*name.split("."))
        if not path.is_dir():
            raise SystemExit(f"{path} is missing; run make setup")
        module = types.ModuleType(name)
        module.__path__ = [str(path)]
        if overlay and name == "hivemind":
            module.__path__.insert(0, overlay)
        sys.modules[name] = module
    if importlib.util.find_spec("uvloop") is None:
        sys.modules["uvloop"] = types.ModuleType("uvloop")
    return importlib.import_module("hivemind.p2p")

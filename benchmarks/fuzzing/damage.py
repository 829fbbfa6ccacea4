"""Changes to bytes: what a broken copy, a bad disk or a bad line leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fuzzing.cases import Case, chosen
from fuzzing.originals import copied

_FILES = ("joined.h5mu", "rna.h5ad", "result.h5ad", "result.h5mu", "result.zarr", "joined.zarr", "rna.zarr")
_FOLDERS = ("spatial.zarr", "ranger_h5", "ranger_mtx")


def changed(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return an original with damage in one of its files."""
    there = [name for name in (*_FILES, *_FOLDERS) if (originals / name).exists()]
    name = str(chosen(rng, there))
    path = copied(originals / name, folder)
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    target = chosen(rng, files)
    what = damage(target, rng)
    opens = "result" if name.startswith("result") else "section"
    return Case([path], [f"{target.relative_to(folder)}: {what}"], values=False, coords=False, opens=opens)


def damage(path: Path, rng: np.random.Generator) -> str:
    """Change bytes of a file and return what was done."""
    content = bytearray(path.read_bytes())
    n = len(content)
    at, length = int(rng.integers(max(n, 1))), int(chosen(rng, [1, 8, 64, 512, 4096]))
    how = str(chosen(rng, ["flip", "flip", "head", "cut", "zero", "random", "repeat", "append", "empty", "lost"]))
    if how == "lost":
        path.unlink()
        return how
    if how == "flip":
        for place in rng.integers(max(n, 1), size=int(chosen(rng, [1, 4, 40]))) if n else []:
            content[place] ^= 1 << int(rng.integers(8))
    elif how == "head":
        for place in rng.integers(max(min(n, 2048), 1), size=int(chosen(rng, [1, 4]))) if n else []:
            content[place] = int(rng.integers(256))
    elif how == "cut":
        del content[at:]
    elif how == "zero":
        content[at : at + length] = bytes(len(content[at : at + length]))
    elif how == "random":
        content[at : at + length] = rng.bytes(len(content[at : at + length]))
    elif how == "repeat":
        content[at:at] = content[at : at + length]
    elif how == "append":
        content += rng.bytes(length)
    else:
        content.clear()
    path.write_bytes(content)
    return f"{how} at {at} of {n}, {length} long"

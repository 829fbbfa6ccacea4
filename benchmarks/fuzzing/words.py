"""Odd words on the command line, and odd things where a file is expected."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from fuzzing.cases import Case, chosen

_VALUES = (
    "-1",
    "0",
    "1",
    "2",
    "1e9",
    "99999999999999999999",
    "nan",
    "inf",
    "",
    "x",
    "None",
    "2.5",
    "True",
    "[1]",
    "é",
    "\udcff",
)
_OPTIONS = (
    *("--seed", "--threads", "--device", "--train.epochs", "--train.learning-rate", "--cluster.n-domains"),
    *(
        "--cluster.n-init",
        "--graph.k-spatial",
        "--graph.k-feature",
        "--preprocess.n-components",
        "--kinds",
        "--library",
    ),
    *("--train.preview-every", "--align.candidates", "--cluster.method", "--figure", "--config", "--resume"),
)
_COMMANDS = ("fit", "domains", "continue", "score", "markers", "report", "compare", "trust")


def odd(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return a command line with one or two odd words on a sound or an odd input."""
    command = str(chosen(rng, ["fit"] * 6 + list(_COMMANDS)))
    name = str(
        chosen(rng, ["joined.h5mu", "rna.h5ad"] if command == "fit" else ["result.h5mu", "result.h5ad", "rna.h5ad"])
    )
    case = Case([_input(originals / name, folder, rng)], opens="words")
    words = [command, str(case.paths[0])]
    if command == "compare":
        words.append(str(originals / "result.h5mu"))
    if command in ("fit", "domains", "continue"):
        words += ["-o", str(_output(folder, rng))]
    if command == "fit":
        words += ["--train.epochs", "2", "--no-figure"]
    if command == "trust":
        words += ["--seeds", "2"]
    for _ in range(int(rng.integers(3))):
        words.append(str(chosen(rng, _OPTIONS)))
        words += [str(chosen(rng, _VALUES)) for _ in range(1 + (words[-1] == "--kinds"))]
    case.words = words
    case.changes.append(ascii(" ".join(word.replace(str(folder), ".") for word in words)))
    return case


def _input(original: Path, folder: Path, rng: np.random.Generator) -> Path:
    """Return the original, or something odd at its name."""
    how = int(rng.integers(14))
    path = folder / original.name
    if how == 0:
        os.mkfifo(path)
    elif how == 1:
        path.mkdir()
    elif how == 2:
        path.symlink_to(path.name)
    elif how == 3:
        path.write_bytes(b"")
    elif how == 4:
        return Path("/dev/zero")
    elif how == 5:
        path = folder / ("x" * 300)
    elif how == 6:
        path = folder / "a\u0000b.h5mu"
    elif how == 7:
        path = folder / original.with_suffix(str(chosen(rng, [".csv", ".h5", ".loom", ".rds", "", ".H5AD"]))).name
        path.write_bytes(original.read_bytes())
    else:
        return original
    return path


def _output(folder: Path, rng: np.random.Generator) -> Path:
    """Return where the result goes, now and then a place that does not take it."""
    how = int(rng.integers(12))
    if how == 0:
        return folder / "nowhere" / "out.h5mu"
    if how == 1:
        (folder / "out.h5mu").mkdir()
    elif how == 2:
        return folder / "out.txt"
    elif how == 3:
        return Path("/dev/full")
    elif how == 4:
        (folder / "out.h5mu").symlink_to("out.h5mu")
    elif how == 5:
        return folder / ("y" * 251 + ".h5mu")
    return folder / str(chosen(rng, ["out.h5mu", "out.h5ad", "out.zarr"]))

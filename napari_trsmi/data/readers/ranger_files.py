"""Which files of a Space Ranger run lie in a folder: by their names, with anything in front and ``.gz`` behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_NAMES = {  # in the order in which they are taken where there are several
    "matrix": (
        r"(?:filtered|raw)_feature_(?:bc|cell)_matrix\.h5",
        r"(?:filtered|raw)_(?:feature|gene)_bc_matri(?:x|ces)_h5\.h5",
        r"(?:(?:filtered|raw)_feature_(?:bc|cell)_matrix[/_.-])?matrix\.mtx(?:\.gz)?",
    ),
    "positions": (
        r"tissue_positions\.csv(?:\.gz)?",
        r"tissue_positions_list\.(?:csv|txt)(?:\.gz)?",
        r"tissue_positions\.parquet",
    ),
    "factors": (r"scalefactors_json\.json(?:\.gz)?",),
    "cells": (r"cell_segmentations\.geojson(?:\.gz)?", r"nucleus_segmentations\.geojson(?:\.gz)?"),
    "hires": (r"tissue_hires_image\.(?:png|jpe?g|tiff?)(?:\.gz)?",),
    "lowres": (r"tissue_lowres_image\.(?:png|jpe?g|tiff?)(?:\.gz)?",),
}
IMAGES = ("hires", "lowres")
_PATTERNS = {
    kind: [re.compile(rf"(?P<prefix>(?:.*?[/_.-])??){name}", re.IGNORECASE) for name in names]
    for kind, names in _NAMES.items()
}
_RAW = re.compile(r"(?:^|[/_.-])raw_(?:feature|gene)_", re.IGNORECASE)
_AFTER_SAMPLE = re.compile(
    r"(?:[/_.-]+|(?<![^/_.-])(?:spatial|(?:filtered|raw)_feature_(?:bc|cell)_matrix)(?=[/_.-]|$))+$", re.IGNORECASE
)
_LIST = re.compile(r"(?:.*[_.-])?(?:barcodes|features|genes)\.tsv(?:\.gz)?", re.IGNORECASE)
_KIND = re.compile(
    r"[-_. ]*(?<![^-_. ])(?:rna|gex|mrna|adts?|cite|proteins?|antibody|atac|peaks)(?=[-_. ]|$)", re.IGNORECASE
)
_MATRIX_FOLDER = re.compile(r"(?:.*[_.-])?(?:filtered|raw)_feature_(?:bc|cell)_matrix", re.IGNORECASE)


@dataclass(frozen=True)
class RunFile:
    """A file of a run: what it is, how early it is taken among its kind, and the sample that its name begins with."""

    kind: str
    rank: int
    sample: str
    path: Path


def is_part(path: Path) -> bool:
    """Return whether the name of a file is one that Space Ranger gives, images apart."""
    return _LIST.fullmatch(path.name) is not None or any(found.kind not in IMAGES for found in _named(path.name, path))


def is_positions(path: Path) -> bool:
    """Return whether the name of a file is one that Space Ranger gives to its list of positions."""
    return any(found.kind == "positions" for found in _named(path.name, path))


def is_part_folder(path: Path) -> bool:
    """Return whether the name of a folder is one of those in a run: of a matrix, or ``spatial``."""
    return _MATRIX_FOLDER.fullmatch(path.name) is not None or path.name.lower().endswith("spatial")


def files_in(folder: Path) -> list[RunFile]:
    """Return the files of Space Ranger in a folder, in its folders of matrices and in those called ``spatial``."""
    found: list[RunFile] = []
    for path in seen_in(folder):
        name = path.name
        if not path.is_dir():
            found += _named(name, path)
        elif is_part_folder(path):
            found += (file for part in seen_in(path) for file in _named(f"{name}/{part.name}", part))
    return found


def seen_in(folder: Path) -> list[Path]:
    """Return what lies in a folder, without what is hidden, as ``._x`` that macOS leaves beside a file ``x``."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def samples_in(files: Sequence[RunFile]) -> list[str]:
    """Return the names that set the matrices in one folder apart; one empty name where there are no names."""
    return list(dict.fromkeys(file.sample for file in files if file.kind == "matrix"))


def without_kind(sample: str) -> str:
    """Return the name of a sample without the word for what was measured, where archives keep a matrix of each.

    Examples
    --------
    >>> without_kind("GSM1_S1_RNA"), without_kind("GSM1_ADT_S1"), without_kind("mouse_atrium")
    ('GSM1_S1', 'GSM1_S1', 'mouse_atrium')
    """
    return _KIND.sub("", sample)


def of_sample(files: Sequence[RunFile], kind: str, sample: str) -> Path | None:
    """Return the file of a kind that belongs to a sample, None where there is none.

    Its name begins as the matrix does, or has nothing in front; with one sample in the folder anything may stand there.
    """
    several = len(samples_in(files)) > 1
    for wanted in (sample, without_kind(sample), "", None):
        fitting = [file for file in files if file.kind == kind and (wanted is None or file.sample == wanted)]
        if fitting and not (wanted is None and several):
            return min(fitting, key=lambda file: (file.rank, len(file.path.name))).path
    return None


def _named(name: str, path: Path) -> Iterator[RunFile]:
    """Yield what a file is by its name, which has that of its folder in front."""
    for kind, patterns in _PATTERNS.items():
        for rank, pattern in enumerate(patterns):
            if match := pattern.fullmatch(name):
                sample = _AFTER_SAMPLE.sub("", match["prefix"]).rpartition("/")[2]
                yield RunFile(kind, rank + (len(patterns) if _RAW.search(name) else 0), sample, path)
                return

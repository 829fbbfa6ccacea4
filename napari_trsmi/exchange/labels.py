"""What is given to other programs: groups of spots with names and colours, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.result import Result
from napari_trsmi.data.split import check_distinct, file_name
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

DOMAIN = "domain"  # what the domains of a result are called beside columns


@dataclass(frozen=True, eq=False)
class Labels:
    """Groups of the spots of a section.

    Attributes
    ----------
    title
        `DOMAIN`, or the name of the column.
    codes
        (N,) int in 0..K-1, -1 for none.
    names, colors
        Name and ``"#rrggbb"`` of each of the K groups.
    numbers
        {what: (N,) float} of which the mean in each group is told.
    """

    title: str
    codes: np.ndarray
    names: tuple[str, ...]
    colors: tuple[str, ...]
    numbers: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def counts(self) -> np.ndarray:
        """(K,) int, spots of each group."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))

    @property
    def texts(self) -> np.ndarray:
        """(N,) str name of each spot's group, empty for none."""
        return np.array([*self.names, ""], dtype=object)[self.codes]


def labels_of(source: Result | Dataset, columns: Sequence[str] | None = None) -> list[Labels]:
    """Return what a section is grouped by: the domains of a result, and columns.

    Parameters
    ----------
    columns
        Names of columns, and `DOMAIN` for the domains; where not given, the domains and all columns of one's own.

    Raises
    ------
    DataError
        There is no such column, or nothing to give.
    """
    result = source if isinstance(source, Result) else None
    dataset = source.dataset if isinstance(source, Result) else source
    if columns is None:
        columns = [*([DOMAIN] if result is not None else []), *dataset.own_columns]
    if not columns:
        raise DataError(
            "Expected domains or columns of your own to export, found neither. Train first, draw regions, or name "
            f"columns of the file ({', '.join(map(str, dataset.obs.columns)) or 'it has none'})."
        )
    return [_domains(result) if name == DOMAIN and result is not None else _column(dataset, name) for name in columns]


def _domains(result: Result) -> Labels:
    from napari_trsmi.evidence import SUPPORT

    numbers = {"confidence": result.confidence}
    if SUPPORT in result.maps:
        numbers[SUPPORT] = result.maps[SUPPORT]
    return Labels(DOMAIN, result.labels, result.names, result.palette, numbers)


def _column(dataset: Dataset, name: str) -> Labels:
    from napari_trsmi.compare import labels_of_column
    from napari_trsmi.domains.colors import PALETTE

    found = labels_of_column(dataset, name)
    colors = found.colors or tuple(PALETTE[k % len(PALETTE)] for k in range(len(found.names)))
    return Labels(name, found.labels, found.names, colors)


def by_section(source: Result | Dataset, path: Path) -> Iterator[tuple[Result | Dataset, Path]]:
    """Yield each section of a study with a path of its own, ``x.<section>.csv``; one section with the path as it is.

    Raises
    ------
    DataError
        Two sections would be one file.
    """
    dataset = source.dataset if isinstance(source, Result) else source
    if not dataset.parts:
        yield source, path
        return
    paths = {name: path.with_name(f"{path.stem}.{file_name(name)}{path.suffix}") for name in dataset.section_names}
    check_distinct(paths)
    for name, own in paths.items():
        part = source.of(name) if isinstance(source, Result) else dataset.parts[dataset.number_of(name)]
        yield part, own

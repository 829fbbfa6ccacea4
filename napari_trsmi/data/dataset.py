"""One tissue section in memory: modalities over the same spots, coordinates, image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_trsmi.config import Kind
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_trsmi.data.outlines import Outlines, ShapeOutlines
    from napari_trsmi.data.placement import Placement
    from napari_trsmi.data.pyramids import Pyramid
    from napari_trsmi.data.sources import Mark

MOST_COMPONENTS = 512  # precomputed features that are used as they are; more are reduced


@dataclass(frozen=True, slots=True)
class Modality:
    """One measured modality over the spots of a `Dataset`.

    Attributes
    ----------
    name
        Short name, such as ``"rna"``; unique within the dataset.
    kind
        What the values are; decides the preprocessing.
    table
        (N, D) AnnData, rows in the dataset's order. `X` holds counts, or intensities for ``"protein"``, or the
        components for ``"precomputed"``, or, above `MOST_COMPONENTS`, the normalised features to make them of.
    measured
        (N,) bool, the spots at which it was measured; the rows of the others are 0. None for all.
    """

    name: str
    kind: Kind
    table: AnnData
    measured: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class TissueImage:
    """A picture of the tissue; a spot at ``coords`` (full-resolution pixels) lies at ``coords * scale`` in it.

    Attributes
    ----------
    pixels
        (H, W, 3) uint8.
    scale
        Image pixels per full-resolution pixel.
    key
        Resolution name, such as ``"hires"``.
    pyramid
        The whole of a large picture, of which `pixels` are a small copy; None where they are all there is.
    """

    pixels: np.ndarray
    scale: float
    key: str = "hires"
    pyramid: Pyramid | None = None


class Place(NamedTuple):
    """Where a section lies among others: a spot at ``coords`` lies at ``coords * scale + (x, y)`` beside them.

    Attributes
    ----------
    scale
        Units of the study per unit of the section.
    x, y
        Units of the study.
    """

    scale: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Dataset:
    """Spots of one section with all their modalities, or of several sections side by side: a study.

    Attributes
    ----------
    name
        Shown to people; usually the file's stem.
    modalities
        {name: Modality}, all over the same N spots in the same order.
    coords
        (N, 2) float64 (x, y), full-resolution pixels where there is an image, y pointing down.
    obs_names
        (N,) str barcodes, unique.
    obs
        (N, n) per-spot annotations found in the file, index = obs_names.
    image
        The tissue image, or None.
    spot_diameter
        Diameter of a spot in the unit of `coords`, or None where unknown.
    microns_per_unit
        Micrometres per unit of `coords`, or None where unknown.
    library
        Name of the chosen library where the file holds several, else the only one's name, else None.
    library_entry
        What ``uns["spatial"]`` has for that library, as it lies there: all its images and scale factors.
    sources
        Files this came from; empty for data given in memory.
    marks
        {source: what it was known by when it was read}, to tell whether it is still the same when a copy is written.
    dropped
        {modality: number of its spots that were left out because another modality lacks them}.
    notes
        Sentences a person should read (no scale factor found, coordinates differ between modalities, ...).
    embeddings
        {key: (N, d) float32} what ``obsm`` of the file holds beside coordinates, such as ``"X_totalVI"``.
    rows
        {table: (N,) int row of each spot in it, -1 where it lacks the spot}, for every table as it lies in the one
        source: ``""`` is an AnnData, or the whole of a MuData; other keys are the tables of a MuData or SpatialData.
        What is written back goes by these rows, whatever the spots are called. Empty for several sources, whose
        tables are joined.
    parts
        The sections of a study as each was read, in the order of its spots; empty for one section. A study has no
        image of its own, and its `coords` hold the sections side by side. See `data.study.stack`.
    places
        Where each of `parts` lies in `coords`.
    section
        (N,) int which of `parts` each spot is of; None for one section.
    column
        Column of ``obs`` by which the sections of a study were told apart in one file; None otherwise.
    outlines
        Where the outlines of the spots are, which then are cells; None where they are not known, and for a study.
    called
        {modality: its name in the file}, of those that have the name of another section's.
    placed
        How the spots were moved since they were read, first to last; see `data.placement.apply`.
    own_columns
        {column of `obs`: {its category: ``"#rrggbb"``}}, those that a person made or brought from another program, see
        `data.own_columns`. They are written with a result, and come back with the file.
    """

    name: str
    modalities: dict[str, Modality]
    coords: np.ndarray
    obs_names: np.ndarray
    obs: pd.DataFrame
    image: TissueImage | None = None
    spot_diameter: float | None = None
    microns_per_unit: float | None = None
    library: str | None = None
    library_entry: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[Path, ...] = ()
    dropped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    embeddings: dict[str, np.ndarray] = field(default_factory=dict)
    rows: dict[str, np.ndarray] = field(default_factory=dict)
    marks: dict[Path, Mark] = field(default_factory=dict)
    parts: tuple[Dataset, ...] = ()
    places: tuple[Place, ...] = ()
    section: np.ndarray | None = None
    column: str | None = None
    outlines: Outlines | ShapeOutlines | None = None
    called: dict[str, str] = field(default_factory=dict)
    placed: tuple[Placement, ...] = ()
    own_columns: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def section_names(self) -> tuple[str, ...]:
        """Names of the sections of a study; empty for one section."""
        return tuple(part.name for part in self.parts)

    @property
    def sections(self) -> list[np.ndarray]:
        """Rows of each section, (n,) int; of one section all."""
        if self.section is None:
            return [np.arange(self.n_spots)]
        return [np.flatnonzero(self.section == number) for number in range(len(self.parts))]

    def number_of(self, name: str) -> int:
        """Return the number of a section of a study.

        Raises
        ------
        DataError
            There is none of that name, or no study.
        """
        if not self.section_names:
            raise DataError(f"Expected a study of several sections, found one section. Leave out the name {name!r}.")
        if name not in self.section_names:
            raise DataError(f"Expected a section among {list(self.section_names)}, found {name!r}. Choose one of them.")
        return self.section_names.index(name)

    @property
    def n_spots(self) -> int:
        """Number of spots N."""
        return len(self.obs_names)


def measured_at(modalities: Mapping[str, Modality], kinds: Mapping[str, Kind]) -> dict[str, np.ndarray]:
    """Return {modality: (N,) bool} of those that some spots lack: not measured, or counted nothing, beside another.

    Parameters
    ----------
    modalities
        {name: modality} over the same N spots.
    kinds
        {name: kind}; components are measured where they are 0 as well.
    """
    from napari_trsmi.data.streamed import row_totals

    has = {}
    for name, modality in modalities.items():
        has[name] = np.ones(modality.table.n_obs, bool) if modality.measured is None else modality.measured.copy()
        if kinds[name] in ("rna", "chromatin", "protein") and len(modalities) > 1:
            has[name] &= row_totals(modality.table.X) > 0
    anything = np.logical_or.reduce(list(has.values()))
    # A spot that has nothing at all stays with its zeros: there is nothing to carry anything over by.
    return {name: mask | ~anything for name, mask in has.items() if not (mask | ~anything).all() and mask.any()}

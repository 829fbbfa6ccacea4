"""``trsmi export`` and ``trsmi import``: domains and regions to and from other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Command, Flag, check_folder
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result


@dataclass(frozen=True, kw_only=True)
class Export(Command):
    """Write domains and columns for another program: QuPath, Loupe Browser, Xenium Explorer, SpatialData, Vitessce."""

    file: Annotated[Positional[Path], arg(metavar="FILE", help="File that `trsmi fit` wrote, or any section.")]
    out: Annotated[
        Path,
        arg(
            aliases=("-o",),
            metavar="OUT",
            help="File to write: .geojson, .csv, .json, or .zarr; of a study one for each section, OUT.SECTION.csv.",
        ),
    ]
    format: Annotated[
        Literal["geojson", "loupe", "xenium", "vitessce", "shapes"],
        arg(
            help="geojson: polygons for QuPath; loupe, xenium: tables of barcodes and groups; vitessce: a "
            "configuration and its tables; shapes: polygons in a SpatialData store, added to one that is there."
        ),
    ] = "geojson"
    column: Annotated[
        tuple[str, ...],
        arg(
            metavar="NAME",
            help_behavior_hint="",
            help='Columns of obs to write, and "domain" for the domains; unset: domains and columns of your own.',
        ),
    ] = ()
    smooth: Annotated[Flag, arg(help="Round the corners of polygons.", help_behavior_hint="")] = False

    def run(self) -> None:
        """Read and write."""
        from napari_trsmi.exchange import FORMATS, export

        if self.out.suffix != FORMATS[self.format]:
            fitting = " or ".join(name for name, ending in FORMATS.items() if ending == self.out.suffix)
            raise DataError(
                f"Expected a file ending in {FORMATS[self.format]} for {self.format}, found {self.out.name}. "
                + (f"Give --format {fitting}, or change the ending." if fitting else "Change the ending.")
            )
        if not self.out.is_dir():
            check_folder(self.out)
        written = export(opened(self.file), self.out, self.format, self.column or None, smooth=self.smooth)
        self.report(f"Written: {', '.join(map(str, written))}.")


@dataclass(frozen=True, kw_only=True)
class Import(Command):
    """Write a copy of a section with columns from other programs: who is in the polygons, or named in the tables."""

    file: Annotated[Positional[Path], arg(metavar="FILE", help="A section, or a file that `trsmi fit` wrote.")]
    annotations: Annotated[
        Positional[tuple[Path, ...]],
        arg(
            metavar="ANNOTATIONS",
            help="GeoJSON of polygons (QuPath), or CSV of barcodes and groups (Loupe, Xenium) or selections.",
        ),
    ]
    out: Annotated[
        Path, arg(aliases=("-o",), metavar="OUT", help="File to write: .h5ad, .h5mu or .zarr, a copy of FILE.")
    ]
    section: Annotated[
        str | None,
        arg(metavar="NAME", help_behavior_hint="", help="Of a study, the section that the annotations are about."),
    ] = None
    force: Annotated[Flag, arg(help="Replace OUT also where it is read-only.", help_behavior_hint="")] = False

    def run(self) -> None:
        """Read, add columns, write."""
        from napari_trsmi.data.result import Result
        from napari_trsmi.data.writers import check_output, write_columns
        from napari_trsmi.exchange import import_columns

        check_output(self.out, self.force)
        if not self.annotations:
            raise DataError("Expected files with annotations after FILE, found none. Name a GeoJSON or a CSV.")
        source = opened(self.file)
        dataset = source.dataset if isinstance(source, Result) else source
        for path in self.annotations:
            for told in import_columns(dataset, path, self.section):
                self.report(told)
        if isinstance(source, Result):
            self.report(str(source.write(self.out, force=self.force)))
            return
        for note in write_columns(dataset, self.out, self.force):
            self.tell(note)
        self.report(f"The copy is in {self.out}.")


def opened(path: Path) -> Result | Dataset:
    """Return the result in a file, or the section where it has none."""
    from napari_trsmi.api import read
    from napari_trsmi.restoring import holds_result, restore

    return restore(path) if holds_result(path) else read(path)

"""What other programs read, and how it is written and brought in from the window."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.session.annotations import written_columns

if TYPE_CHECKING:
    from napari_trsmi.exchange.columns import Column
    from napari_trsmi.gui.session.session import Session

OPEN_FIRST = "Open the section first, then drop the file of annotations on it."
ANNOTATIONS = "Annotations (*.geojson *.json *.csv *.geojson.gz *.json.gz *.csv.gz);;All files (*)"


class Target(NamedTuple):
    """A program: what its files are, their ending and filter, what they are for, and the extra package they need."""

    format: str
    text: str
    ending: str
    filter: str
    tip: str
    needs: str = ""


TARGETS = (
    Target(
        "geojson",
        "Regions and domains as GeoJSON (QuPath)…",
        ".geojson",
        "GeoJSON (*.geojson)",
        "Polygons with names, colours and counts, in pixels of the full image.",
    ),
    Target("loupe", "Loupe CSV…", ".loupe.csv", "Table (*.csv)", "Barcode and group, for Loupe Browser."),
    Target(
        "xenium",
        "Xenium Explorer groups…",
        ".xenium.csv",
        "Table (*.csv)",
        "cell_id and group; a file for the domains and one for each column of your own.",
    ),
    Target(
        "vitessce",
        "Vitessce…",
        ".vitessce.json",
        "View configuration (*.json)",
        "A configuration, and a folder with the tables that it shows.",
    ),
    Target(
        "shapes",
        "Shapes for SpatialData…",
        ".shapes.zarr",
        "SpatialData (*.zarr)",
        "Polygons with names, colours and counts; a store that is there gets them too.",
        needs="spatialdata",
    ),
)


def lacks(target: Target) -> str:
    """Return what to install before files of a program can be written, "" for nothing."""
    if not target.needs or find_spec(target.needs) is not None:
        return ""
    return (
        f"Expected the package {target.needs} for this, found none. Install it with "
        f'`pip install "napari-trsmi[{target.needs}]"`.'
    )


def write(session: Session, target: Target, path: Path, columns: Sequence[str] | None = None) -> None:
    """Write domains and columns for another program, in a thread, and tell where they are."""
    from napari_trsmi.exchange import export

    section = session.section
    if section is None:
        return
    source = section.dataset if section.result is None else section.runs.complete(section.result)
    keep = written_columns(section, columns)

    def done(written: tuple[Path, ...]) -> None:
        keep()
        session.told.emit(f"Saved {', '.join(map(str, written))}.")

    run_job(session, f"Saving {path.name}", lambda: export(source, path, target.format, columns), done)


def bring_in(session: Session, path: Path) -> None:
    """Make columns of a file of another program, in a thread, and tell how many spots they name; it can be undone."""
    from napari_trsmi.exchange import read_columns

    section = session.section
    if section is None:
        return session.failed.emit(f"Expected an open section for {path.name}, found none. {OPEN_FIRST}")
    dataset = section.dataset
    chosen = None if section.part is None else dataset.section_names[section.part]

    def done(found: list[Column]) -> None:
        if session.section is not section:
            return session.failed.emit(f"Expected {dataset.name} to be open still for {path.name}. Bring it in again.")
        for column in found:
            session.annotations.put(column.name, column.values, column.colors, f"bringing in {path.name}")
            section.unkept.pop(column.name, None)  # a file has it
        if found:
            session.annotations.brought.emit(found[0].name)
        session.told.emit("\n".join(column.told for column in found))
        return None

    run_job(session, f"Reading {path.name}", lambda: read_columns(dataset, path, chosen), done)
    return None

"""Save a table or a figure where a person says, in the background."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.widgets import folders

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from napari_trsmi.gui.session.session import Session

FILTERS = {".csv": "Table (*.csv)", ".png": "PNG picture (*.png);;SVG drawing (*.svg);;PDF (*.pdf)"}


def ask_path(parent: QWidget, session: Session, name: str) -> Path | None:
    """Ask where to save, beside the data first; None where a person does not want to."""
    dataset = session.dataset
    folder = folders.beside(dataset.sources[0] if dataset is not None and dataset.sources else None)
    stem = "" if dataset is None else f"{dataset.name}."
    return folders.ask_to_save(parent, "Save", folder / f"{stem}{name}", FILTERS[Path(name).suffix])


def save_table(session: Session, table: pd.DataFrame, path: Path) -> None:
    """Write a table to a CSV file."""

    def work() -> Path:
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.sheets import write_sheet

        with replacing(path) as temporary:
            write_sheet(table, temporary)
        return path

    run_job(session, f"Saving {path.name}", work, lambda saved: session.told.emit(f"Table: {saved}"))


def save_drawing(session: Session, draw: Callable[[], Figure], path: Path) -> None:
    """Write a figure to a file."""

    def work() -> Path:
        from napari_trsmi.figure import write

        return write(draw, path)

    run_job(session, f"Saving {path.name}", work, lambda saved: session.told.emit(f"Figure: {saved}"))

"""Save a table or a figure where a person says, in the background."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_trsmi.gui.jobs.jobs import run_job

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from napari_trsmi.gui.session.session import Session

FILTERS = {".csv": "Table (*.csv)", ".png": "PNG picture (*.png);;SVG drawing (*.svg);;PDF (*.pdf)"}


def ask_path(parent: QWidget, session: Session, name: str) -> Path | None:
    """Ask where to save, beside the data first; None where a person does not want to."""
    dataset = session.dataset
    folder = dataset.sources[0].absolute().parent if dataset is not None and dataset.sources else Path.home()
    stem = "" if dataset is None else f"{dataset.name}."
    if "site-packages" in folder.parts or not folder.is_dir():  # the sample lies in the installed package
        folder = Path.home()
    filters = FILTERS[Path(name).suffix]
    chosen, kind = QFileDialog.getSaveFileName(parent, "Save", str(folder / f"{stem}{name}"), filters)
    if not chosen:
        return None
    ending = kind[kind.find("*") + 1 : kind.rfind(")")]
    return Path(chosen if Path(chosen).suffix or not ending else chosen + ending)


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

"""One method, many settings: runs over a grid of settings and seeds, on Dask, and what they say about the settings."""

from napari_trsmi.sweep.grid import Grid, Trial, parse_field
from napari_trsmi.sweep.result import SweepResult
from napari_trsmi.sweep.runs import Progress, run
from napari_trsmi.sweep.store import Outcome, Run, load

__all__ = ["Grid", "Outcome", "Progress", "Run", "SweepResult", "Trial", "load", "parse_field", "run"]

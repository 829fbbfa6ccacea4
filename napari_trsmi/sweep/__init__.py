"""One method, many settings: runs over a grid of settings and seeds, on Dask, and what they say about the settings."""

from napari_trsmi.sweep.grid import Grid, Trial, parse_field
from napari_trsmi.sweep.outcome import Details, Outcome
from napari_trsmi.sweep.result import SweepResult, load
from napari_trsmi.sweep.runs import Progress, run

__all__ = ["Details", "Grid", "Outcome", "Progress", "SweepResult", "Trial", "load", "parse_field", "run"]

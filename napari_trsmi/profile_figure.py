"""A figure of profiles across a boundary: PNG, SVG or PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_trsmi.errors import DataError
from napari_trsmi.evidence.across import CONFIDENCE
from napari_trsmi.figure import write

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Band = Literal["quantiles", "error"]
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # told apart by every eye
TITLES = {CONFIDENCE: "Confidence"}
_NEAR = 1.96  # standard errors on either side of a mean: 95 %


def curve(part: pd.DataFrame, band: Band, microns: bool) -> dict[str, np.ndarray]:
    """Return ``x``, ``middle``, ``low`` and ``high`` of one feature, (H,) each, by hops or micrometres.

    The band holds the quantiles around the median, or twice the standard error around the mean.
    """
    part = part.sort_values("hop")
    x = part["distance_um" if microns else "hop"].to_numpy(float)
    if band == "quantiles":
        return {"x": x, **{to: part[key].to_numpy(float) for to, key in _BAND.items()}}
    mean, error = part["mean"].to_numpy(float), _NEAR * part["error"].fillna(0.0).to_numpy(float)
    return {"x": x, "middle": mean, "low": mean - error, "high": mean + error}


_BAND = {"middle": "median", "low": "low", "high": "high"}


def words(table: pd.DataFrame, band: Band, microns: bool) -> tuple[str, str]:
    """Return what is written along the distance and what the lines and bands are."""
    a, b = (table.loc[table["hop"].map(np.sign) == sign, "side"].iloc[:1].tolist() for sign in (-1, 1))
    unit = "µm" if microns else "hops"
    sides = " | ".join(f"domain {side[0]}" for side in (a, b) if side)
    lines = "median and quartiles" if band == "quantiles" else "mean and its 95 % interval"
    return f"{sides}: distance to the boundary, {unit}", lines


def save_profile(
    table: pd.DataFrame, path: str | Path, *, band: Band = "quantiles", microns: bool | None = None, dpi: float = 200.0
) -> Path:
    """Draw what `profile_across` returns to a file, a panel per modality, and return its path.

    Parameters
    ----------
    path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    band
        Quantiles around the median, or the standard error of the mean.
    microns
        Distances in micrometres and not in hops; None where they are known.

    Raises
    ------
    DataError
        Nothing to draw, another ending, no such folder, no permission, or a full disk.
    """
    if table.empty:
        raise DataError("Expected a profile with rows, found none. Choose a boundary with spots on both sides.")
    in_microns = bool(table["distance_um"].notna().all()) if microns is None else microns
    return write(lambda: _draw(table, band, in_microns), path, dpi)


def _draw(table: pd.DataFrame, band: Band, microns: bool) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    modalities = list(dict.fromkeys(table["modality"]))
    figure = Figure(figsize=(5.0, 2.2 * len(modalities) + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots(len(modalities), 1, sharex=True, squeeze=False)[:, 0]
    below, lines = words(table, band, microns)
    for axis, name in zip(axes, modalities, strict=True):
        own = table[table["modality"] == name]
        for number, (feature, part) in enumerate(own.groupby("name", sort=False)):
            found, color = curve(part, band, microns), COLORS[number % len(COLORS)]
            axis.fill_between(found["x"], found["low"], found["high"], color=color, alpha=0.2, linewidth=0)
            axis.plot(found["x"], found["middle"], "o-", color=color, markersize=3, label=str(feature))
        axis.axvline(0.0, color="0.4", linewidth=1, linestyle="--")
        axis.set_title(f"{TITLES.get(name, name)} ({lines})", fontsize=9, loc="left")
        axis.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
    axes[-1].set_xlabel(below, fontsize=9)
    return figure

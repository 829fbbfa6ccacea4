"""Figures of what differs: volcano plot of each modality, dot plot and violins of chosen features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.answers.values import Values
from napari_trsmi.errors import DataError
from napari_trsmi.sampling import some

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_trsmi.answers.difference import Difference
    from napari_trsmi.answers.groups import Group
    from napari_trsmi.data.dataset import Dataset

COLORS = ("#d55e00", "#0072b2")  # of group a and group b, apart also for colour-blind eyes
GREY = "#8a8a8a"
LARGEST_P = 0.05
LARGEST = 300.0  # -log10 p beyond which numbers end
_NAMED = 8  # features that are named in a volcano plot
_VIOLINS = 1.4  # inches that two violins take at least, or their names meet
_MOST = 20_000  # spots of a group that a violin is made of

Feature = tuple[str, str]
"""Modality and name of a feature."""


def heights(table: pd.DataFrame) -> np.ndarray:
    """(D,) -log10 of the p of features: from the score where p is too small for a number."""
    from scipy.stats import norm

    p, score = (table[column].to_numpy(float) for column in ("p", "score"))
    with np.errstate(divide="ignore"):
        found = -np.log10(p)
    beyond = ~np.isfinite(found) & np.isfinite(score)
    found[beyond] = -(norm.logsf(np.abs(score[beyond])) + np.log(2)) / np.log(10)
    return np.minimum(np.nan_to_num(found), LARGEST)


def draw_volcano(found: Difference, modalities: Sequence[str] | None = None, width: float = 4.0) -> Figure:
    """Draw effect and p of every feature, a panel per modality; `width` inches each."""
    names = [name for name in modalities or found.tables if name in found.tables]
    figure, panels = _panels(max(len(names), 1), width, 3.4)
    for axes, name in zip(panels, names, strict=False):
        table, high = found.tables[name], heights(found.tables[name])
        effect = table["effect"].to_numpy(float)
        told = (table["p_adjusted"] < LARGEST_P).to_numpy()
        for own, color in ((~told, GREY), (told & (effect > 0), COLORS[0]), (told & (effect <= 0), COLORS[1])):
            axes.scatter(effect[own], high[own], s=8, c=color, lw=0, rasterized=own.sum() > 2_000)
        for row in range(min(_NAMED, int(told.sum()))):
            axes.annotate(
                _short(str(table["name"][row])),
                (effect[row], high[row]),
                fontsize=6,
                xytext=(2, 2),
                textcoords="offset points",
            )
        axes.set(title=_short(name), xlabel="difference of means", ylabel="-log10 p")
        axes.margins(0.1)
    figure.suptitle(
        f"right: more in {_short(found.a.name, 40)}    left: more in {_short(found.b.name, 40)}", fontsize=8
    )
    return figure


def draw_dots(dataset: Dataset, features: Sequence[Feature], groups: Sequence[Group], width: float = 4.0) -> Figure:
    """Draw the mean of features in groups as colour, scaled per feature, and the share of spots above 0 as size."""
    means, shares = (np.full((len(features), len(groups)), np.nan) for _ in range(2))
    for row, feature in enumerate(features):
        values, above = _column(dataset, feature)
        for column, group in enumerate(groups):
            own = values[group.spots & ~np.isnan(values)]
            means[row, column] = own.mean() if len(own) else np.nan
            shares[row, column] = above[group.spots].mean() if above is not None else 0.5
    low, high = np.nanmin(means, axis=1, keepdims=True), np.nanmax(means, axis=1, keepdims=True)
    scaled = np.clip((means - low) / np.where(high > low, high - low, 1.0), 0, 1)
    figure, (axes,) = _panels(1, width, max(2.6, 1.2 + 0.24 * len(features)))
    y, x = np.indices(scaled.shape)
    drawn = axes.scatter(
        x.ravel(),
        y.ravel(),
        c=scaled.ravel(),
        s=8 + 160 * np.nan_to_num(shares).ravel(),
        cmap="viridis",
        vmin=0,
        vmax=1,
    )
    axes.set_yticks(range(len(features)), [_label(dataset, feature) for feature in features], fontsize=7)
    axes.set_xticks(range(len(groups)), [_short(group.name) for group in groups], fontsize=7, rotation=90)
    axes.set(xlim=(-0.6, len(groups) - 0.4), ylim=(len(features) - 0.4, -0.6))
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8)
    bar.set_label("mean: 0 lowest, 1 highest\nof each; size: share\nof spots above 0", fontsize=6)
    bar.ax.tick_params(labelsize=6)
    return figure


def draw_violins(dataset: Dataset, features: Sequence[Feature], groups: Sequence[Group], width: float = 4.0) -> Figure:
    """Draw how the values of features are spread in each group."""
    columns = min(3, max(len(features), 1), max(int(width / _VIOLINS), 1))
    rows = -(-max(len(features), 1) // columns)
    figure, panels = _panels(columns, width / columns, 1.7 * rows, rows)
    for axes, feature in zip(panels, features, strict=False):
        values, _ = _column(dataset, feature)
        for at, group in enumerate(groups):
            own = values[group.spots & ~np.isnan(values)]
            own = own[some(len(own), 0, _MOST)]
            color = COLORS[at] if len(groups) == 2 else GREY
            if len(own) > 1 and np.ptp(own) > 0:
                bodies: Any = axes.violinplot([own], [at], widths=0.85, showextrema=False)["bodies"]
                bodies[0].set(facecolor=color, alpha=0.6)
            if len(own):
                axes.plot([at - 0.2, at + 0.2], [own.mean()] * 2, color="black", lw=1.2)
        axes.set_title(_label(dataset, feature), fontsize=7)
        axes.set_xticks(range(len(groups)), [_short(group.name, 12) for group in groups], fontsize=6)
        axes.tick_params(axis="y", labelsize=6)
    for axes in panels[len(features) :]:
        axes.axis("off")
    return figure


def _panels(columns: int, width: float, height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(columns * width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(rows, columns, squeeze=False).ravel())


def _column(dataset: Dataset, feature: Feature) -> tuple[np.ndarray, np.ndarray | None]:
    """Return (N,) values of a feature as they are compared, NaN where it was not measured, and whether above 0."""
    modality = dataset.modalities[feature[0]]
    (at,) = np.nonzero(modality.table.var_names == feature[1])
    if not len(at):
        raise DataError(f"Expected a feature of {feature[0]}, found {feature[1]!r}. Choose one that it has.")
    values = Values(modality, modality.kind)
    column = values.column(int(at[0]))
    raw = modality.table.X[:, [int(at[0])]]  # one column: (N, 1)
    above = np.asarray(raw.toarray() if sparse.issparse(raw) else raw).ravel() > 0 if values.has_shares else None
    if modality.measured is not None:
        column = np.where(modality.measured, column, np.nan)
    return column, above


def _label(dataset: Dataset, feature: Feature) -> Any:
    from napari_trsmi.data import feature_names

    return _short(feature_names.label(dataset.modalities[feature[0]].table.var, feature[1]))


def _short(text: str, most: int = 18) -> str:
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    return text.replace("$", r"\$")  # which matplotlib would take for the beginning of a formula

"""``trsmi score``: domains against labels that are known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Command, Flag
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.saved import SavedResult

_OWN = "trsmi_"


@dataclass(frozen=True, kw_only=True)
class Score(Command):
    """Compare the domains of a saved result with a column of known labels, and measure how smooth they are.

    Spots without a label are left out of the comparison. Boundaries are compared edge by edge on the spatial graph of
    the run: exactly, and with one hop of tolerance.
    """

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    truth: Annotated[str, arg(metavar="COLUMN", help="Column of obs with the known labels.")]
    ignore: Annotated[
        tuple[str, ...], arg(metavar="[LABEL ...]", help="Labels to leave out.", help_behavior_hint="")
    ] = ()
    json: Annotated[
        Flag, arg(help="Print JSON, with the numbers as they are instead of x 100.", help_behavior_hint="")
    ] = False

    def run(self) -> None:
        """Read, compare, print."""
        from napari_trsmi.restoring import read_saved

        saved, dataset = read_saved(self.result)
        scores = self.scores(saved, dataset)
        if self.json:
            print(_to_json({"result": self.result, "truth": self.truth, "ignore": self.ignore, **scores}))
        else:
            self.report(_to_text(f'{self.result}: {len(saved.names)} domains against obs["{self.truth}"]', scores))

    def scores(self, saved: SavedResult, dataset: Dataset) -> dict[str, dict[str, float]]:
        """Return {group: {name: score}}."""
        from napari_trsmi.domains.metrics import agreement, boundary_agreement, smoothness
        from napari_trsmi.graphs import spatial_graph

        truth, coords = self.known_labels(dataset), dataset.coords
        adjacency = spatial_graph(coords, saved.config.graph.k_spatial, dataset.section)
        return {
            "agreement": agreement(saved.labels, truth),
            "boundaries": boundary_agreement(saved.labels, truth, adjacency),
            "boundaries, 1 hop": boundary_agreement(saved.labels, truth, adjacency, tolerance=1),
            "smoothness": smoothness(saved.labels, coords, adjacency),
        }

    def known_labels(self, dataset: Dataset) -> np.ndarray:
        """Return (N,) labels, None where there is none or it shall be left out.

        Raises
        ------
        DataError
            There is no such column, or a label to leave out does not occur.
        """
        from napari_trsmi.domains.labels import encode

        if self.truth not in dataset.obs:
            found = [str(column) for column in dataset.obs if not str(column).startswith(_OWN)]
            raise DataError(
                f"Expected a column {self.truth!r} in obs of {self.result}, found {found}. Use one of these."
            )
        codes, names = encode(dataset.obs[self.truth])
        labels = [f"{name:g}" if isinstance(name, float) else str(name) for name in names]
        for label in self.ignore:
            if label not in labels:
                raise DataError(f"Expected labels among {labels} to leave out, found {label!r}. Use one of these.")
        kept = [None if label in self.ignore else label for label in labels]
        known: np.ndarray = np.array([*kept, None], dtype=object)[codes]  # -1, a missing label, is the last entry
        return known


def _to_json(found: dict[str, Any]) -> str:
    from napari_trsmi.data.plain import plain

    return json.dumps(plain(found), indent=2)


def _to_text(title: str, scores: dict[str, dict[str, float]]) -> str:
    """Return a table of the scores x 100; counts stay counts."""
    lines = [title, "All x 100; MI in nats x 100."]
    for group, values in scores.items():
        lines += ["", group]
        for name, value in values.items():
            shown = f"{value:,d}" if name.startswith("n_") else f"{100 * value:.1f}"
            lines.append(f"  {name.replace('_', ' '):<14}{shown:>10}")
    return "\n".join(lines)

"""``trsmi compare``: the domains of a saved result beside those of others."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Command, Flag, check_table
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.compare import Labelling
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

_COLUMN, _EMBEDDING = "obs:", "obsm:"
_HEADINGS = {
    "ari": "ARI",
    "nmi": "NMI",
    "boundary_f1": "boundary F1",
    "boundary_f1_near": "within one spot",
    "n_different": "differ",
    "n_spots": "of spots",
}


@dataclass(frozen=True, kw_only=True)
class Compare(Command):
    """Compare the domains of a saved result with other results, columns and embeddings, each with each.

    One may be a study and another one of its sections: what both have is compared, and what is left out is told. Spots
    that lack one of the two labels are not counted. Boundaries are compared on the spatial graph of FILE. An
    embedding is cut into as many domains as what it is compared with, by the settings of FILE.
    """

    result: Annotated[Positional[Path], arg(metavar="FILE", help="File that `trsmi fit` wrote.")]
    others: Annotated[
        Positional[tuple[str, ...]],
        arg(
            metavar="OTHER [OTHER ...]",
            help="Another result of the same spots, or of some of them, obs:COLUMN or obsm:KEY of FILE.",
            help_behavior_hint="",
        ),
    ]
    save: Annotated[Flag, arg(help="Write what FILE was compared with into FILE.", help_behavior_hint="")] = False
    csv: Annotated[Path | None, arg(metavar="TABLE", help="File for the table: .csv.", help_behavior_hint="")] = None

    def run(self) -> None:
        """Read, compare, print, write."""
        from napari_trsmi.data.writers import check_output
        from napari_trsmi.restoring import restore

        if not self.others:
            raise DataError("Expected something to compare with, found nothing. Name a result, obs:COLUMN or obsm:KEY.")
        check_table(self.csv)
        if self.save:
            check_output(self.result)
        compared, table = self.compare(restore(self.result))
        self.report(_to_text(table))
        if self.csv is not None:
            _write(table, self.csv)
            self.report(f"The table is in {self.csv}.")
        if self.save:
            self.report(str(compared.write(self.result)))

    def compare(self, result: Result) -> tuple[Result, pd.DataFrame]:
        """Return the result with its comparisons, and one row per pair.

        Raises
        ------
        DataError
            A file of other spots, no such column or embedding, or FILE beside itself.
        """
        import pandas as pd

        from napari_trsmi import compare
        from napari_trsmi.graphs import spatial_graph

        dataset, config = result.dataset, result.config
        own = compare.labels_of_result(result, str(self.result.absolute()), "file")
        sides = {str(self.result): own} | {name: self.side(dataset, name) for name in self.others}
        adjacency = spatial_graph(dataset.coords, config.graph.k_spatial, dataset.section)
        cut = cache(lambda key, n: compare.labels_of_embedding(dataset, key, config, n))
        rows, records = [], []
        for (first, a), (second, b) in combinations(sides.items(), 2):
            one, other = compare.labellings(a, b, cut, result.partition.n_domains)
            found = compare.compare(one.labels, other.labels, adjacency)
            rows.append({"first": first, "second": second, **found.scores})
            if one is own:
                records.append(compare.record(found, one, other))
        return compare.with_records(result, records), pd.DataFrame(rows)

    def side(self, dataset: Dataset, name: str) -> Labelling | str:
        """Return the labels that a word of the command line stands for, or the key of an embedding to be cut."""
        from napari_trsmi.compare import MOST_LABELS, label_columns, labels_of_column, labels_of_file

        if name.startswith(_EMBEDDING):
            return name.removeprefix(_EMBEDDING)
        if name.startswith(_COLUMN):
            labels = labels_of_column(dataset, column := name.removeprefix(_COLUMN))
            if column not in label_columns(dataset):
                raise DataError(
                    f"Expected a column of 2 to {MOST_LABELS} labels, found other values in {column!r}. "
                    f"Use one of {', '.join(label_columns(dataset)) or 'another file'}."
                )
            return labels
        if os.path.realpath(name) == os.path.realpath(self.result):
            raise DataError(f"Expected something else to compare {self.result} with, found itself. Leave it out.")
        labels = labels_of_file(dataset, name)
        for note in labels.notes:
            self.tell(note)
        return labels


def _to_text(table: pd.DataFrame) -> str:
    """Return the table for a terminal, with the numbers as the window shows them."""
    shown = table[["first", "second", *_HEADINGS]].rename(columns=_HEADINGS)
    return str(shown.to_string(index=False, float_format="{:.3f}".format))


def _write(table: pd.DataFrame, path: Path) -> None:
    """Write the table to a CSV file, replaced whole."""
    from napari_trsmi.atomic import replacing
    from napari_trsmi.data.sheets import write_sheet

    with replacing(path) as temporary:
        write_sheet(table, temporary)

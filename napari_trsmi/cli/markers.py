"""``trsmi markers``: what tells each domain apart, or what differs across one boundary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Command, check_table

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 5  # markers per domain on the screen; the file holds them all


@dataclass(frozen=True, kw_only=True)
class Markers(Command):
    """List the features that mark each domain of a saved result, modality by modality (scanpy's rank_genes_groups)."""

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    out: Annotated[Path, arg(aliases=("-o",), metavar="OUT", help="Table to write: .csv.")]
    n_top: Annotated[int, arg(help="Features per domain and modality.")] = 10
    boundary: Annotated[
        int | None,
        arg(
            metavar="INT",
            help_behavior_hint="",
            help="Instead of markers, the features that differ across this boundary (its segment in boundaries.csv), "
            "tested on counts that did not draw it.",
        ),
    ] = None

    def run(self) -> None:
        """Read, test, write."""
        import pandas as pd

        from napari_trsmi.api import markers

        check_table(self.out)
        if self.boundary is not None:
            self.write_carriers(self.boundary)
            return
        found = markers(self.result, n_top=self.n_top)
        table = pd.concat([part.assign(modality=name) for name, part in found.items()], ignore_index=True)
        self.write(table)
        for name, part in found.items():
            self.report(f"{name}:\n{_to_text(part)}")
        self.report(f"{len(table):,} markers are in {self.out}.")

    def write_carriers(self, boundary: int) -> None:
        """Write and print what differs across one boundary."""
        from napari_trsmi.evidence.carriers import carriers
        from napari_trsmi.restoring import restore

        found = carriers(restore(self.result), boundary, self.n_top)
        self.write(found)
        for name, part in found.groupby("modality", sort=False):
            told = "" if part["fresh"].all() else " (on the values that drew the boundary: p is too small)"
            self.report(f"{name}{told}:")
            for row in part.head(_SHOWN).itertuples():
                self.report(
                    f"  {row.name}: {row.effect:+.2f} [{row.low:+.2f}, {row.high:+.2f}], more in {row.side}, "
                    f"adjusted p {row.p_adjusted:.2g}"
                )
        self.report(f"{len(found):,} features are in {self.out}.")

    def write(self, table: pd.DataFrame) -> None:
        """Write the table, whole or not at all."""
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.sheets import write_sheet

        with replacing(self.out) as temporary:
            write_sheet(table, temporary)


def _to_text(table: pd.DataFrame) -> str:
    """One line per domain with its best markers."""
    best = table.groupby("domain", sort=False)["name"].agg(lambda names: ", ".join(map(str, names[:_SHOWN])))
    width = max((len(str(domain)) for domain in best.index), default=0)
    return "\n".join(f"  {domain!s:>{width}}  {names}" for domain, names in best.items())

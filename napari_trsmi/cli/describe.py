"""``trsmi describe``: what a domain is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Command, Flag, check_table

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.answers import Description

_SHOWN = 5  # rows of a table on the screen


@dataclass(frozen=True, kw_only=True)
class Describe(Command):
    """Tell what a domain of a saved result is made of, what lies beside it, and what it could be called.

    Nothing is renamed. OUT has its features against the rest; beside it are OUT as .composition.csv, .sets.csv and
    .neighbours.csv.
    """

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    domain: Annotated[Positional[str], arg(metavar="DOMAIN", help="Name of the domain.")]
    out: Annotated[Path, arg(aliases=("-o",), metavar="OUT", help="Table of its features to write: .csv.")]
    columns: Annotated[
        tuple[str, ...],
        arg(
            metavar="[COLUMN ...]",
            help="Columns of obs to count, such as cell types; unset: all with few categories.",
            help_behavior_hint="",
        ),
    ] = ()
    sets: Annotated[
        str | None,
        arg(
            metavar="FILE|TEXT",
            help='Gene sets: a GMT file, a text file, or "T cells: CD3E, CD4".',
            help_behavior_hint="",
        ),
    ] = None
    method: Annotated[
        str,
        arg(
            metavar="TEXT",
            help="How sets are tested: ranks, overlap, or with decoupler ulm, mlm, gsea, viper, waggr or zscore.",
        ),
    ] = "ranks"
    permutations: Annotated[
        int, arg(help="How often squidpy deals the labels anew to test neighbours; 0 leaves that out.")
    ] = 0
    section: Annotated[
        str | None,
        arg(metavar="NAME", help_behavior_hint="", help="Of a study, the one section to describe it in; unset: all."),
    ] = None
    same_counts: Annotated[
        Flag,
        arg(help="Test the counts that drew the domains: takes less time, and p is too small.", help_behavior_hint=""),
    ] = False

    def run(self) -> None:
        """Read, count, write."""
        import pandas as pd

        from napari_trsmi.answers import describe_domain
        from napari_trsmi.restoring import restore

        check_table(self.out)
        found = describe_domain(
            restore(self.result),
            self.domain,
            columns=self.columns or None,
            sets=self.sets,
            method=self.method,
            permutations=self.permutations,
            held_out=not self.same_counts,
            section=self.section,
        )
        self.tell_found(found)
        self.write(found.markers.table(), self.out)
        if found.composition:
            parts = [table.assign(column=name) for name, table in found.composition.items()]
            whole = pd.concat(parts, ignore_index=True)
            self.write(whole[["column", *whole.columns[:-1]]], self.out.with_suffix(".composition.csv"))
        if len(found.sets):
            self.write(found.sets, self.out.with_suffix(".sets.csv"))
        self.write(found.neighbours, self.out.with_suffix(".neighbours.csv"))

    def tell_found(self, found: Description) -> None:
        """Print the answer in sentences."""
        support = "" if found.support != found.support else f" Mean support of its boundaries {found.support:.2f}."
        self.report(
            f"Domain {found.domain}: {found.n_spots:,} spots, {found.share:.1%} of {found.section or 'all'}.{support}"
        )
        for column, table in found.composition.items():
            parts = [f"{row.category} {row.share:.0%}" for row in table.head(_SHOWN).itertuples() if row.spots]
            self.report(f"{column}: {', '.join(parts)}")
        for row in found.sets.head(_SHOWN).itertuples() if len(found.sets) else ():
            self.report(f"set {row.set} ({row.modality}): {row.score:+.2f}, adjusted p {row.p_adjusted:.2g}")
        parts = [f"{row.neighbour} {row.share:.0%}" for row in found.neighbours.head(_SHOWN).itertuples()]
        self.report(f"borders on: {', '.join(parts) or 'nothing'}")
        for one in found.suggestions:
            self.report(f"It could be called “{one.name}”: {one.evidence}")
        for note in found.notes:
            self.report(note)

    def write(self, table: pd.DataFrame, path: Path) -> None:
        """Write a table, replaced whole, and say where it is."""
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.sheets import write_sheet

        with replacing(path) as temporary:
            write_sheet(table, temporary)
        self.report(f"Table: {path}")

"""``trsmi differ``: what differs between two groups of spots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Command, Flag, check_figure, check_table

if TYPE_CHECKING:
    from napari_trsmi.answers import Difference

_SHOWN = 5  # features per modality on the screen; the file holds them all


@dataclass(frozen=True, kw_only=True)
class Differ(Command):
    """List what differs between two groups of spots of a saved result, feature by feature in each modality.

    A group is domain:NAME, boundary:NUMBER:DOMAIN (the side of a boundary, numbered as in boundaries.csv),
    section:NAME, or COLUMN=VALUE of obs; the second may be rest, all other spots.
    """

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    a: Annotated[Positional[str], arg(metavar="A", help="The first group.")]
    b: Annotated[Positional[str], arg(metavar="B", help="The second group.")] = "rest"
    out: Annotated[Path, arg(aliases=("-o",), metavar="OUT", help="Table to write: .csv.")]
    figure: Annotated[
        Path | None,
        arg(metavar="FILE", help="Volcano plot of each modality: .png, .svg or .pdf.", help_behavior_hint=""),
    ] = None
    section: Annotated[
        str | None,
        arg(metavar="NAME", help_behavior_hint="", help="Of a study, the one section to compare within; unset: all."),
    ] = None
    same_counts: Annotated[
        Flag,
        arg(help="Test the counts that drew the domains: takes less time, and p is too small.", help_behavior_hint=""),
    ] = False

    def run(self) -> None:
        """Read, compare, write."""
        from napari_trsmi.answers import differ
        from napari_trsmi.answers.figures import draw_volcano
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.sheets import write_sheet
        from napari_trsmi.figure import write
        from napari_trsmi.restoring import restore

        check_table(self.out)
        check_figure(self.figure)
        found = differ(restore(self.result), self.a, self.b, held_out=not self.same_counts, section=self.section)
        table = found.table()
        with replacing(self.out) as temporary:
            write_sheet(table, temporary)
        self.tell_found(found)
        self.report(f"{len(table):,} features are in {self.out}.")
        if self.figure is not None:
            self.report(f"Figure: {write(lambda: draw_volcano(found), self.figure)}")

    def tell_found(self, found: Difference) -> None:
        """Print the groups, what differs most, and what to know."""
        self.report(f"{found.a.name} ({found.a.n_spots:,} spots) against {found.b.name} ({found.b.n_spots:,} spots)")
        for name, table in found.tables.items():
            self.report(f"{name}:")
            for row in table.head(_SHOWN).itertuples():
                more = found.a.name if row.more_in == "a" else found.b.name
                self.report(f"  {row.name}: {row.effect:+.2f}, more in {more}, adjusted p {row.p_adjusted:.2g}")
        for note in found.notes:
            self.report(note)

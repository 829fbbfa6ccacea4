"""``trsmi study``: of which domains the sections of a study consist."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Command, Flag, check_table
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result


@dataclass(frozen=True, kw_only=True)
class Study(Command):
    """List of which domains each section of a saved study consists, and draw it.

    OUT is a table with one row per section and domain; beside it is a bar chart, OUT as .png. With conditions, domains
    that differ between them are tested over sections, never over spots: OUT as .test.csv.
    """

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    out: Annotated[Path, arg(aliases=("-o",), metavar="OUT", help="Table to write: .csv.")]
    by: Annotated[
        str | None,
        arg(metavar="COLUMN", help="Column of obs with the condition of each section.", help_behavior_hint=""),
    ] = None
    conditions: Annotated[
        dict[str, str],
        arg(
            metavar="[SECTION CONDITION ...]",
            help="Condition of each section, where no column has it.",
            help_behavior_hint="",
        ),
    ] = field(default_factory=dict)
    mixing: Annotated[
        Flag,
        arg(
            help="Also how far the sections of each domain are alike in each modality: OUT as .mixing.csv.",
            help_behavior_hint="",
        ),
    ] = False
    neighbours: Annotated[
        Flag,
        arg(
            help="Also which domains lie beside which, section by section (squidpy's nhood_enrichment): OUT as "
            ".neighbours.csv.",
            help_behavior_hint="",
        ),
    ] = False

    def run(self) -> None:
        """Read, count, write."""
        from napari_trsmi.figure import write
        from napari_trsmi.restoring import restore
        from napari_trsmi.study import composition, draw_composition, left_out_notes, mixing, mixing_notes, neighbours

        check_table(self.out)
        if self.by is not None and self.conditions:
            raise DataError("Expected --by or --conditions, found both. Leave one out.")
        result, by = restore(self.result), self.conditions or self.by
        table = composition(result, by)
        shares = (100 * table.pivot(index="domain", columns="section", values="share")).round(1)
        self.report(f"% of the spots of each section:\n{shares.rename_axis(index=None, columns=None).to_string()}")
        for note in [] if by is None else left_out_notes(result, by):
            self.report(note)
        self.write(table, self.out)
        self.report(f"Figure: {write(lambda: draw_composition(result, by), self.out.with_suffix('.png'))}")
        if by is not None:
            self.test(result, by)
        if self.mixing:
            found = mixing(result)
            for note in mixing_notes(found):
                self.report(note)
            self.write(found, self.out.with_suffix(".mixing.csv"))
        if self.neighbours:
            self.write(neighbours(result), self.out.with_suffix(".neighbours.csv"))

    def test(self, result: Result, by: str | dict[str, str]) -> None:
        """Write which domains differ between conditions, or say why that cannot be told."""
        from napari_trsmi.study import composition_test, difference_notes, donor_notes

        try:
            tested = composition_test(result, by)
        except DataError as error:  # the table of shares is good without
            self.report(f"Not tested: {error}")
            return
        for note in (*difference_notes(tested), *donor_notes(result, by)):
            self.report(note)
        self.write(tested, self.out.with_suffix(".test.csv"))

    def write(self, table: pd.DataFrame, path: Path) -> None:
        """Write a table, replaced whole, and say where it is."""
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.sheets import write_sheet

        with replacing(path) as temporary:
            write_sheet(table, temporary)
        self.report(f"Table: {path}")

"""``trsmi report``: one HTML page about a result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Command, check_folder


@dataclass(frozen=True, kw_only=True)
class Report(Command):
    """Write a page about a saved result: figures, boundaries, trust, comparisons, settings; it loads nothing else."""

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    out: Annotated[Path, arg(aliases=("-o",), metavar="OUT", help="Page to write: .html.")]
    truth: Annotated[
        str | None,
        arg(metavar="COLUMN", help="Column of obs with known labels to compare.", help_behavior_hint=""),
    ] = None

    by: Annotated[
        str | None,
        arg(
            metavar="COLUMN",
            help="Column of obs with the condition of each section of a study.",
            help_behavior_hint="",
        ),
    ] = None

    def run(self) -> None:
        """Read, draw, write."""
        from napari_trsmi.report import write_report
        from napari_trsmi.restoring import restore

        check_folder(self.out)
        self.report(f"The report is in {write_report(restore(self.result), self.out, truth=self.truth, by=self.by)}.")

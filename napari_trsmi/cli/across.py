"""``trsmi across``: features and confidence by the distance to one boundary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, UseAppendAction, arg

from napari_trsmi.cli.command import Command, check_figure, check_table
from napari_trsmi.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Across(Command):
    """Write how features and confidence change with the distance to one boundary of a saved result, on both sides."""

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    boundary: Annotated[int, arg(metavar="INT", help="Its segment in boundaries.csv.")]
    out: Annotated[Path, arg(aliases=("-o",), metavar="OUT", help="Table to write: .csv.")]
    feature: Annotated[
        UseAppendAction[tuple[str, ...]],
        arg(
            metavar="MODALITY:NAME",
            help_behavior_hint="",
            help="A feature to follow, such as rna:CD3E; may be given several times. Unset: the three of each modality "
            "that differ most across the boundary.",
        ),
    ] = ()
    hops: Annotated[int, arg(help="How many spots to go to each side.")] = 6
    figure: Annotated[
        Path | None,
        arg(metavar="FILE", help_behavior_hint="", help="Figure of the profiles as well: .png, .svg or .pdf."),
    ] = None

    def run(self) -> None:
        """Read, measure, write."""
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.sheets import write_sheet
        from napari_trsmi.evidence.across import profile_across
        from napari_trsmi.profile_figure import save_profile
        from napari_trsmi.restoring import restore

        check_table(self.out)
        check_figure(self.figure)
        wanted = _wanted(self.feature)
        table = profile_across(restore(self.result), self.boundary, wanted, self.hops)
        with replacing(self.out) as temporary:
            write_sheet(table, temporary)
        for (modality, name), part in table.groupby(["modality", "name"], sort=False):
            near = part.set_index("hop")["median"]
            sides = ", ".join(f"{near[hop]:.2f} in {part['side'][part['hop'] == hop].iloc[0]}" for hop in _ends(near))
            self.report(f"  {modality} {name}: {sides}")
        self.report(f"{len(table):,} rows are in {self.out}.")
        if self.figure is not None:
            self.report(f"Figure: {save_profile(table, self.figure)}")


def _ends(near: object) -> list[int]:
    """Return the farthest hop of each side."""
    hops = list(near.index)  # type: ignore[attr-defined]
    return [hop for hop in (min(hops), max(hops)) if hop in hops]


def _wanted(features: tuple[str, ...]) -> dict[str, list[str]] | None:
    """Return {modality: names}, None where none are given."""
    found: dict[str, list[str]] = {}
    for one in features:
        modality, colon, name = one.partition(":")
        if not (modality and colon and name):
            raise ConfigError(f"Expected a feature like rna:CD3E, found {one!r}. Give its modality, a colon, its name.")
        found.setdefault(modality, []).append(name)
    return found or None

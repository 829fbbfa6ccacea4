"""``trsmi simulate``: a believable slice with known domains."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from napari_trsmi.cli.command import Command
from napari_trsmi.data.simulate.settings import SimulationSettings
from napari_trsmi.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Simulate(Command):
    """Make up a tissue slice of two or three modalities with known domains, in obs["domain"]."""

    out: Annotated[Path, arg(aliases=("-o",), metavar="OUT", help="File to write: .h5mu or .zarr.")]
    settings: Annotated[SimulationSettings, arg(name="")] = field(default_factory=SimulationSettings)

    def run(self) -> None:
        """Simulate and write."""
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.simulate import simulate
        from napari_trsmi.data.tables import write_table
        from napari_trsmi.data.writers import check_output

        settings = SimulationSettings(**self.settings.model_dump())
        if self.out.suffix == ".h5ad":
            raise DataError(f"Expected an output ending in .h5mu or .zarr, found {self.out.name}. Change the ending.")
        check_output(self.out)
        slice_ = simulate(settings)
        with replacing(self.out) as temporary:
            write_table(slice_, temporary, self.out.suffix)
        self.report(f'{slice_.n_obs:,} spots with {settings.n_domains} domains (obs["domain"]) are in {self.out}.')

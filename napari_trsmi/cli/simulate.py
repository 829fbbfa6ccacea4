"""``trsmi simulate``: a believable slice with known domains."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Self, get_args

from tyro.conf import arg

from napari_trsmi.cli.command import Command
from napari_trsmi.data.simulate.hard import HardName, hard_settings
from napari_trsmi.data.simulate.settings import SimulationSettings
from napari_trsmi.data.simulate.study import simulate_study, study_settings
from napari_trsmi.errors import ConfigError, DataError


@dataclass(frozen=True, kw_only=True)
class Simulate(Command):
    """Make up a tissue slice of two or three modalities with known domains, in obs["domain"]."""

    out: Annotated[
        Path, arg(aliases=("-o",), metavar="OUT", help="File to write: .h5mu or .zarr; with --study the folder.")
    ]
    hard: Annotated[
        tuple[HardName, ...] | None,
        arg(
            metavar="[KIND]",
            help_behavior_hint="",
            help="Begin from the settings of a slice on which mistakes are to be expected: "
            f"{', '.join(get_args(HardName))}; without a name: everything.",
        ),
    ] = None
    study: Annotated[
        bool,
        arg(
            help="Make up several sections, a file each, with batches between them; one lacks protein, and domains "
            "differ between sections and conditions."
        ),
    ] = False
    settings: Annotated[SimulationSettings, arg(name="")] = field(default_factory=SimulationSettings)

    def settled(self) -> Self:
        """Return the command with the settings of the hard slice it names, or of a study; further words are put on top.

        Raises
        ------
        ConfigError
            More than one is named.
        """
        if self.study:
            if self.hard is not None:
                raise ConfigError("Expected --hard or --study, found both. Choose one.")
            return replace(self, settings=study_settings())
        if self.hard is None:
            return self
        if len(self.hard) > 1:
            raise ConfigError(f"Expected one kind of hard slice, found {' '.join(self.hard)}. Name one, or none.")
        return replace(self, settings=hard_settings(*(self.hard or ("everything",))))

    def run(self) -> None:
        """Simulate and write."""
        if self.study:
            self._write_study()
            return
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.simulate import simulate
        from napari_trsmi.data.tables import write_table
        from napari_trsmi.data.writers import check_output

        settings = SimulationSettings(**self.settings.model_dump())
        if self.out.suffix not in (".h5mu", ".zarr"):
            raise DataError(f"Expected an output ending in .h5mu or .zarr, found {self.out.name}. Change the ending.")
        check_output(self.out)
        slice_ = simulate(settings)
        with replacing(self.out) as temporary:
            write_table(slice_, temporary, self.out.suffix)
        self.report(f'{slice_.n_obs:,} spots with {settings.n_domains} domains (obs["domain"]) are in {self.out}.')

    def _write_study(self) -> None:
        """Simulate a study and write a file for each section."""
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.tables import mudata_of, write_table
        from napari_trsmi.data.writers import check_output

        settings = SimulationSettings(**self.settings.model_dump())
        if self.out.suffix in (".h5mu", ".h5ad", ".zarr"):
            raise DataError(f"Expected a folder for the sections, found {self.out.name}. Leave the ending out.")
        study = simulate_study(settings)
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(
                f"Expected to make the folder {self.out}, found: {error.strerror}. Choose another."
            ) from error
        for part in study.parts:
            path = self.out / f"{part.name}.h5mu"
            check_output(path)
            mdata = mudata_of({name: modality.table for name, modality in part.modalities.items()})
            for column in part.obs:
                mdata.obs[column] = part.obs[column]
            with replacing(path) as temporary:
                write_table(mdata, temporary, path.suffix)
        self.report(
            f"{len(study.parts)} sections of {settings.n_spots:,} spots with {settings.n_domains} domains "
            f'(obs["domain"]) are in {self.out}.'
        )

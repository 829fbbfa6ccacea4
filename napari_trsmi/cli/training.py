"""What the commands that train have in common: which files, which settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Command
from napari_trsmi.config import Config, Kind
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class Training(Command):
    """Base of the commands that train: settings one by one or from a file, and what to read."""

    inputs: Annotated[
        Positional[tuple[Path, ...]],
        arg(
            metavar="[INPUT ...]",
            help="A .h5mu, .h5ad or .zarr, a Space Ranger folder, or several .h5ad, one per modality; "
            "may be left out with the run.json of an earlier run.",
            help_behavior_hint="",
        ),
    ] = ()
    config_file: Annotated[
        Path | None,
        arg(
            name="config",
            metavar="FILE",
            help_behavior_hint="",
            help="JSON with settings, or a run.json; settings given here win over it.",
        ),
    ] = None
    library: Annotated[
        str | None,
        arg(metavar="NAME", help_behavior_hint="", help="Which section to take where the file holds several."),
    ] = None
    kinds: Annotated[
        dict[str, Kind],
        arg(
            metavar="[NAME KIND ...]",
            help="Kind by modality name, where the detected one is wrong; short for --preprocess.kinds.",
            help_behavior_hint="",
        ),
    ] = field(default_factory=dict)
    config: Annotated[Config, arg(name="")] = field(default_factory=Config)

    def settled(self) -> Self:
        """Return the command with the settings of its config file."""
        return self if self.config_file is None else replace(self, config=Config.load(self.config_file))

    def checked_config(self) -> Config:
        """Return the settings with their bounds checked; raises `ConfigError`."""
        values = self.config.model_dump()
        values["preprocess"]["kinds"] |= self.kinds
        return Config(**values)

    def read(self, config: Config) -> Dataset:
        """Return the section and tell what a person should know about it."""
        from napari_trsmi.api import read
        from napari_trsmi.data.sources import sha256

        inputs, library, hashes = self.inputs, self.library, {}
        if not inputs:
            record = self.record()
            hashes = {Path(source["path"]): source.get("sha256") for source in record["sources"]}
            inputs, library = tuple(hashes), library or record.get("library")
        dataset = read(inputs if len(inputs) > 1 else inputs[0], kinds=config.preprocess.kinds or None, library=library)
        kinds = ", ".join(f"{name} ({modality.kind})" for name, modality in dataset.modalities.items())
        self.tell(f"{dataset.name}: {dataset.n_spots:,} spots; {kinds}")
        for name, count in dataset.dropped.items():
            self.tell(f"Left out {count:,} spots of {name} that another modality lacks.")
        for note in dataset.notes:
            self.tell(note)
        for path, digest in hashes.items():  # now that they are known to be files of tables
            known = dataset.marks.get(path)
            if (known.sha256 if known else sha256(path)) != digest:
                self.tell(f"{path} has changed since the run: the domains may differ.")
        return dataset

    def record(self) -> dict[str, Any]:
        """Return the run that the config file records, its files among it.

        Raises
        ------
        DataError
            There is no record of files.
        """
        from napari_trsmi.data.recorded import read_record

        record: dict[str, Any] = {}
        if self.config_file is not None:
            record = read_record(self.config_file.read_text(encoding="utf-8"), self.config_file)
        if not record.get("sources"):
            raise DataError("Expected an INPUT, or --config with the run.json of a run on files, found neither.")
        if record.get("stopped"):
            self.tell("The run was finished early; this one goes through all epochs.")
        return record

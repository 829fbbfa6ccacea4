"""What the commands that train have in common: which files, which settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from tyro.conf import Positional, UseAppendAction, arg

from napari_trsmi.cli.command import Command
from napari_trsmi.cli.sections import parse_sections
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
            help="A .h5mu, .h5ad or .zarr, a folder of Space Ranger or Xenium, or several .h5ad, one per modality; "
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
    section: Annotated[
        UseAppendAction[tuple[str, ...]],
        arg(
            metavar="NAME=FILE,...",
            help="A section of a study and its files, once for each section, in place of INPUT.",
            help_behavior_hint="",
        ),
    ] = ()
    section_column: Annotated[
        str | None,
        arg(
            metavar="COLUMN",
            help_behavior_hint="",
            help="Column of obs that names the section of each spot, where INPUT holds several to be trained as one.",
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
            help="Kind by modality name (rna, protein, chromatin, precomputed), where the detected one is wrong; "
            "short for --preprocess.kinds.",
            help_behavior_hint="",
        ),
    ] = field(default_factory=dict)
    config: Annotated[Config, arg(name="")] = field(default_factory=Config)

    def settled(self) -> Self:
        """Return the command with the settings of its config file."""
        if self.config_file is None:
            return self
        return replace(self, config=Config.load(self.config_file), section=())  # words are put on top

    def checked_config(self) -> Config:
        """Return the settings with their bounds checked; raises `ConfigError`."""
        values = self.config.model_dump()
        values["preprocess"]["kinds"] |= self.kinds
        return Config(**values)

    def read(self, config: Config) -> Dataset:
        """Return the section, or the study, and tell what a person should know about it."""
        from napari_trsmi.data.sources import sha256

        hashes = {}
        if self.inputs or self.section:
            dataset = self.given(config)
        else:
            record = self.record()
            hashes = {Path(source["path"]): source.get("sha256") for source in record["sources"]}
            dataset = self.again(record, config)
        kinds = ", ".join(f"{name} ({modality.kind})" for name, modality in dataset.modalities.items())
        self.tell(f"{dataset.name}: {dataset.n_spots:,} spots; {kinds}")
        for part in dataset.parts:
            self.tell(f"  {part.name}: {part.n_spots:,} spots; {', '.join(part.modalities)}")
        for name, count in dataset.dropped.items():
            self.tell(f"Left out {count:,} spots of {name} that another modality lacks.")
        for note in dataset.notes:
            self.tell(note)
        for path, digest in hashes.items():  # now that they are known to be files of tables
            known = dataset.marks.get(path)
            if (known.sha256 if known else sha256(path)) != digest:
                self.tell(f"{path} has changed since the run: the domains may differ.")
        return dataset

    def given(self, config: Config) -> Dataset:
        """Return the section, or the sections, that the words name.

        Raises
        ------
        DataError
            The words do not go together, or the files cannot be used.
        """
        from napari_trsmi.api import read, read_sections

        kinds, spots = config.preprocess.kinds or None, config.preprocess.spots
        others = [word for word, one in (("--library", self.library), ("--section-column", self.section_column)) if one]
        if self.section:
            if self.inputs or others:
                found = ", ".join([*map(str, self.inputs), *others])
                raise DataError(f"Expected all files after --section NAME=, found also {found}. Leave that out.")
            return read_sections(parse_sections(self.section), kinds=kinds, spots=spots)
        if len(others) > 1:
            raise DataError("Expected --library or --section-column, found both. Choose one section, or take all.")
        inputs = self.inputs if len(self.inputs) > 1 else self.inputs[0]
        if self.section_column is not None:
            return read_sections(inputs, column=self.section_column, kinds=kinds, spots=spots)
        return read(inputs, kinds=kinds, library=self.library, spots=spots)

    def again(self, record: dict[str, Any], config: Config) -> Dataset:
        """Return what a recorded run was made on."""
        from napari_trsmi.api import read
        from napari_trsmi.data.readers.several import read_again

        kinds, spots = config.preprocess.kinds or None, config.preprocess.spots
        if sections := record.get("sections"):
            return read_again(sections, column=record.get("section_column"), kinds=kinds, spots=spots)
        if record.get("part_of"):
            self.tell("The run was on several sections; this one is on one of them alone.")
        inputs = [Path(source["path"]) for source in record["sources"]]
        library = self.library or record.get("library")
        return read(inputs if len(inputs) > 1 else inputs[0], kinds=kinds, library=library, spots=spots)

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
        if "transferred" in record:
            raise DataError(
                "Expected the run.json of a training, found that of domains taken over from a study. Repeat it by "
                "`trsmi transfer`, or name an INPUT to train on it with the study's settings."
            )
        if record.get("stopped"):
            self.tell("The run was finished early; this one goes through all epochs.")
        return record

"""``trsmi fit``: from a file to domains and back to a file."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

from napari_trsmi.cli.command import Saving, check_folder
from napari_trsmi.cli.progress import Interrupt, follow
from napari_trsmi.cli.sections import check_parts, check_split, write_split
from napari_trsmi.cli.training import Training
from napari_trsmi.config import Config
from napari_trsmi.errors import DataError
from napari_trsmi.interrupt import Helped

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

_CHECKPOINT_EVERY = 10


@dataclass(frozen=True, kw_only=True)
class Fit(Training, Saving):
    """Find the spatial domains of a section. Ctrl-C finishes training early and keeps the result.

    Several sections (--section, --section-column) are trained as one study.

    Writes a copy of the input with the domains in it, and run.json, domains.csv, boundaries.csv and a figure beside
    it. `trsmi fit --config OUT.run.json -o OTHER` repeats a run.
    """

    checkpoint: Annotated[
        Path | None,
        arg(
            metavar="FILE",
            help_behavior_hint="",
            help=f"Write the state of training here every train.checkpoint-every epochs, {_CHECKPOINT_EVERY} if unset.",
        ),
    ] = None
    resume: Annotated[
        Path | None, arg(metavar="FILE", help_behavior_hint="", help="Continue from a checkpoint of the same run.")
    ] = None

    split: Annotated[
        Path | None,
        arg(
            metavar="FOLDER",
            help_behavior_hint="",
            help="Of several sections: write a copy of each one's input with its domains here too; made if missing.",
        ),
    ] = None

    def run(self) -> None:
        """Read, train, write; of several processes that train together only the first says and writes anything."""
        if not self.quiet and os.environ.get("RANK", "0") != "0":
            return replace(self, quiet=True).run()
        config = self.checked_config()
        self.check()
        if self.checkpoint is not None:
            from napari_trsmi.fitting import check_checkpoint

            check_folder(self.checkpoint)
            check_checkpoint(self.checkpoint)
        if self.resume is not None and not self.resume.is_file():
            raise DataError(f"Expected a checkpoint of this program at {self.resume}, found no file. Check the path.")
        if self.split is not None:
            check_split(self.split)
        dataset = self.read(config)
        if self.split is not None and not dataset.parts:
            raise DataError("Expected several sections to --split, found one. Leave --split out.")
        if self.split is not None:
            check_parts(dataset, self.split, self.out, self.force)
        self.check_contents(dataset)
        with suppress(Helped):
            self.fit(dataset, config)

    def checked_config(self) -> Config:
        """Return the settings with their bounds checked, checkpoints switched on where one is asked for.

        Of several processes each has a tile of every step: that number is part of the settings, so that one process
        repeats the run.
        """
        config = super().checked_config()
        count, train = int(os.environ.get("WORLD_SIZE", "1")), config.train
        if train.tiles_per_step % count:
            per_step = -(-train.tiles_per_step // count) * count
            config = config.model_copy(update={"train": train.model_copy(update={"tiles_per_step": per_step})})
        if self.checkpoint is None or config.train.checkpoint_every:
            return config
        return config.model_copy(
            update={"train": config.train.model_copy(update={"checkpoint_every": _CHECKPOINT_EVERY})}
        )

    def fit(self, dataset: Dataset, config: Config) -> Result:
        """Train on the section, write what was found, and return it."""
        from napari_trsmi.api import fit_steps
        from napari_trsmi.estimate import check_room
        from napari_trsmi.stages import prepare

        check_room(dataset, config)
        self.tell("Preparing features and graphs.")
        started = time.perf_counter()
        prepared = prepare(dataset, config, together=True)
        seconds = time.perf_counter() - started
        steps = fit_steps(
            dataset, config, previews=False, checkpoint=self.checkpoint, resume=self.resume, prepared=prepared
        )
        with Interrupt() as interrupt:
            result = follow(steps, interrupt, quiet=self.quiet, prepared=prepared)
            result.provenance["seconds"]["features and graphs"] += seconds
            del prepared, steps  # writing needs memory of its own
            self.save(result)
            if self.split is not None:
                files = write_split(result, self.split, self.out.suffix, self.force)
                self.report(f"One copy per section: {', '.join(map(str, files))}")
        return result

"""``trsmi continue``: train on from where a saved result is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Saving
from napari_trsmi.cli.progress import Interrupt, follow
from napari_trsmi.config import Config, Constraint
from napari_trsmi.errors import ConfigError
from napari_trsmi.teach import EPOCHS


@dataclass(frozen=True, kw_only=True)
class Continue(Saving):
    """Train on from where a saved result is, and say more about its spots where you know better.

    Schedules stay at their end. What was said is followed softly, see the guide; how far it is kept is printed.
    """

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    epochs: Annotated[int, arg(metavar="INT", help="Epochs to train on for.")] = EPOCHS
    constraints: Annotated[
        Path | None,
        arg(
            metavar="FILE",
            help_behavior_hint="",
            help='JSON list of constraints, such as [{"kind": "apart", "spots": [BARCODES], "others": [BARCODES]}], or '
            "the run.json of a run that has some; in place of those of the result. Unset: those stay.",
        ),
    ] = None

    def run(self) -> None:
        """Train on and write."""
        from napari_trsmi.estimate import check_room
        from napari_trsmi.restoring import restore
        from napari_trsmi.stages import prepare
        from napari_trsmi.teach import carry_on_steps, continued, contradiction, obedience, words

        if self.epochs < 1:
            raise ConfigError(f"Expected at least 1 epoch to train on for, found {self.epochs}. Raise --epochs.")
        self.check()
        said = None if self.constraints is None else read_constraints(self.constraints)
        before = restore(self.result)
        if doubt := contradiction(before, before.config.constraints if said is None else said):
            self.report(f"Note: {doubt}")
        config = continued(before, self.epochs, said)
        check_room(before.dataset, config)
        prepared = prepare(before.dataset, config)
        steps = carry_on_steps(before, self.epochs, said, prepared)
        with Interrupt() as interrupt:
            found = follow(steps, interrupt, quiet=self.quiet, prepared=prepared)
            del prepared, steps  # writing needs memory of its own
            self.save(found)
        for constraint, share in obedience(found):
            self.report(f"{words(constraint, found)}: kept {share:.0%}")


def read_constraints(path: Path) -> tuple[Constraint, ...]:
    """Return the constraints in a JSON file: a list, or a run.json.

    Raises
    ------
    ConfigError
        The file is missing, no JSON, or holds no constraints.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        found = (isinstance(error, OSError) and error.strerror) or error
        raise ConfigError(f"Expected a JSON file of constraints at {path}, found: {found}. Choose another.") from None
    if isinstance(found, dict):
        return tuple(c for c in Config.load(path).constraints if c.until is None)
    return Config(constraints=found).constraints

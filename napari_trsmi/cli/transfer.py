"""``trsmi transfer``: the domains of a trained study in a new section."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Saving
from napari_trsmi.config import Kind


@dataclass(frozen=True, kw_only=True)
class Transfer(Saving):
    """Label a new section by the domains of a saved result, without training.

    The new section has no part in what the domains are. obs["trsmi_fits"] says which of its spots are like no domain,
    below 0.01. Writes what `trsmi fit` writes.
    """

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    inputs: Annotated[
        Positional[tuple[Path, ...]],
        arg(metavar="INPUT [INPUT ...]", help="The new section, as for `trsmi fit`.", help_behavior_hint=""),
    ]
    library: Annotated[
        str | None,
        arg(metavar="NAME", help_behavior_hint="", help="Which section to take where the file holds several."),
    ] = None
    kinds: Annotated[
        dict[str, Kind],
        arg(
            metavar="[NAME KIND ...]",
            help="Kind by modality name (rna, protein, chromatin, precomputed), where the detected one is wrong.",
            help_behavior_hint="",
        ),
    ] = field(default_factory=dict)

    def run(self) -> None:
        """Read, label, write."""
        from napari_trsmi.api import read
        from napari_trsmi.errors import DataError
        from napari_trsmi.study import transfer

        if not self.inputs:
            raise DataError("Expected a section to label, found none. Name its files after the result.")
        self.check()
        inputs = self.inputs if len(self.inputs) > 1 else self.inputs[0]
        new = read(inputs, kinds=self.kinds or None, library=self.library)
        self.check_contents(new)
        found = transfer(self.result, new)
        for note in found.provenance["notes"]:
            self.tell(note)
        self.save(found)

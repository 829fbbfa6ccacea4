"""``trsmi view``: a section, or a saved result, in the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from napari_trsmi.cli import window
from napari_trsmi.cli.command import Command
from napari_trsmi.errors import DataError

SESSION = ".trsmi.json"


@dataclass(frozen=True, kw_only=True)
class View(Command):
    """Open a section in napari, with the docks to train and to question its domains.

    A file that `trsmi fit` wrote opens with its domains, their names and colours, and the review. A session file, which
    the window wrote, opens all that was open.
    """

    inputs: Annotated[
        Positional[tuple[Path, ...]],
        arg(
            metavar="INPUT [INPUT ...]",
            help="A .h5mu, .h5ad or .zarr, a folder of Space Ranger or Xenium, or several .h5ad: one per modality, or "
            "of other spots, which open as a study. Or one session file, .trsmi.json.",
            help_behavior_hint="",
        ),
    ] = ()
    library: Annotated[
        str | None,
        arg(metavar="NAME", help_behavior_hint="", help="Which section to take where the file holds several."),
    ] = None

    def run(self) -> None:
        """Read, then open the window."""
        if not self.inputs:
            raise DataError("Expected an INPUT to open, found none. Give a file, or use trsmi demo for the sample.")
        if problem := window.missing():
            raise DataError(problem)
        if any(path.name.lower().endswith(SESSION) for path in self.inputs):
            self.open_session()
            return
        from napari_trsmi.gui.plugin.start import show
        from napari_trsmi.gui.viewer.reader import open_sections

        self.tell(f"Reading {', '.join(map(str, self.inputs))}.")
        (section,) = open_sections(self.inputs, self.library)  # nobody is asked before there is a window
        show(window.new_viewer(), section)
        window.wait()

    def open_session(self) -> None:
        """Open the window as a session file says."""
        from napari_trsmi.gui.plugin.start import show_session
        from napari_trsmi.gui.workspace.record import read

        if len(self.inputs) > 1 or self.library is not None:
            raise DataError("Expected one session file alone, found more beside it. Open the others in the window.")
        (path,) = self.inputs
        read(path)  # rubbish is told before a window opens
        show_session(window.new_viewer(), path)
        window.wait()

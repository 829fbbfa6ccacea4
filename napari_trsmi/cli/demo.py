"""``trsmi demo``: the whole way on the sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from napari_trsmi.cli import window
from napari_trsmi.cli.command import Command, Flag
from napari_trsmi.cli.fit import Fit
from napari_trsmi.config import Config
from napari_trsmi.errors import DataError

_TRUTH, _FOLDER = "domain", "trsmi_demo"


@dataclass(frozen=True, kw_only=True)
class Demo(Command):
    """Train on the sample slice: in the window, or without one, comparing with the domains the sample was made with.

    Without a window (no display, --headless, -o, or napari not installed) result and figure are written to a folder.
    """

    headless: Annotated[Flag, arg(help="Open no window.", help_behavior_hint="")] = False
    out: Annotated[
        Path | None,
        arg(
            aliases=("-o",),
            metavar="FOLDER",
            help=f"Folder to write to, made if missing; opens no window. Unset: {_FOLDER}.",
            help_behavior_hint="",
        ),
    ] = None

    def run(self) -> None:
        """Train in a window, or write what is found."""
        if self.headless or self.out is not None:
            self.write(self.out or Path(_FOLDER))
        elif problem := window.missing():
            self.tell(f"{problem} Training without a window.")
            self.write(Path(_FOLDER))
        else:
            from napari_trsmi.gui.plugin.start import demo

            demo(window.new_viewer())
            window.wait()

    def write(self, out: Path) -> None:
        """Read, train, write, compare."""
        from napari_trsmi.data.sample import sample_path
        from napari_trsmi.domains.metrics import agreement

        sample = sample_path()
        fit = Fit(inputs=(sample,), out=out / sample.name, quiet=self.quiet, verbose=self.verbose)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"Expected to make the folder {out}, found: {error.strerror}. Choose another.") from error
        fit.check()
        dataset = fit.read(Config())
        truth = dataset.obs[_TRUTH]
        result = fit.fit(dataset, Config(cluster={"n_domains": truth.nunique()}))
        scores = agreement(result.labels, truth)
        self.report(
            f"The sample was made with {truth.nunique()} domains; those found agree with them by "
            f"ARI {scores['ARI']:.2f} and NMI {scores['NMI']:.2f} (1 is perfect)."
        )

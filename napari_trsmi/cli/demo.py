"""``trsmi demo``: the whole way on the sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from napari_trsmi.cli.command import Command
from napari_trsmi.cli.fit import Fit
from napari_trsmi.config import Config
from napari_trsmi.errors import DataError

_TRUTH = "domain"


@dataclass(frozen=True, kw_only=True)
class Demo(Command):
    """Train on the sample slice, write result and figure, and compare with the domains it was made with."""

    out: Annotated[Path, arg(aliases=("-o",), metavar="FOLDER", help="Folder to write to; made if missing.")] = Path(
        "trsmi_demo"
    )

    def run(self) -> None:
        """Read, train, write, compare."""
        from napari_trsmi.data.sample import sample_path
        from napari_trsmi.domains.metrics import agreement

        sample = sample_path()
        fit = Fit(inputs=(sample,), out=self.out / sample.name, quiet=self.quiet, verbose=self.verbose)
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(
                f"Expected to make the folder {self.out}, found: {error.strerror}. Choose another."
            ) from error
        fit.check()
        dataset = fit.read(Config())
        truth = dataset.obs[_TRUTH]
        result = fit.fit(dataset, Config(cluster={"n_domains": truth.nunique()}))
        scores = agreement(result.labels, truth)
        self.report(
            f"The sample was made with {truth.nunique()} domains; those found agree with them by "
            f"ARI {scores['ARI']:.2f} and NMI {scores['NMI']:.2f} (1 is perfect)."
        )

"""``trsmi domains``: new domains for a saved embedding."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Self

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Saving
from napari_trsmi.cli.progress import with_support
from napari_trsmi.config import Cluster, Config


@dataclass(frozen=True, kw_only=True)
class Domains(Saving):
    """Cut the embedding of a saved result into domains again, without training.

    Settings that are not given are those of the saved run.
    """

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    nested: Annotated[
        int | None,
        arg(
            metavar="INT",
            help_behavior_hint="",
            help="So many domains, each a union or a part of those in the result; other settings do not count then.",
        ),
    ] = None
    cluster: Cluster = field(default_factory=Cluster)

    def settled(self) -> Self:
        """Return the command with the settings of the saved run."""
        from napari_trsmi.data.saved import read_result

        return replace(self, cluster=read_result(self.result).config.cluster)

    def run(self) -> None:
        """Cluster and write."""
        from napari_trsmi import edits
        from napari_trsmi.api import recluster
        from napari_trsmi.restoring import restore

        cluster = Config(cluster=self.cluster.model_dump()).cluster
        self.check()
        if self.nested is not None:
            self.save(edits.nested(restore(self.result), self.nested))
            return
        found = recluster(self.result, cluster)
        self.save(with_support(found, quiet=self.quiet) if found.config.evidence.support else found)

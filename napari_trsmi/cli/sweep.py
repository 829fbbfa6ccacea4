"""``trsmi sweep``: the method over a grid of settings and seeds."""

from __future__ import annotations

import sys
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from tyro.conf import UseAppendAction, arg

from napari_trsmi.cli.progress import Interrupt
from napari_trsmi.cli.training import Training
from napari_trsmi.errors import ConfigError, TrainingError
from napari_trsmi.records import drain

if TYPE_CHECKING:
    from napari_trsmi.sweep import Progress, SweepResult

_SHOWN = {  # column of `SweepResult.settings`: its heading
    "n_runs": "runs",
    "n_domains": "K",
    "stability": "stability",
    "agreement_near": "neighbours",
    "agreement_base": "start",
    "confidence": "confidence",
    "PAS": "PAS",
    "CHAOS": "CHAOS",
    "preservation_": "kept ",  # of each modality
    "seconds": "seconds",
}


@dataclass(frozen=True, kw_only=True)
class Sweep(Training):
    """Run the method with every combination of the values of one or two settings, from several seeds each.

    Ctrl-C ends the sweep and keeps the runs that are done; the same command again goes on with those that are missing.
    Settings that all runs share are given as for `trsmi fit`.
    """

    grid: Annotated[
        UseAppendAction[tuple[str, ...]],
        arg(
            metavar="NAME=VALUE,...",
            help="A setting and its values, such as cluster.n_domains=5,7,9; once or twice; unset: seeds alone.",
            help_behavior_hint="",
        ),
    ] = ()
    seeds: Annotated[int, arg(help="Seeds per combination, from --seed upwards; two or more show the stability.")] = 1
    out: Annotated[Path, arg(aliases=("-o",), metavar="FOLDER", help="Folder for runs and tables; made if missing.")]
    scheduler: Annotated[
        str | None,
        arg(metavar="ADDRESS", help_behavior_hint="", help="Dask scheduler to use, such as tcp://10.0.0.1:8786."),
    ] = None
    workers: Annotated[
        int | None,
        arg(metavar="N", help_behavior_hint="", help="Runs side by side on this machine; unset: as many as fit."),
    ] = None

    def settled(self) -> Self:
        """Return the command with the settings of its config file."""
        settled = super().settled()
        return settled if settled is self else replace(settled, grid=())  # words are put on top, those of --grid too

    def run(self) -> None:
        """Read, run, print the table of settings."""
        from napari_trsmi import sweep

        config = self.checked_config()
        grid = sweep.Grid(dict(map(sweep.parse_field, self.grid)), self.seeds)
        if len(grid.fields) < len(self.grid):
            raise ConfigError(f"Expected each setting once, found {' '.join(self.grid)}. Put its values in one --grid.")
        n_runs = len(grid.trials(config))
        dataset = self.read(config)
        self.tell(f"{n_runs} runs: {len(grid.settings)} settings, {len(grid.seeds_of(config))} seeds.")
        steps = sweep.run(dataset, config, grid, folder=self.out, scheduler=self.scheduler, n_workers=self.workers)
        with Interrupt() as interrupt:
            result = self.follow(steps, interrupt)
        failed = [run.problem for run in result.runs.values() if run.problem]
        if failed and len(failed) == len(result.runs):  # the first by its words: runs end in any order
            raise TrainingError(f"Expected runs that succeed, found that all {len(failed)} failed: {min(failed)}")
        self.report(to_text(result))
        for note in result.notes:
            self.report(note)
        self.report(f"Runs and tables are in {self.out} (settings.csv, runs.csv, agreement.csv).")

    def follow(self, steps: Generator[Progress, str | None, SweepResult], interrupt: Interrupt) -> SweepResult:
        """Return the result of a sweep that is shown while it goes on and that Ctrl-C ends early."""
        bar: Any = None

        def show(progress: Progress) -> str | None:
            nonlocal bar
            interrupt.watch()
            if not self.quiet:
                if sys.stderr.isatty():
                    bar = bar or _bar(progress)
                    bar.set_postfix_str(f"{progress.n_workers} workers", refresh=False)
                    bar.update(progress.done - bar.n)
                    bar.refresh()
                if progress.run is not None and (bar is None or progress.run.problem):
                    self.tell(("\n" if bar else "") + progress.text)
            return "stop" if interrupt.asked else None

        try:
            return drain(steps, show)
        finally:
            if bar is not None:
                bar.close()


def to_text(result: SweepResult) -> str:
    """Return the settings of a sweep as a table for a terminal."""
    settings = result.settings
    chosen = {name: name for name in result.grid.fields}
    for start, heading in _SHOWN.items():
        if start.endswith("_"):
            chosen |= {name: heading + name.removeprefix(start) for name in settings if name.startswith(start)}
        elif start in settings and settings[start].notna().any():
            chosen[start] = heading
    table = settings[list(chosen)].rename(columns=chosen)
    return str(table.to_string(index=False, float_format=lambda value: f"{value:.4g}", na_rep="-"))


def _bar(progress: Progress) -> Any:
    from tqdm import tqdm

    return tqdm(total=progress.total, initial=progress.done, desc="Sweep", unit="run", dynamic_ncols=True)

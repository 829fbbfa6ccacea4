"""What a sweep says: a row per run, a row per setting, and how alike the settings are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.config import Config
from napari_trsmi.errors import DataError
from napari_trsmi.sweep.grid import Grid, Trial, shown
from napari_trsmi.sweep.outcome import Outcome
from napari_trsmi.sweep.store import fingerprint, identity, read_about, read_details, read_outcome

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result


@dataclass(frozen=True)
class SweepResult:
    """The runs of a sweep over S settings, as far as they are done.

    Attributes
    ----------
    name
        Of the data.
    grid, config
        What differs between the runs, and the settings around which it does.
    trials
        Every run that was planned, setting by setting and seed by seed.
    runs
        {key: run} of those that are done, failed ones among them.
    folder
        Where they are kept; None for a sweep in memory.
    """

    name: str
    grid: Grid
    config: Config
    trials: tuple[Trial, ...]
    runs: dict[str, Outcome] = field(default_factory=dict)
    folder: Path | None = None
    _pairs: dict[frozenset[str], float] = field(default_factory=dict, repr=False, compare=False)

    def with_run(self, run: Outcome) -> SweepResult:
        """Return the sweep with one more run, compared with those before."""
        found = replace(self, runs={**self.runs, run.key: run})
        if not run.problem:
            for key, other in self.runs.items():
                if not other.problem and key != run.key:
                    found.agreement_of(key, run.key)
        return found

    def labels(self, key: str) -> np.ndarray:
        """Return the (N,) int32 domains of a run.

        Raises
        ------
        DataError
            There is no such run, or it failed.
        """
        run = self.runs.get(key)
        if run is None or run.problem:
            raise DataError(f"Expected a run that is done, found {key}: {run.problem if run else 'not done'}.")
        return run.labels

    def result_of(self, key: str, dataset: Dataset) -> Result:
        """Return a run as a result with boundaries, colours and scores, without training it again.

        It has the labels, posterior and embedding that `api.fit` finds with the same settings, but neither
        correspondences nor history.

        Parameters
        ----------
        key
            As in `table`.
        dataset
            What the sweep was made on.

        Raises
        ------
        DataError
            There is no such run, or it failed; the data are others; the embedding is not kept.
        """
        from napari_trsmi.records import Partition
        from napari_trsmi.stages import assemble, prepare

        labels, run = self.labels(key), self.runs[key]
        self.check_data(dataset)
        found = run.details
        if found is None and self.folder is not None:
            found = read_details(self.folder, key)
        if found is None:
            raise DataError(
                f"Expected the embedding of the run {self.name_of(key)}, found none: earlier versions kept labels "
                "alone. Train with the settings of the run: that finds the same domains."
            )
        partition = Partition(labels.astype(int), found.posterior, found.method, found.strength, found.emphasis)
        result = assemble(prepare(dataset, run.config), run.config, found.embedding, partition)
        provenance = {**result.provenance, "seconds": {"run of a sweep": run.seconds}, "sweep": {"run": key}}
        return replace(result, modality_weights=found.modality_weights, provenance=provenance)

    def check_data(self, dataset: Dataset) -> None:
        """Raise `DataError` where the sweep was made on other data, or by another version of this package."""
        ours = self.grid.trials(self.config, identity(fingerprint(dataset)))
        if [trial.key for trial in ours] != [trial.key for trial in self.trials]:
            where = "" if self.folder is None else f" at {self.folder}"
            raise DataError(
                f"Expected a sweep of {dataset.name} by this version, found one of other data or another version "
                f"({self.name}){where}. Open its section first, or run it again."
            )

    def name_of(self, key: str) -> str:
        """Return what differs in a run, such as ``"cluster.n_domains=5, seed 0"``."""
        trial = next(trial for trial in self.trials if trial.key == key)
        return f"{self.grid.names[trial.setting]}, seed {trial.config.seed}"

    def agreement_of(self, first: str, second: str) -> float:
        """Return the ARI of two runs that are done, by their keys."""
        from sklearn.metrics import adjusted_rand_score

        pair = frozenset((first, second))
        if pair not in self._pairs:
            self._pairs[pair] = float(adjusted_rand_score(self.labels(first), self.labels(second)))
        return self._pairs[pair]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per planned run.

        ``key``; the fields of the grid; ``seed``; ``status`` (done, failed, missing) and ``problem``; ``n_domains``;
        ``confidence`` (mean over spots); the scores of `Result.scores`, ``PAS``, ``CHAOS``, ``Moran`` and
        ``preservation_<modality>`` among them; ``epochs``, ``loss`` (the last total) and ``seconds``.
        """
        import pandas as pd

        rows = []
        for trial in self.trials:
            run = self.runs.get(trial.key)
            row: dict[str, Any] = {"key": trial.key, **self._values(trial.setting), "seed": trial.config.seed}
            row["status"] = "missing" if run is None else "failed" if run.problem else "done"
            row["problem"] = run.problem if run else ""
            row["n_domains"] = row["confidence"] = float("nan")
            if run is not None and not run.problem:
                row |= {"n_domains": run.n_domains, "confidence": float(run.confidence.mean())}
                row |= run.scores
                row |= {"epochs": run.history.get("epochs"), "loss": run.history.get("losses", {}).get("total")}
            rows.append(row | {"seconds": run.seconds if run else float("nan")})
        table = pd.DataFrame(rows)
        return table[[*(name for name in table.columns if name != "seconds"), "seconds"]]

    @cached_property
    def settings(self) -> pd.DataFrame:
        """One row per setting, over its seeds.

        The fields of the grid; ``n_runs`` done and ``n_failed``; medians of ``n_domains`` and means of ``confidence``,
        scores and ``seconds``; ``stability``, the mean ARI of two runs that differ in their seed alone, with
        ``stability_low`` and ``stability_high``, the range; ``agreement_base``, the mean ARI with the setting that the
        config itself has; ``agreement_near``, with the settings one value away. NaN where there is nothing to compare.
        """
        import pandas as pd

        per_run = self.table.assign(setting=[trial.setting for trial in self.trials])
        numbers = per_run.drop(columns=["key", *self.grid.fields, "seed", "status", "problem"]).astype(float)
        means = numbers[per_run["status"] == "done"].groupby("setting").mean()
        means = means.reindex(range(len(self.grid.settings)))
        k = numbers.groupby("setting")["n_domains"].median()
        agreement = self.agreement.to_numpy()
        base = self.grid.setting_of(self.config)
        rows = []
        for setting in range(len(self.grid.settings)):
            status = per_run.loc[per_run["setting"] == setting, "status"]
            between = [self.agreement_of(*pair) for pair in combinations(self._done(setting), 2)]
            near = agreement[setting, self.grid.neighbours(setting)]
            rows.append(
                {
                    **self._values(setting),
                    "n_runs": int((status == "done").sum()),
                    "n_failed": int((status == "failed").sum()),
                    **means.loc[setting].to_dict(),
                    "n_domains": float(k[setting]),
                    "stability": agreement[setting, setting],
                    "stability_low": min(between, default=float("nan")),
                    "stability_high": max(between, default=float("nan")),
                    "agreement_base": float("nan") if base is None else agreement[setting, base],
                    "agreement_near": _mean(near),
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """(S, S) mean ARI of the runs of two settings, all seeds with all; its diagonal is the stability."""
        import pandas as pd

        names = self.grid.names
        values = np.full((len(names), len(names)), np.nan)
        done = [self._done(setting) for setting in range(len(names))]
        for a in range(len(names)):
            values[a, a] = _mean([self.agreement_of(*pair) for pair in combinations(done[a], 2)])
            for b in range(a):
                values[a, b] = values[b, a] = _mean([self.agreement_of(x, y) for x in done[a] for y in done[b]])
        return pd.DataFrame(values, index=list(names), columns=list(names))

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what the numbers cannot say."""
        return tuple(self._notes())

    def to_csv(self, folder: str | Path) -> tuple[Path, Path, Path]:
        """Write `table`, `settings` and `agreement` to a folder as CSV, each replaced whole, and return the paths.

        Raises
        ------
        DataError
            They cannot be written.
        """
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.sheets import write_sheet

        folder = Path(folder)
        paths = folder / "runs.csv", folder / "settings.csv", folder / "agreement.csv"
        agreement = self.agreement.rename_axis("setting").reset_index()
        for path, table in zip(paths, (self.table, self.settings, agreement), strict=True):
            with replacing(path) as temporary:
                write_sheet(table, temporary)
        return paths

    def _values(self, setting: int) -> dict[str, Any]:
        """Return the values of a setting, as tables hold them."""
        values = zip(self.grid.fields, self.grid.settings[setting], strict=True)
        return {name: value if isinstance(value, bool | int | float | str) else shown(value) for name, value in values}

    def _done(self, setting: int) -> list[str]:
        """Return the keys of the runs of a setting that are done and did not fail."""
        keys = [trial.key for trial in self.trials if trial.setting == setting]
        return [key for key in keys if key in self.runs and not self.runs[key].problem]

    def _notes(self) -> Iterator[str]:
        missing = sum(trial.key not in self.runs for trial in self.trials)
        failed = sum(bool(run.problem) for run in self.runs.values())
        if missing:
            yield f"{missing} of {len(self.trials)} runs are missing: the sweep was ended before them."
        if failed:
            yield f"{failed} of {len(self.trials)} runs failed."
        if len(self.grid.seeds_of(self.config)) < 2:
            yield "Stability is not known: it needs two seeds or more, this sweep has one."
        if self.grid.setting_of(self.config) is None:
            yield "Agreement with the starting settings is not known: their values are none of those tried."


def _mean(values: Any) -> float:
    """Return the mean of what is known; NaN where nothing is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def load(folder: str | Path) -> SweepResult:
    """Return the latest sweep in a folder, as far as it got.

    Raises
    ------
    DataError
        The folder holds no sweep.
    ConfigError
        Its settings do not exist in this version.
    """
    about = read_about(Path(folder))
    config = Config.from_json(json.dumps(about["config"]))
    seeds = about["seeds"]
    grid = Grid(about["fields"], seeds if isinstance(seeds, int) else tuple(seeds))
    trials = grid.trials(config, identity(about["fingerprint"], about["version"]))
    runs = {trial.key: run for trial in trials if (run := read_outcome(Path(folder), trial.key)) is not None}
    return SweepResult(about["name"], grid, config, trials, runs, Path(folder))

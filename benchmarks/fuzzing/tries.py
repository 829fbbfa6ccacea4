"""One try from its number: make the changed input, open it as a person would, judge what came."""

from __future__ import annotations

import io
import os
import shutil
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fuzzing import damage, documents, folders, judge, saved, structure, trees, values, words
from fuzzing.cases import Case, Maker, NotMade

KINDS: dict[str, Maker] = {
    "structure": structure.changed,
    "values": values.changed,
    "sparse": trees.sparse_changed,
    "bytes": damage.changed,
    "nodes": trees.changed,
    "results": saved.changed,
    "run.json": documents.run_json,
    "space ranger": folders.space_ranger,
    "zarr": folders.zarr_store,
    "spatialdata": folders.spatial_data,
    "words": words.odd,
}
_WEIGHTS = {
    "structure": 3,
    "values": 2,
    "sparse": 2,
    "bytes": 2,
    "results": 2,
    "run.json": 2,
    "space ranger": 2,
    "zarr": 2,
}
_ORDER = [kind for turn in range(3) for kind in KINDS if _WEIGHTS.get(kind, 1) > turn]
_DRAWS = 8  # how often another change is drawn where one cannot be made
_TRAINED = 0.25  # share of the tries that open which are trained, written and opened again

Tell = Callable[[dict[str, Any]], None]


def kind_of(number: int, only: str | None = None) -> str:
    """Return the kind of a try."""
    return only or _ORDER[number % len(_ORDER)]


def attempt(number: int, seed: int, kind: str, originals: Path, folder: Path, tell: Tell) -> None:
    """Make a try in a folder of its own and tell its outcome."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for draw in range(_DRAWS):
            rng = np.random.default_rng([seed, number, draw])
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            os.chdir(folder)
            try:
                case = KINDS[kind](rng, originals, folder)
            except NotMade:
                continue
            tell({"made": [str(path) for path in case.paths], "changes": case.changes})
            try:
                outcome, detail = _opened(case, rng, originals, folder)
                judge.untouched(folder)
            except judge.Wrong as wrong:
                outcome, detail = "silent wrong", str(wrong)
            tell({"outcome": outcome, "detail": detail})
            return
    tell({"outcome": "not made", "detail": kind})


def _opened(case: Case, rng: np.random.Generator, originals: Path, folder: Path) -> tuple[str, str]:
    """Return the outcome of opening a case, and what to say about it."""
    from napari_trsmi.errors import TrsmiError

    train = rng.random() < _TRAINED
    try:
        if case.opens == "words":
            return _command(case)
        if case.opens == "result":
            return _result(case, originals)
        return _section(case, train, folder)
    except TrsmiError as error:
        fault = judge.sentence(error)
        return ("refused", str(error)) if fault is None else ("traceback", fault)
    except judge.Wrong:
        raise
    except BaseException:  # MemoryError and SystemExit are no sentences either
        lines = traceback.format_exc().strip().splitlines()
        ours = [line.strip() for line in lines if "napari_trsmi" in line]
        return "traceback", f"{lines[-1][:300]} | {ours[-1] if ours else ''}"


def _section(case: Case, train: bool, folder: Path) -> tuple[str, str]:
    """Read, judge, and now and then train, write and open again."""
    import napari_trsmi as nt
    from napari_trsmi.errors import ChoiceError, TrainingError, TrsmiError

    paths = list(case.paths) if len(case.paths) > 1 else case.paths[0]
    try:
        dataset = nt.read(paths)
    except ChoiceError as asked:
        fault = judge.sentence(asked)
        if fault or not asked.names:
            return "traceback", fault or "a choice of nothing"
        dataset = nt.read(paths, library=asked.names[-1])  # what is offered must be taken
        case.values = case.coords = False  # a part, whose rows need not be all
    judge.section(dataset, case)
    if not train:
        return "opened", f"{dataset.n_spots} spots"
    config = nt.Config(cluster={"n_domains": 2}, train={"epochs": 2}, device="cpu")
    try:
        result = nt.fit(dataset, config)
    except TrainingError as error:
        return "refused", str(error)
    target = (
        folder / f"written{case.paths[0].suffix if case.paths[0].suffix in ('.h5ad', '.h5mu', '.zarr') else '.h5mu'}"
    )
    if len(dataset.modalities) > 1 and target.suffix == ".h5ad" and len(case.paths) > 1:
        target = target.with_suffix(".h5mu")
    try:
        result.write(target)
    except TrsmiError as error:
        return "lost", str(error)
    again = nt.read_result(target)
    labels = dict(zip(result.obs_names.astype(str), (result.names[k] for k in result.labels), strict=True))
    judge.saved(again, None)
    judge.restored(nt.restore(target), labels)
    if len(again.labels) != len(result.labels):
        raise judge.Wrong(f"{len(again.labels)} of {len(result.labels)} spots have a domain in the file")
    return "opened", f"{dataset.n_spots} spots, trained and written"


def _result(case: Case, originals: Path) -> tuple[str, str]:
    """Read a result back, restore it, write its script, and cut it again."""
    import napari_trsmi as nt
    from napari_trsmi.script import as_python

    path = case.paths[0]
    found = nt.read_result(path)
    judge.saved(found, _right_labels(originals / f"result{path.suffix}") if case.values else None)
    found.history  # noqa: B018
    result = nt.restore(path)
    judge.saved(found, None)
    judge.script(as_python(result))
    nt.markers(result)
    nt.recluster(path)
    return "opened", f"{len(found.labels)} spots"


@cache
def _right_labels(path: Path) -> dict[str, str]:
    import napari_trsmi as nt

    found = nt.read_result(path)
    return dict(zip(found.obs_names.astype(str), (found.names[k] for k in found.labels), strict=True))


def _command(case: Case) -> tuple[str, str]:
    """Run words as ``trsmi`` would and return the outcome by its exit code."""
    from napari_trsmi.cli import main

    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = main(list(case.words))
    text = said.getvalue()
    judge.printed(text)
    if code == 0:
        return "opened", text.strip().splitlines()[-1][:200] if text.strip() else ""
    if not text.strip():
        return "traceback", f"ended with {code} without a word"
    refusal = [line for line in text.splitlines() if line.startswith("trsmi: ")]
    if refusal and not judge.tells(refusal[0].removeprefix("trsmi: ")):
        return "traceback", f"does not say what was expected: {refusal[0][:200]}"
    return "refused", text.strip().splitlines()[-1][:200]

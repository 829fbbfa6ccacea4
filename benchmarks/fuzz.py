"""What people's files, bad disks and tampered records do: thousands of changed inputs, each opened and judged.

    python benchmarks/fuzz.py --tries 2000 --seed 0 [--only KIND] [--jobs N]
    python benchmarks/fuzz.py --try 17 [--seed 0] [--only KIND]

Each try runs in a child of its own with limits of time and memory. The table counts outcomes by kind: opened and right;
refused in a sentence; traceback; crash; hang; silent wrong; lost (trained and not saved). Exit code 1 where any is bad.
Linux only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # a forked child has none of its parent's threads
os.environ.setdefault("MPLBACKEND", "Agg")

from fuzzing import children, originals  # noqa: E402
from fuzzing.tries import KINDS, attempt, kind_of  # noqa: E402
from tables import Report, Table, output_options  # noqa: E402

GOOD, BAD = ("opened", "refused"), ("traceback", "crash", "hang", "silent wrong", "lost")
_HEAVY = (
    *("anndata", "mudata", "pandas", "h5py", "zarr", "scipy.sparse", "sklearn.mixture", "sklearn.decomposition"),
    *(
        "torch",
        "torch_geometric.nn",
        "scanpy",
        "matplotlib.figure",
        "PIL.Image",
        "napari_trsmi.cli.parse",
        "spatialdata",
    ),
    *("napari_trsmi.api", "napari_trsmi.stages", "napari_trsmi.model.training", "napari_trsmi.data.writers"),
)


def import_all() -> None:
    """Import what tries need, so that their children have it."""
    import importlib
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _HEAVY:
            try:
                importlib.import_module(name)
            except ImportError:
                continue


def outcome_of(ended: children.Ended) -> dict[str, Any]:
    """Return outcome, changes and detail of a try that ended."""
    said = {key: value for line in ended.said for key, value in line.items()}
    found = {"try": ended.number, "seconds": ended.seconds, "changes": said.get("changes", [])}
    if "outcome" in said and ended.status == 0:
        return found | {"outcome": said["outcome"], "detail": said["detail"]}
    if "made" not in said:
        return found | {"outcome": "not made", "detail": f"ended with {ended.status} while it was made"}
    if ended.overdue:
        return found | {"outcome": "hang", "detail": f"ended after {ended.seconds:.0f} s"}
    return found | {"outcome": "crash", "detail": f"ended with {ended.status}"}


def campaign(numbers: list[int], seed: int, only: str | None, jobs: int, place: Path) -> list[dict[str, Any]]:
    """Run tries and return their outcomes in the order in which they ended."""
    ready = place / "originals"

    def work(number: int, tell: Any) -> None:
        folder = place / f"try{number}"
        try:
            attempt(number, seed, kind_of(number, only), ready, folder, tell)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    [made] = children.run([-1], lambda number, tell: originals.make(ready), place)
    if not (ready / "made.json").exists():
        raise SystemExit(f"The originals could not be made.\n{(place / '-1.log').read_text()}")
    print(f"originals made in {made.seconds:.0f} s", file=sys.stderr, flush=True)
    found = []
    for ended in children.run(numbers, work, place, jobs):
        one = outcome_of(ended) | {"kind": kind_of(ended.number, only)}
        found.append(one)
        if one["outcome"] in BAD or len(numbers) == 1:
            print(f"try {one['try']} ({one['kind']}): {one['outcome']}: {one['detail']}", file=sys.stderr)
            print(f"    {'; '.join(one['changes'])}", file=sys.stderr, flush=True)
            log = place / f"{ended.number}.log"
            if len(numbers) == 1 and log.stat().st_size:
                print(log.read_text(errors="replace"), file=sys.stderr)
        (place / f"{ended.number}.log").unlink(missing_ok=True)
        shutil.rmtree(place / f"try{ended.number}", ignore_errors=True)
    return found


def outcomes(found: list[dict[str, Any]]) -> Table:
    """Return how often each outcome came, by kind, and the numbers of the tries that went wrong."""
    rows = []
    for kind in [*KINDS, "all"]:
        counts = Counter(one["outcome"] for one in found if kind in (one["kind"], "all"))
        if counts:
            rows.append([kind, str(counts.total()), *(str(counts[name]) for name in (*GOOD, *BAD, "not made"))])
    wrong = sorted((one for one in found if one["outcome"] in BAD), key=lambda one: (one["outcome"], one["try"]))
    notes = [f"Try {one['try']} ({one['kind']}): {one['outcome']}: {one['detail'][:160]}" for one in wrong]
    return Table("Outcomes", ["kind", "tries", *GOOD, *BAD, "not made"], rows, notes)


def main(arguments: list[str] | None = None) -> int:
    """Run the campaigns and return 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=2000)
    parser.add_argument("--try", type=int, dest="one", help="this one alone, with all that it printed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(KINDS), help="this kind alone; numbers of tries then mean others")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for originals and tries under way, which stays")
    output_options(parser)
    options = parser.parse_args(arguments)
    numbers = list(range(options.tries)) if options.one is None else [options.one]
    report = Report("Fuzzing", {"seed": options.seed, "tries": len(numbers), "only": options.only or "all kinds"})
    import_all()
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as temporary:
        place = options.keep or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        report.records = campaign(numbers, options.seed, options.only, options.jobs, place.resolve())
    report.show(outcomes(report.records))
    report.save(options)
    return int(any(one["outcome"] in BAD for one in report.records))


if __name__ == "__main__":
    sys.exit(main())

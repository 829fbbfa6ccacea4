"""What people's files, bad disks and tampered records do: thousands of changed inputs, each opened and judged.

    python benchmarks/fuzz.py --tries 2000 --kills 200 --full-disk 50 [--seed 0] [--only KIND] [--jobs N]
    python benchmarks/fuzz.py --try 17 [--seed 0] [--only KIND]

Each try runs in a child of its own with limits of time and memory. The table counts outcomes by kind: opened and right;
refused in a sentence; traceback; crash; hang; silent wrong; lost (trained and not saved). ``--kills`` ends writers at
random moments, ``--full-disk`` lets them run out of room. Exit code 1 where any outcome is bad. Linux only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # a forked child has none of its parent's threads
os.environ.setdefault("MPLBACKEND", "Agg")

from fuzzing import children, originals, writing  # noqa: E402
from fuzzing.tries import KINDS, Tell, attempt, kind_of  # noqa: E402
from tables import Report, Table, output_options  # noqa: E402

GOOD, BAD = ("opened", "refused"), ("traceback", "crash", "hang", "silent wrong", "lost")
_HEAVY = (
    *("anndata", "mudata", "pandas", "h5py", "zarr", "scipy.sparse", "sklearn.mixture", "sklearn.decomposition"),
    *("torch", "scanpy", "matplotlib.figure", "PIL.Image", "napari_trsmi.cli.parse", "spatialdata"),
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


@dataclass(frozen=True)
class Campaign:
    """Tries of one sort.

    Attributes
    ----------
    title, what
        Heading of the table, and what one try is called.
    work
        Does try `number` from `seed` with the originals in one folder in another folder.
    outcomes, bad
        What may come of a try, and which of these must not.
    kind_of
        Row of the table that a try belongs to.
    """

    title: str
    what: str
    work: Callable[[int, int, Path, Path, Tell], None]
    outcomes: tuple[str, ...]
    bad: tuple[str, ...]
    kind_of: Callable[[int], str]

    def run(self, numbers: list[int], seed: int, jobs: int, place: Path) -> list[dict[str, Any]]:
        """Return the outcomes of tries in the order in which they ended; bad ones are told at once."""
        found = []

        def one(number: int, tell: Tell) -> None:
            self.work(number, seed, place / "originals", place / f"try{number}", tell)

        for ended in _until_interrupted(children.run(numbers, one, place, jobs)):
            record = outcome_of(ended) | {"kind": self.kind_of(ended.number), "what": self.what}
            found.append(record)
            log = place / f"{ended.number}.log"
            if record["outcome"] in self.bad or len(numbers) == 1:
                said = f"{self.what} {ended.number} ({record['kind']}): {record['outcome']}: {record['detail']}"
                print(said, f"    {'; '.join(record['changes'])}", sep="\n", file=sys.stderr, flush=True)
                if len(numbers) == 1:
                    print(log.read_text(errors="replace"), file=sys.stderr)
            log.unlink(missing_ok=True)
            shutil.rmtree(place / f"try{ended.number}", ignore_errors=True)
        return found

    def table(self, found: list[dict[str, Any]]) -> Table:
        """Return how often each outcome came, by kind, and the numbers of the tries that went wrong."""
        kinds = list(dict.fromkeys(record["kind"] for record in sorted(found, key=lambda record: record["try"])))
        columns = [*self.outcomes, "not made"]
        rows = []
        for kind in [*kinds, "all"]:
            counts = Counter(record["outcome"] for record in found if kind in (record["kind"], "all"))
            rows.append([kind, str(counts.total()), *(str(counts[name]) for name in columns)])
        wrong = sorted((r for r in found if r["outcome"] in self.bad), key=lambda r: (r["outcome"], r["try"]))
        notes = [f"{self.what} {r['try']} ({r['kind']}): {r['outcome']}: {r['detail'][:160]}" for r in wrong]
        return Table(self.title, ["kind", "tries", *columns], rows, notes)


def opening(only: str | None) -> Campaign:
    """Return the tries that open changed inputs, of all kinds or of one."""

    def work(number: int, seed: int, originals: Path, folder: Path, tell: Tell) -> None:
        attempt(number, seed, kind_of(number, only), originals, folder, tell)

    return Campaign("Changed inputs", "Try", work, (*GOOD, *BAD), BAD, lambda number: kind_of(number, only))


KILLS = Campaign(
    *("Writers killed at random moments", "Kill", writing.killed),
    *((*writing.KILL_OUTCOMES, "crash", "hang"), (*writing.KILL_BAD, "crash", "hang"), lambda number: "kills"),
)
DISKS = Campaign(
    *("Writers that run out of room", "Disk", writing.filled),
    *(writing.DISK_OUTCOMES, writing.DISK_BAD, lambda number: "full disks"),
)


def _until_interrupted(tries: Iterator[children.Ended]) -> Iterator[children.Ended]:
    """Yield tries; Ctrl-C ends them, and what was found until then is shown."""
    try:
        yield from tries
    except KeyboardInterrupt:
        print("interrupted: the others are left out", file=sys.stderr)


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


def make_originals(place: Path) -> None:
    """Write the sound inputs in a child, for reading and writing start threads that no fork survives."""
    [made] = children.run([-1], lambda number, tell: originals.make(place / "originals"), place)
    if not (place / "originals" / "made.json").exists():
        raise SystemExit(f"The originals could not be made.\n{(place / '-1.log').read_text()}")
    print(f"originals made in {made.seconds:.0f} s", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the campaigns and return 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, help="changed inputs; 2000 where no other campaign is asked for")
    parser.add_argument("--kills", type=int, default=0, help="writers that are killed")
    parser.add_argument("--full-disk", type=int, default=0, help="writers that run out of room")
    parser.add_argument("--try", type=int, dest="one", help="this changed input alone, with all that it printed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(KINDS), help="this kind alone; numbers of tries then mean others")
    parser.add_argument("--jobs", type=int, default=1)
    output_options(parser)
    options = parser.parse_args(arguments)
    tries = options.tries
    if tries is None:
        tries = 0 if options.kills or options.full_disk or options.one is not None else 2000
    numbers = [*range(tries)] if options.one is None else [options.one]
    asked = (
        (opening(options.only), numbers),
        (KILLS, [*range(options.kills)]),
        (DISKS, [*range(options.full_disk)]),
    )
    report = Report("Fuzzing", {"seed": options.seed, "kinds": options.only or "all", "jobs": options.jobs})
    import_all()
    bad = False
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as temporary:
        place = Path(temporary).resolve()
        make_originals(place)
        for campaign, each in asked:
            if each:
                found = campaign.run(each, options.seed, options.jobs, place)
                report.records += found
                report.show(campaign.table(found))
                bad = bad or any(record["outcome"] in campaign.bad for record in found)
    report.save(options)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())

"""Tables of what `study.py` found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tables import Table, spread

Record = dict[str, Any]
GOALS = {"time": 4.5, "memory": 3.0}  # times one section, GB


def tables(part: str, records: list[Record]) -> Iterator[Table]:
    """Yield the tables of one part."""
    if not records:
        return
    notes = list(dict.fromkeys(f"Said: {note}" for r in records for note in r.get("notes", ())))
    if part in ("mosaic", "simulated"):
        columns = list(records[0]["rows"]["joined"])
        rows = [
            [row, *(spread(r["rows"][row][column] for r in records) for column in columns)]
            for row in records[0]["rows"]
        ]
        yield Table(f"{part}: ARI x100, median [min, max] of {len(records)} seeds", ["", *columns], rows, notes)
        names = list(records[0]["predicted"])
        rows = [
            [row, *(spread((r["predicted"][name][row] for r in records), 3) for name in names)]
            for row in records[0]["predicted"][names[0]]
        ]
        title = f"{part}: correlation with the truth where it was not measured, mean over features"
        yield Table(title, ["", *names], rows)
    elif part == "halves":
        keys = dict.fromkeys((r["file"], view) for r in records for view in r["rows"])
        rows = []
        for file, view in keys:
            own = [r["rows"][view] for r in records if r["file"] == file]
            change = (one["study"] - one["whole"] for one in own)
            cells = [spread(one[name] for one in own) for name in ("whole", "study")]
            rows.append([f"{file}, {view}", *cells, spread(change)])
        yield Table(
            "halves: ARI x100 of a section and of its halves as a study", ["", "whole", "study", "change"], rows, notes
        )
    elif part == "scale":
        first = records[0]
        rows = [
            [str(r["sections"]), f"{r['n_spots']:,}", f"{r['seconds']:.0f}", f"{r['seconds'] / first['seconds']:.2f}",
             f"{r['cpu_fit_s'] / first['cpu_fit_s']:.2f}", f"{r['peak_mb'] / 1024:.2f}"] for r in records
        ]  # fmt: skip
        goal = [f"To reach: less than {GOALS['time']} times one, less than {GOALS['memory']:.0f} GB."]
        yield Table(
            f"scale: {first['file']}", ["sections", "spots", "seconds", "times one", "CPU times one", "GB"], rows, goal
        )
    else:
        rows = [[str(r["seed"]), *(str(r[name]) for name in ("found", "false", "of"))] for r in records]
        times = sum(r["found"] > 0 for r in records)
        false, of = (sum(r[name] for r in records) for name in ("false", "of"))
        said = [f"Found in {times} of {len(records)} repeats; of {of} domains that do not differ, {false} said to."]
        yield Table("conditions: domains said to differ", ["seed", "true", "false", "of"], rows, said)


def confusion_tables(part: str, records: list[Record]) -> Iterator[Table]:
    """Yield for each seed and section how many spots of each true domain lie in each found one."""
    for record in records:
        for section, counts in record.get("confusions", {}).items():
            columns = [str(number + 1) for number in range(len(next(iter(counts.values()))))]
            rows = [[name, *map(str, row)] for name, row in counts.items()]
            yield Table(f"{part}, seed {record['seed']}, {section}: true domains in found ones", ["", *columns], rows)

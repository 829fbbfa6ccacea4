"""Tables on the screen, in Markdown and in JSON, under a header that says where and when they were made."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from napari_trsmi.data.provenance import versions


@dataclass(frozen=True)
class Row:
    """A measured number beside its target."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None

    def cells(self) -> list[str]:
        """Return the cells of the table."""
        return [self.what, self.measured, self.target, "" if self.met is None else "met" if self.met else "NOT MET"]


@dataclass(frozen=True)
class Table:
    """A titled table of text cells with notes below."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def text(self) -> str:
        """Return the table in columns of equal width, the first flush left, the others flush right."""
        lines = [list(self.columns), *(list(row) for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        out = ["", self.title, "-" * len(self.title)]
        for line in lines:
            cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
            out.append("  ".join(cells).rstrip())
        return "\n".join([*out, *self.notes])

    def markdown(self) -> str:
        """Return the table as Markdown."""
        rule = ["---", *("--:" for _ in self.columns[1:])]
        rows = [self.columns, rule, *self.rows]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        return "\n".join([f"### {self.title}", "", *lines, "", *(f"{note}  " for note in self.notes)]) + "\n"


@dataclass
class Report:
    """Everything one benchmark command found; tables are printed as they come."""

    title: str
    settings: dict[str, Any] = field(default_factory=dict)
    header: dict[str, str] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.header = {**machine(), "settings": ", ".join(f"{k} {v}" for k, v in self.settings.items())}
        print(self.title, *(f"{name}: {value}" for name, value in self.header.items()), sep="\n", flush=True)

    def show(self, table: Table) -> None:
        """Print a table and keep it."""
        self.tables.append(table)
        print(table.text(), flush=True)

    def save(self, options: argparse.Namespace) -> None:
        """Write what ``--json`` and ``--markdown`` ask for."""
        if options.json:
            found = {"title": self.title, "header": self.header, "records": self.records}
            Path(options.json).write_text(json.dumps(_plain(found), indent=1), encoding="utf-8")
        if options.markdown:
            head = [f"## {self.title}", "", *(f"- {name}: {value}" for name, value in self.header.items()), ""]
            body = [table.markdown() for table in self.tables]
            Path(options.markdown).write_text("\n".join([*head, *body]), encoding="utf-8")


def output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options every benchmark has."""
    parser.add_argument("--json", metavar="FILE", help="also write every number as JSON")
    parser.add_argument("--markdown", metavar="FILE", help="also write the tables as Markdown")


def machine() -> dict[str, str]:
    """Return date, commit, machine, cores, memory and versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if name in os.environ}
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "machine": f"{_processor()}, {platform.system()} {platform.release()}, {_memory()}",
        "cores": str(cores) + "".join(f", {name}={value}" for name, value in threads.items()),
        "versions": ", ".join(f"{name} {number}" for name, number in versions().items()),
    }


def spread(values: Iterable[float], digits: int = 1) -> str:
    """Return ``median [min, max]``, or the value alone where all are the same, or a dash where there is none."""
    known = [v for v in values if not math.isnan(v)]
    if not known:
        return "-"
    texts = [f"{v:.{digits}f}" for v in (median(known), min(known), max(known))]
    return texts[0] if len(set(texts)) == 1 else f"{texts[0]} [{texts[1]}, {texts[2]}]"


def middle(values: Iterable[float]) -> float:
    """Return the median of the values that are known; NaN where there is none."""
    known = [v for v in values if not math.isnan(v)]
    return float(median(known)) if known else math.nan


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB memory"
    except (AttributeError, ValueError, OSError):
        return "memory unknown"


def _commit() -> str:
    """Short hash of the checkout, with a plus where the package differs from it."""
    root = Path(__file__).resolve().parents[1]

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--short", "napari_trsmi") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _plain(value: Any) -> Any:
    """NaN as null, so that every reader of JSON takes it."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

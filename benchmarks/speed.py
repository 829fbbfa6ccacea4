"""What a run costs from file to file, beside SpatialGlue's training alone, on the mouse brain.

    python benchmarks/speed.py [--spatialglue VENV_PYTHON] [--repeats 3] [--json FILE] [--markdown FILE]

Ours: a fresh process imports, reads the file, fits with the default settings and K = 9, and writes the result.
SpatialGlue: its PyPI release in an environment of its own (see README.md here), default settings of its data type, on
the same components, centred; only `train()` is counted, neither imports nor its graphs. Runs take turns.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from datasets import chosen_cases
from measure import Cost, measure
from tables import Report, Table, output_options, spread

HERE = Path(__file__).resolve()
GOAL_RATIO, GOAL_MB = 10.0, 1.5 * 1024


def child_fit(source: str, n_domains: int, output: str) -> dict[str, Any]:
    """Read, fit and write; return seconds by phase. Runs in a process of its own."""
    started = time.perf_counter()
    import torch  # noqa: F401

    import napari_trsmi as nt

    imported = time.perf_counter()
    dataset = nt.read(source)
    read = time.perf_counter()
    result = nt.fit(dataset, nt.Config(cluster={"n_domains": n_domains}))
    fitted = time.perf_counter()
    result.write(output)
    written = time.perf_counter()
    return {
        "import torch": imported - started,
        "read": read - imported,
        **result.provenance["seconds"],
        "write": written - fitted,
        "epochs": len(result.history),
    }


def child_components(source: str, output: str) -> dict[str, Any]:
    """Write the centred components that SpatialGlue is given. Runs in a process of its own."""
    import numpy as np

    import napari_trsmi as nt
    from napari_trsmi.config import Preprocess
    from napari_trsmi.data.components import components

    dataset = nt.read(source)
    first, second = (components(m, m.kind, Preprocess()) for m in dataset.modalities.values())
    np.savez(output, first=first, second=second, coords=dataset.coords)
    return {"n_spots": dataset.n_spots}


def ours(source: Path, n_domains: int, folder: Path) -> Cost:
    """Return the cost of one run of ours."""
    output = folder / f"domains{source.suffix}"
    return measure([sys.executable, str(HERE), "--child", "fit", str(source), str(n_domains), str(output)])


def phases_table(runs: list[Cost]) -> Table:
    """Return where our time goes."""
    names = [name for name in runs[0].found if name != "epochs"]
    rows = [[name, spread((run.found[name] for run in runs), 2)] for name in names]
    rest = [run.wall_s - sum(run.found[name] for name in names) for run in runs]
    rows.append(["starting Python, other imports, ending", spread(rest, 2)])
    rows.append(["whole process", spread((run.wall_s for run in runs), 2)])
    return Table("Ours by phase", ["median [min, max]", "wall s"], rows, [f"{runs[0].found['epochs']} epochs."])


def cost_table(runs: list[Cost], others: list[Cost]) -> Table:
    """Return ours beside SpatialGlue, with what was to be reached."""
    wall, cpu, peak = (median(getattr(run, name) for run in runs) for name in ("wall_s", "cpu_s", "peak_mb"))
    rows = [
        [
            f"ours, file to file ({len(runs)} runs)",
            spread((run.wall_s for run in runs), 1),
            spread((run.cpu_s for run in runs), 1),
            spread((run.peak_mb for run in runs), 0),
        ]
    ]
    notes = [f"Peak memory under {GOAL_MB:.0f} MB: {peak:.0f}, {'REACHED' if peak < GOAL_MB else 'NOT REACHED'}"]
    if others:
        found = [other.found for other in others]
        rows.append(
            [
                f"SpatialGlue, training alone ({len(others)} runs, {found[0]['epochs']} epochs)",
                spread((f["training_wall_s"] for f in found), 1),
                spread((f["training_cpu_s"] for f in found), 1),
                spread((other.peak_mb for other in others), 0),
            ]
        )
        rows.append(
            [
                "SpatialGlue, whole process",
                *(spread((getattr(o, n) for o in others), 1) for n in ("wall_s", "cpu_s")),
                "",
            ]
        )
        faster = median(f["training_wall_s"] for f in found) / wall
        leaner = median(f["training_cpu_s"] for f in found) / cpu
        rows.append(["SpatialGlue's training / ours", f"{faster:.1f}", f"{leaner:.1f}", ""])
        if found[0]["epochs"] < found[0]["default_epochs"]:
            notes.append(f"SpatialGlue was stopped short of its {found[0]['default_epochs']} epochs: no comparison.")
        else:
            verdict = "REACHED" if faster >= GOAL_RATIO else "NOT REACHED"
            notes.append(f"At least {GOAL_RATIO:.0f} times faster (wall): {faster:.1f}, {verdict}")
        notes.append("SpatialGlue: " + ", ".join(f"{k} {v}" for k, v in found[0]["versions"].items()))
        notes.append(f"Torch threads: ours one less than there are cores, SpatialGlue {found[0]['threads']}.")
    return Table("Cost", ["median [min, max]", "wall s", "CPU s", "peak MB"], rows, notes)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--file", default="mouse_brain", metavar="NAME", help="another file (default mouse_brain)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of ours (default 3)")
    parser.add_argument("--spatialglue", metavar="VENV_PYTHON", help="Python of SpatialGlue's environment")
    parser.add_argument("--spatialglue-repeats", type=int, default=1, help="runs of SpatialGlue (default 1)")
    parser.add_argument("--spatialglue-epochs", type=int, help="fewer epochs, to see whether it runs")
    output_options(parser)
    options = parser.parse_args(arguments)
    if options.child:
        name, source, *rest = options.child
        found = child_fit(source, int(rest[0]), rest[1]) if name == "fit" else child_components(source, rest[0])
        print(json.dumps(found))
        return

    report = Report("Speed and memory", {"file": options.file, "repeats": options.repeats})
    runs, others = [], []
    case = chosen_cases([options.file])[0][0]
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        given = folder / "components.npz"
        if options.spatialglue:
            measure([sys.executable, str(HERE), "--child", "components", str(case.path), str(given)])
        for turn in range(max(options.repeats, options.spatialglue_repeats)):
            if turn < options.repeats:
                runs.append(ours(case.path, case.n_domains, folder))
            if options.spatialglue and turn < options.spatialglue_repeats:
                epochs = ["--epochs", str(options.spatialglue_epochs)] if options.spatialglue_epochs else []
                script = str(HERE.with_name("spatialglue_run.py"))
                others.append(measure([options.spatialglue, script, str(given), *epochs]))
    report.records = [{"method": "ours", **asdict(c)} for c in runs] + [
        {"method": "SpatialGlue", **asdict(c)} for c in others
    ]
    report.show(cost_table(runs, others))
    report.show(phases_table(runs))
    report.save(options)


if __name__ == "__main__":
    main()

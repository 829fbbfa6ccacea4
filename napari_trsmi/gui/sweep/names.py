"""Settings and runs of a sweep in the words of the form."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from napari_trsmi.gui.form.labels import TITLES, label
from napari_trsmi.gui.form.spec import Spec, get, sections, specs
from napari_trsmi.settings import Schedule
from napari_trsmi.sweep.grid import FIXED, shown

if TYPE_CHECKING:
    from napari_trsmi.sweep import Outcome, SweepResult


@cache
def settings() -> dict[str, Spec]:
    """Return {dotted name: setting} of all that a sweep can vary, in the order of the form."""
    found: dict[str, Spec] = {}
    for _, listed in sections().values():
        for spec in listed:
            if spec.hint is Schedule:
                found |= {part.name: part for part in specs(Schedule, f"{spec.name}.")}
            elif spec.name not in FIXED and not spec.by_section:
                found[spec.name] = spec
    return found


def setting_label(name: str) -> str:
    """Return what a person reads for a setting outside the form: section and label.

    Examples
    --------
    >>> setting_label("graph.k_spatial"), setting_label("align.temperature.end")
    ('Graph: Spatial neighbours', 'Alignment: Temperature, end')
    """
    section, *inside = name.split(".")
    if not inside:
        return f"{TITLES['']}: {label(name)}"
    words = [label(f"{section}.{inside[0]}"), *(label(f"{name}").lower() for _ in inside[1:])]
    return f"{TITLES.get(section, label(section))}: {', '.join(words)}"


def setting_words(name: str) -> str:
    """Return the label without its section, for narrow places.

    Examples
    --------
    >>> setting_words("cluster.n_domains")
    'Number of domains'
    """
    return setting_label(name).partition(": ")[2]


def run_words(sweep: SweepResult, run: Outcome) -> str:
    """Return what tells a run from the others, such as "Number of domains 7, seed 0"."""
    what = [f"{setting_words(name)} {shown(get(run.config, name))}" for name in sweep.grid.fields]
    return ", ".join([*what, f"seed {run.config.seed}"])

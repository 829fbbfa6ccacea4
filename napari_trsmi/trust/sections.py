"""Runs without one section of a study: whether each domain comes back."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.errors import DataError, TrsmiError
from napari_trsmi.records import Progress
from napari_trsmi.trust.asked import Fit, plain_fit, unconstrained, with_domains

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result


def without_each_section(result: Result, *, fit: Fit | None = None) -> Generator[Progress, None, pd.DataFrame]:
    """Train the study again without each section in turn, and see which domains come back in the others.

    A domain that comes back only while one section is there hangs on that section. What a person said about spots is
    left out.

    Parameters
    ----------
    result
        Domains of a study of two sections or more.
    fit
        How to run the method: `asked.plain_fit`, or one that can be ended within a run.

    Returns
    -------
    One row per section left out and domain: ``left_out``; ``domain``; ``comes_back``, the Jaccard index of the domain's
    spots in the other sections with those of the new domain matched to it, missing where the other sections have none
    of it; ``labelled_alike``, the share of the domain's spots in the section left out to which `study.transfer` gives
    the same domain, from the run that has not seen them, missing where it has none. A section without which the others
    share no modalities has rows with neither.

    Raises
    ------
    DataError
        There is one section only.
    """
    import pandas as pd

    from napari_trsmi.data.study import stack
    from napari_trsmi.study import transfer

    check_several(result)
    dataset = result.dataset
    run, names, tables = fit or plain_fit, dataset.section_names, []
    for number, (name, own) in enumerate(zip(names, dataset.sections, strict=True)):
        yield Progress(number, len(names), f"without section {name}")
        others = np.flatnonzero(dataset.section != number)
        there = np.unique(result.labels[others])
        back = alike = np.full(len(result.names), np.nan)
        try:
            rest = stack({part.name: part for part in dataset.parts if part.name != name})
        except DataError:  # the section is the only path between the others
            tables.append(_rows(name, result, back, alike))
            continue
        again = run(rest, unconstrained(with_domains(result.config, len(there))))
        back, matched = _come_back(result.labels[others], again.labels, len(result.names))
        try:
            given = matched[transfer(again, dataset.parts[number]).labels]
        except TrsmiError:  # it has no modality of the others
            tables.append(_rows(name, result, back, alike))
            continue
        alike = _shares(result.labels[own] == given, result.labels[own], len(result.names))
        tables.append(_rows(name, result, back, alike))
    return pd.concat(tables, ignore_index=True)


def check_several(result: Result) -> None:
    """Raise `DataError` where there is one section only, which cannot be left out."""
    if len(result.dataset.parts) < 2:
        raise DataError("Expected a study of two sections or more to leave one out, found one. Open a study.")


def _rows(name: str, result: Result, back: np.ndarray, alike: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"left_out": name, "domain": list(result.names), "comes_back": back, "labelled_alike": alike})


def _come_back(labels: np.ndarray, again: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (K,) Jaccard indices of domains with those matched to them, and the domain of each new one."""
    from napari_trsmi.domains.comparison import match_labels

    matched = match_labels(again, labels)
    both = np.bincount(labels[matched == labels], minlength=k)
    either = np.bincount(labels, minlength=k) + np.bincount(matched, minlength=k)[:k] - both
    jaccard = np.divide(both, either, out=np.full(k, np.nan), where=np.bincount(labels, minlength=k) > 0)
    of_new = np.full(int(again.max()) + 1, -1)
    of_new[again] = matched
    return jaccard, of_new


def _shares(hits: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Return the (K,) share of hits among the spots of each domain; NaN without spots."""
    count = np.bincount(labels, minlength=k)
    return np.divide(np.bincount(labels, hits, k), count, out=np.full(k, np.nan), where=count > 0)

"""How far the sections of a domain are alike, so that a domain that is only a batch is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.interrupt import check

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result
    from napari_trsmi.stages import Prepared

APART = 0.3  # mixing below which the sections of a domain are told to lie apart
_NEAREST = 20
ALONE = 0.95  # share of a domain's spots in one section from which it is made of that section
_USUAL = 0.8  # share of all spots from which a section is expected to make up domains alone
_MOST = 4_000  # spots of a domain that are looked at


def mixing(result: Result, prepared: Prepared | None = None) -> pd.DataFrame:
    """Return how far the sections of each domain are alike in each modality.

    Among the 20 spots of a domain nearest to one of its spots, in the components as measured and corrected, so many are
    of other sections; were sections nothing but labels dealt at random, it would be their share of the domain. Mixing
    is the ratio of the two: 1 where sections are mixed, 0 where they lie apart, as a batch does.

    Parameters
    ----------
    result
        Domains of a study.
    prepared
        What `stages.prepare` returns for its dataset and settings; made here where not given.

    Returns
    -------
    One row per domain and modality: ``domain``; ``modality``; ``spots``, those of the domain that were measured;
    ``sections``, in how many sections they lie; ``largest``, the section that has most of them, and ``share``, which
    part; ``mixing``, missing where there is one section only. A domain without spots in a modality has no row.

    Raises
    ------
    DataError
        As for `stages.prepare`, or what is given is no result.
    """
    import pandas as pd

    from napari_trsmi.data.result import check_result
    from napari_trsmi.stages import prepare

    check_result(result)
    dataset = result.dataset
    columns = ["domain", "modality", "spots", "sections", "largest", "share", "mixing"]
    if dataset.section is None:
        return pd.DataFrame(columns=columns)
    prepared = prepared or prepare(dataset, result.config)
    rng = np.random.default_rng(result.config.seed)
    rows = []
    for k, domain in enumerate(result.names):
        for modality, values in prepared.measured.items():
            check()
            own = np.flatnonzero((result.labels == k) & prepared.has.get(modality, True))
            if not len(own):
                continue
            count = np.bincount(dataset.section[own], minlength=len(dataset.parts))
            most = int(count.argmax())
            chosen = own if len(own) <= _MOST else rng.choice(own, _MOST, replace=False)
            row = [domain, modality, len(own), int((count > 0).sum()), dataset.section_names[most]]
            found = mixed(values[chosen], dataset.section[chosen])
            rows.append((*row, count[most] / len(own), found))
    return pd.DataFrame(rows, columns=columns)


def mixed(values: np.ndarray, section: np.ndarray) -> float:
    """Return how far sections are mixed in (n, D) values, 1 as by chance, 0 apart; NaN for one section.

    Examples
    --------
    >>> import numpy as np
    >>> mixed(np.array([[0.0], [0.1], [9.0], [9.1]]), np.array([0, 0, 1, 1]))
    0.0
    """
    from napari_trsmi.neighbours import nearest

    n = len(section)
    of_section = np.bincount(section)[section]
    if (of_section == n).all():
        return float("nan")
    # In a domain of few spots 20 would be all of them, which are mixed however far apart they lie.
    k = int(max(1, min(_NEAREST, (n - 1) // 3)))
    others = section[nearest(values, k, values, own=np.arange(n)).index] != section[:, None]
    return float(others.mean() / ((n - of_section) / (n - 1)).mean())


def mixing_notes(table: pd.DataFrame) -> list[str]:
    """Return a sentence for each domain of the table of `mixing` that may be a batch.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"domain": "3", "modality": "rna", "spots": 90, "sections": 1, "largest": "s2", "share": 1.0}
    >>> others = {"domain": "1", "modality": "rna", "spots": 90, "sections": 2, "largest": "s1", "share": 0.5}
    >>> mixing_notes(pd.DataFrame([{**others, "mixing": 0.9}, {**row, "mixing": float("nan")}]))
    ['Domain 3 is made of spots of s2 alone in rna: it may be a batch.']
    """
    said = []
    of_largest = (table["spots"] * table["share"]).groupby([table["modality"], table["largest"]], observed=True).sum()
    total = table.groupby("modality", observed=True)["spots"].sum()
    for domain, rows in table.groupby("domain", sort=False, observed=True):
        # Where one section has nearly all spots of a modality, nearly all domains are of that one.
        usual = np.array([of_largest[m, s] / total[m] for m, s in zip(rows["modality"], rows["largest"], strict=True)])
        for section, ones in rows[(rows["share"] >= ALONE) & (usual < _USUAL)].groupby("largest", observed=True):
            most = "alone" if (ones["share"] == 1).all() else "for more than 95 %"
            where = _listed(ones["modality"])
            said.append(f"Domain {domain} is made of spots of {section} {most} in {where}: it may be a batch.")
        apart = rows[(rows["share"] < ALONE) & (rows["mixing"] < APART)]
        if len(apart):
            values = ", ".join(f"{value:.2f}" for value in apart["mixing"])
            said.append(
                f"Domain {domain} looks different in each section in {_listed(apart['modality'])} (mixing {values}; 1 "
                "is alike): what sets it apart may be a batch."
            )
    return said


def _listed(names: pd.Series) -> str:
    return " and ".join(map(str, names))

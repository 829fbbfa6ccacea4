"""What differs between two groups of spots, feature by feature in each modality."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.answers.groups import REST, Group, Where, apart, group_of, rest_of, within
from napari_trsmi.answers.ranks import rank_test
from napari_trsmi.answers.replicates import Design, design_of, moderated, moderated_between
from napari_trsmi.answers.values import Values
from napari_trsmi.domains.labels import upper_edges
from napari_trsmi.evidence.effects import LEAST, adjusted
from napari_trsmi.interrupt import check
from napari_trsmi.plural import many
from napari_trsmi.sampling import SAMPLE, some

if TYPE_CHECKING:
    import pandas as pd
    from scipy import sparse

    from napari_trsmi.config import Kind
    from napari_trsmi.data.dataset import Dataset, Modality
    from napari_trsmi.data.result import Result
    from napari_trsmi.evidence.carriers import Halves

COLUMNS = (
    *("feature", "name", "effect", "log2fc", "auc", "score", "p", "p_adjusted", "share_a", "share_b"),
    *("more_in", "tested_on"),
)
ALL, HELD_OUT, DREW = "all values", "counts that did not draw the domains", "the values that drew the domains"
_LEAST_ALIKE = 0.6  # spots that a group and the one that half of the counts draws have in common, of those of either
_MOST_DENSE = 50_000_000  # values of a table without zeros that are ranked
DEPENDENT = (
    "Spots beside each other resemble each other. The test counts them for less, and p still is an aid to put features "
    "in order, no proof."
)


@dataclass(frozen=True)
class Difference:
    """What differs between two groups.

    Attributes
    ----------
    a, b
        The groups that were compared.
    tables
        {modality: one row per feature}, see `differ`.
    notes
        What to know when reading them, in sentences.
    """

    a: Group
    b: Group
    tables: dict[str, pd.DataFrame]
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return the tables as one, with ``modality`` as first column."""
        import pandas as pd

        if not self.tables:
            return pd.DataFrame(columns=["modality", *COLUMNS])
        parts = [part.assign(modality=name) for name, part in self.tables.items()]
        whole = pd.concat(parts, ignore_index=True)
        return whole[["modality", *(column for column in whole if column != "modality")]]


def differ(
    of: Dataset | Result | str | Path,
    a: Where | Group,
    b: Where | Group = REST,
    *,
    held_out: bool = True,
    halves: Halves | None = None,
    section: str | None = None,
) -> Difference:
    """Return what differs between two groups of spots, in each modality, what differs most first.

    Values are normalised as for `markers`: RNA and chromatin log1p of counts per 10,000, proteins centred log-ratios,
    components as they are. Groups are compared by Wilcoxon's rank-sum test, with a variance that grows where neighbours
    of one group resemble each other (`ranks.rank_test`). In a study each section is compared with itself; three or more
    sections are replicates, and p is that of their effects (`replicates`).

    Where domains make the groups, p comes from counts that did not draw them: the counts are split into two halves, one
    draws the domains anew, the other is tested (`evidence.carriers.count_halves`). All else describes all values. Where
    neither half draws groups like these, or values are no counts, the values that drew them are tested, and it is said.

    Of more than 50,000 spots of a group so many are ranked; means and shares are of all.

    Parameters
    ----------
    of
        A section or study, domains of it, or a file that `Result.write` made.
    a, b
        The groups, see `groups.group_of`: ``"domain:3"``, ``"boundary:12:3"``, ``"section:s1"``, ``"cell_type=T"``, a
        mask or rows; b may be ``"rest"``, all other spots. Spots of both are left out.
    held_out
        Off: test the values that drew the domains, which takes less time and gives too small p.
    halves
        What `count_halves` returns for the result; made here where not given, which takes most of the time.
    section
        Name of the one section of a study to compare within; all where not given.

    Returns
    -------
    Per modality that both groups have at least 3 spots with: ``feature``; ``name``, what people call it; ``effect``,
    mean in a less mean in b (in a study: mean over sections), and ``effect_<section>`` of each; ``log2fc``, log2 of the
    ratio of means plus one (proteins: of geometric means; components: NaN); ``auc``, chance that a spot of a has more
    than one of b; ``score`` of the test; ``p``; ``p_adjusted`` over the features of the modality (Benjamini and
    Hochberg); ``share_a`` and ``share_b``, share of spots above 0 (components: NaN); ``more_in``, ``"a"`` or ``"b"``;
    ``tested_on``, which values p comes from.

    Raises
    ------
    DataError
        There is no such group, or it has no spot.

    Examples
    --------
    >>> import napari_trsmi as nt
    >>> ds = nt.read(nt.sample_path())
    >>> left = ds.coords[:, 0] < ds.coords[:, 0].mean()
    >>> found = nt.differ(ds, left)
    >>> sorted(found.tables), found.tables["rna"].columns[:3].tolist()
    (['adt', 'rna'], ['feature', 'name', 'effect'])
    """
    from napari_trsmi.config import Config
    from napari_trsmi.evidence.carriers import count_halves
    from napari_trsmi.graphs import spatial_graph

    dataset, result = _opened(of)
    first = group_of(a, dataset, result, "A")
    second = rest_of(first) if isinstance(b, str) and b == REST else group_of(b, dataset, result, "B")
    if section is not None:
        first, second = (within(group, dataset, section) for group in (first, second))
    first, second, shared = apart(first, second)
    notes = [f"{many(shared, 'spot')} in both groups left out."] if shared else []
    config = Config() if result is None else result.config
    drawn = first.redrawn is not None or second.redrawn is not None
    if result is not None and drawn and held_out and halves is None:
        halves = count_halves(result)
    anew = _redrawn(first, second, halves) if drawn and held_out and halves is not None else None
    spatial = spatial_graph(dataset.coords, config.graph.k_spatial, dataset.section)
    tables: dict[str, pd.DataFrame] = {}
    told: dict[str, list[str]] = {}
    for name, modality in dataset.modalities.items():
        check()
        kind = config.preprocess.kinds.get(name, modality.kind)
        fresh = None if anew is None or name not in anew.counts else anew
        tested_on = ALL if not drawn else DREW if fresh is None else HELD_OUT
        found = _compared(dataset, modality, kind, (first, second), fresh, spatial)
        if found is None:
            told.setdefault(f"fewer than {LEAST} spots of a group have it; nothing is compared.", []).append(name)
            continue
        table, design = found
        tables[name] = table.assign(tested_on=tested_on)
        for note in _notes(design, tested_on, dataset):
            told.setdefault(note, []).append(name)
    notes += [f"{' and '.join(names)}: {note}" for note, names in told.items()]
    return Difference(first, second, tables, (*notes, DEPENDENT))


def _opened(of: Dataset | Result | str | Path) -> tuple[Dataset, Result | None]:
    from napari_trsmi.data.result import Result
    from napari_trsmi.restoring import restore

    if isinstance(of, str | Path):
        of = restore(of)
    return (of.dataset, of) if isinstance(of, Result) else (of, None)


@dataclass(frozen=True)
class _Fresh:
    """Groups that one half of the counts draws, and the counts of the other."""

    a: np.ndarray
    b: np.ndarray
    counts: dict[str, sparse.csr_matrix]


def _redrawn(a: Group, b: Group, halves: Halves) -> _Fresh | None:
    """Return the groups as that half draws them which draws them most alike; None where neither draws the same."""
    best, alike = None, _LEAST_ALIKE
    for labels, counts in zip(halves.labels, halves.counts[::-1], strict=True):
        spots = [group.spots if group.redrawn is None else group.redrawn(labels) for group in (a, b)]
        shares = [
            (one & group.spots).sum() / max((one | group.spots).sum(), 1)
            for one, group in zip(spots, (a, b), strict=True)
        ]
        if min(one.sum() for one in spots) >= LEAST and min(shares) >= alike:
            best, alike = _Fresh(spots[0], spots[1], counts), min(shares)
    return best


def _compared(
    dataset: Dataset,
    modality: Modality,
    kind: Kind,
    groups: tuple[Group, Group],
    fresh: _Fresh | None,
    spatial: sparse.csr_matrix,
) -> tuple[pd.DataFrame, Design] | None:
    """Return a row per feature and how the groups lie over the sections, or None with too few spots."""
    import pandas as pd

    from napari_trsmi.data import feature_names

    a, b = (_having(modality, group.spots) for group in groups)
    if min(a.sum(), b.sum()) < LEAST:
        return None
    design = design_of(a, b, dataset.section, dataset.section_names)
    values = Values(modality, kind)
    effects, fold = _effects(values, design)
    mean, _, share = values.means(np.where(design.codes < 0, -1, design.codes % 2), 2)
    effect = mean[0] - mean[1] if not design.strata and design.own is None else effects.mean(axis=0)
    if design.own is not None:
        first = np.array(list(design.own.values())) == 0
        effect, fold = (part[first].mean(axis=0) - part[~first].mean(axis=0) for part in (effects, fold))
    else:
        fold = fold.mean(axis=0)
    excess, score, p, pairs = _ranked(values, design, spatial)
    auc = 0.5 + excess / pairs
    tested, laid_out = values, design
    if fresh is not None:
        own = _having(modality, fresh.a), _having(modality, fresh.b)
        tested, laid_out = (
            Values(modality, kind, fresh.counts[modality.name]),
            design_of(*own, dataset.section, dataset.section_names),
        )
        if not laid_out.over_sections:
            _, score, p, _ = _ranked(tested, laid_out, spatial)
    if laid_out.over_sections:
        score, p = _over_sections(_effects(tested, laid_out)[0], laid_out)
    table = pd.DataFrame(
        {
            "feature": modality.table.var_names.to_numpy(),
            "name": feature_names.labels(modality.table.var),
            "effect": effect,
            "log2fc": fold,
            "auc": auc,
            "score": score,
            "p": p,
            "p_adjusted": adjusted(p),
            "share_a": share[0],
            "share_b": share[1],
            "more_in": np.where(effect > 0, "a", "b"),
        }
    )
    for name, row in zip(design.strata, effects, strict=False):
        table[f"effect_{name}"] = row
    order = np.argsort(-np.nan_to_num(np.abs(table["score"].to_numpy()), nan=-1.0), kind="stable")
    return table.iloc[order].reset_index(drop=True), design


def _having(modality: Modality, spots: np.ndarray) -> np.ndarray:
    return spots if modality.measured is None else spots & modality.measured


def _effects(values: Values, design: Design) -> tuple[np.ndarray, np.ndarray]:
    """Return (S, D) mean of a less mean of b, and fold change, of each stratum; with `own` the means of sections."""
    if design.own is not None and design.section is not None:
        mean, fold, _ = values.means(design.section, len(design.own))
        return mean, fold
    mean, fold, _ = values.means(design.codes, 2 * design.n_strata)
    return mean[::2] - mean[1::2], fold[::2] - fold[1::2]


def _over_sections(effects: np.ndarray, design: Design) -> tuple[np.ndarray, np.ndarray]:
    if design.own is None:
        return moderated(effects)
    first = np.array(list(design.own.values())) == 0
    return moderated_between(effects[first], effects[~first])


def _ranked(
    values: Values, design: Design, spatial: sparse.csr_matrix
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return (D,) excess of U, score and p of the rank-sum test within strata, and the pairs of spots compared."""
    from scipy import sparse
    from scipy.stats import norm

    excess, variance, pairs = np.zeros(values.shape[1]), np.zeros(values.shape[1]), 0
    most = SAMPLE if sparse.issparse(values.raw) else min(SAMPLE, max(1000, _MOST_DENSE // max(values.shape[1], 1)))
    for stratum in range(design.n_strata):
        sides = [np.flatnonzero(design.codes == 2 * stratum + side) for side in (0, 1)]
        rows = np.sort(np.concatenate([side[some(len(side), 0, most)] for side in sides]))
        edges = upper_edges(spatial[rows][:, rows].tocsr())
        in_a = design.codes[rows] == 2 * stratum
        one = rank_test(values.logs(rows), in_a, edges, len(rows) / sum(map(len, sides)))
        excess, variance, pairs = excess + one.excess, variance + one.variance, pairs + one.pairs
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.sign(excess) * np.maximum(np.abs(excess) - 0.5, 0) / np.sqrt(variance)
    score[~(variance > 0)] = np.nan  # the same everywhere
    return excess, score, 2 * norm.sf(np.abs(score)), pairs


def _notes(design: Design, tested_on: str, dataset: Dataset) -> list[str]:
    told: list[str] = []
    if tested_on == HELD_OUT:
        told.append(f"p comes from {HELD_OUT}.")
    if tested_on == DREW:
        told.append(f"p comes from {DREW}, so it is too small.")
    if design.own is not None:
        told.append(f"p treats {len(design.own)} sections as replicates.")
    elif design.over_sections:
        told.append(f"effects are means over {len(design.strata)} sections, which p treats as replicates.")
    elif len(design.strata) > 1:
        told.append(f"spots are compared within {len(design.strata)} sections, too few to test over.")
    elif dataset.section is not None and not design.strata:
        told.append(
            "the groups lie in different sections, too few to test over: what differs may be how they were processed."
        )
    return told

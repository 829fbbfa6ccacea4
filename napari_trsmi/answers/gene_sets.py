"""Sets of genes or proteins, from a file or as people type them, and which of them are high in a group of spots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.evidence.effects import adjusted

if TYPE_CHECKING:
    import pandas as pd

Sets = Mapping[str, tuple[str, ...]]

DECOUPLER = ("ulm", "mlm", "gsea", "viper", "waggr", "zscore")
METHODS = ("ranks", "overlap", *DECOUPLER)
COLUMNS = ("set", "n_found", "score", "p", "p_adjusted", "leading")
LARGEST_P = 0.05  # of features that are counted as higher
_LEADING = 5  # features that are named


def check_method(method: str) -> None:
    """Raise `ConfigError` where there is no such way to test sets."""
    if method not in METHODS:
        raise ConfigError(f"Expected a method out of {', '.join(METHODS)}, found {method!r}.")


def read_sets(source: Sets | str | Path) -> dict[str, tuple[str, ...]]:
    r"""Return {name: features} from a GMT file, a text file, or typed lines.

    Parameters
    ----------
    source
        Path of a file, or text. A line with tabs is one of GMT (name, description, genes); any other is
        ``name: CD3E, CD4``. Empty lines and those that begin with # are passed over. What is a mapping already is taken
        as it is.

    Raises
    ------
    DataError
        No such file, a line that is neither, a name twice, or no set at all.

    Examples
    --------
    >>> read_sets("T cells: CD3E, CD4\nB cells: MS4A1")
    {'T cells': ('CD3E', 'CD4'), 'B cells': ('MS4A1',)}
    """
    if isinstance(source, Mapping):
        return {name: tuple(genes) for name, genes in source.items()}
    text = _text(source)
    sets: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if "\t" in line:
            name, _, *genes = line.split("\t")
        else:
            name, colon, rest = line.partition(":")
            genes = rest.replace(";", ",").split(",") if colon else []
            genes = rest.split() if len(genes) == 1 else genes
        found = tuple(dict.fromkeys(gene.strip() for gene in genes if gene.strip()))
        name = name.strip()
        if not name or not found:
            raise DataError(f'Expected "name: CD3E, CD4", found {line[:60]!r} in line {number}. Write it like this.')
        if name in sets:
            raise DataError(f"Expected each set once, found {name!r} again in line {number}. Rename one of them.")
        sets[name] = found
    if not sets:
        raise DataError(
            'Expected sets of genes, found none. Write lines like "T cells: CD3E, CD4", or give a GMT file.'
        )
    return sets


def _text(source: str | Path) -> str:
    if isinstance(source, str) and ("\n" in source or ":" in source) and not Path(source.strip()).is_file():
        return source
    try:
        return Path(source).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(
            f"Expected a text file of gene sets, found {source}, which is none. Choose a GMT file."
        ) from None
    except OSError as error:
        raise DataError(f"Expected a file of gene sets, found {source}: {error.strerror}. Choose another.") from error


def enriched_sets(table: pd.DataFrame, sets: Sets, method: str = "ranks") -> pd.DataFrame:
    """Return which sets are high in group a of a table of `differ`, highest first.

    Features are found by name, upper or lower case. Genes of a set go together in any tissue, so p is an aid to put
    sets in order, no proof.

    Parameters
    ----------
    table
        One modality of `Difference.tables`.
    sets
        {name: features}.
    method
        ``"ranks"``: are the scores of the set above those of all other features (rank-sum test)? ``"overlap"``: are
        more of its features higher in a (adjusted p below 0.05) than by chance (hypergeometric)? Or a method of
        decoupler, which has to be installed: ``"ulm"``, ``"mlm"``, ``"gsea"``, ``"viper"``, ``"waggr"``,
        ``"zscore"``.

    Returns
    -------
    One row per set that has features in the table: ``set``; ``n_found``, its features in the table; ``score``, above 0
    where the set is higher in a; ``p``; ``p_adjusted`` over the sets; ``leading``, names of its features that are
    highest in a.

    Raises
    ------
    ConfigError
        No such method.
    DataError
        decoupler is needed and not installed.
    """
    import pandas as pd

    check_method(method)
    table = table[table["score"].notna()].reset_index(drop=True)
    members = _members(table, sets)
    if not members:
        return pd.DataFrame(columns=list(COLUMNS))
    of = {"ranks": _by_ranks, "overlap": _by_overlap}.get(method, _by_decoupler(method))
    score, p = of(table, members)
    scores = table["score"].to_numpy()
    names = table["name"].astype(str).to_numpy()
    leading = [", ".join(names[own[np.argsort(-scores[own], kind="stable")][:_LEADING]]) for own in members.values()]
    found = pd.DataFrame(
        {
            "set": list(members),
            "n_found": [len(own) for own in members.values()],
            "score": score,
            "p": p,
            "p_adjusted": adjusted(p),
            "leading": leading,
        }
    )
    return found.sort_values(["score", "p"], ascending=[False, True], kind="stable", ignore_index=True)


def _members(table: pd.DataFrame, sets: Sets) -> dict[str, np.ndarray]:
    """Return {set: rows of the table} of sets that have any there."""
    rows: dict[str, int] = {}
    for column in ("feature", "name"):
        for row, name in enumerate(table[column].astype(str)):
            rows.setdefault(name.casefold(), row)
    found = {}
    for name, genes in sets.items():
        own = {rows[gene.casefold()] for gene in genes if gene.casefold() in rows}
        if own:
            found[name] = np.array(sorted(own))
    return found


Found = tuple[np.ndarray, np.ndarray]


def _by_ranks(table: pd.DataFrame, members: dict[str, np.ndarray]) -> Found:
    """Return score and p of Mann and Whitney's test of the scores in a set against those outside."""
    from scipy.stats import norm, rankdata, tiecorrect

    ranks = rankdata(table["score"].to_numpy())
    n, ties = len(ranks), tiecorrect(ranks)
    inside = np.array([len(own) for own in members.values()], float)
    u = np.array([ranks[own].sum() for own in members.values()]) - inside * (inside + 1) / 2
    outside = n - inside
    sd = np.sqrt(inside * outside / 12 * (n + 1) * ties)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(sd > 0, (u - inside * outside / 2) / sd, 0.0)
    return z, 2 * norm.sf(np.abs(z))


def _by_overlap(table: pd.DataFrame, members: dict[str, np.ndarray]) -> Found:
    """Return log2 of how many more of a set are higher than by chance, and p of so many or more."""
    from scipy.stats import hypergeom

    higher = ((table["p_adjusted"] < LARGEST_P) & (table["score"] > 0)).to_numpy()
    n, total = len(higher), int(higher.sum())
    size = np.array([len(own) for own in members.values()])
    hits = np.array([higher[own].sum() for own in members.values()])
    score = np.log2((hits + 0.5) / (size * total / n + 0.5))
    return score, hypergeom.sf(hits - 1, n, total, size)


def _by_decoupler(method: str) -> Callable[[pd.DataFrame, dict[str, np.ndarray]], Found]:
    def found(table: pd.DataFrame, members: dict[str, np.ndarray]) -> Found:
        import pandas as pd

        try:
            import decoupler
        except ImportError as error:
            raise DataError(
                f"Expected decoupler for the method {method}, found none. Install it with: "
                'pip install "napari-trsmi[genesets]", or choose ranks or overlap.'
            ) from error
        names = [str(row) for row in range(len(table))]  # real ones may repeat
        data = pd.DataFrame([table["score"].to_numpy(float)], index=["a"], columns=names)
        pairs = [(name, str(row)) for name, own in members.items() for row in own]
        net = pd.DataFrame(pairs, columns=["source", "target"]).assign(weight=1.0)
        score, p = getattr(decoupler.mt, method)(data=data, net=net, tmin=1, verbose=False)[:2]
        both = (part.reindex(columns=list(members)).to_numpy(float)[0] for part in (score, p))
        values, ps = both
        return np.nan_to_num(values), ps

    return found

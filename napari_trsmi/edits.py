"""What a person changes in a result: names, colours, merged or newly cut domains, the review of boundaries.

Each edit returns a new result and records itself in ``provenance["edits"]``, so that `run.json` and the script tell of
it. A domain is given by its number (0..K-1) or by its name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from napari_trsmi.data.result import Result
from napari_trsmi.errors import DataError
from napari_trsmi.reviews import NEW_DOMAINS, REVIEW, reviewed
from napari_trsmi.sampling import side_by_side

if TYPE_CHECKING:
    from napari_trsmi.config import Cluster
    from napari_trsmi.evidence import DomainTree
    from napari_trsmi.stages import Prepared

Verdict = Literal["", "keep", "doubt", "reject"]


def rename(result: Result, domain: int | str, name: str) -> Result:
    """Return the result with another name for one domain.

    Raises
    ------
    DataError
        There is no such domain, or the name is empty, taken, or a word that files use for a missing label.
    """
    from napari_trsmi.domains.labels import MISSING_WORDS

    k, name = number(result, domain), name.strip()
    if name in MISSING_WORDS:
        raise DataError(f"Expected a name for domain {result.names[k]}, found {name!r}. Use another word.")
    if name in result.names[:k] + result.names[k + 1 :]:
        raise DataError(f"Expected a name that no other domain has, found {name!r}. Merge the two, or use another.")
    names = (*result.names[:k], name, *result.names[k + 1 :])
    return replace(result, domain_names=names, provenance=_noted(result, "rename", domain=result.names[k], name=name))


def recolor(result: Result, domain: int | str, color: str) -> Result:
    """Return the result with another colour, ``"#rrggbb"``, for one domain.

    Raises
    ------
    DataError
        There is no such domain, or the colour is no ``"#rrggbb"``.
    """
    k = number(result, domain)
    if not re.fullmatch("#[0-9a-fA-F]{6}", color):
        raise DataError(f'Expected a colour like "#ffaa00", found {color!r}. Give red, green and blue in hexadecimal.')
    colors = (*result.palette[:k], color.lower(), *result.palette[k + 1 :])
    return replace(result, colors=colors, provenance=_noted(result, "recolor", domain=result.names[k], color=color))


def merge(
    result: Result, domains: Sequence[int | str], prepared: Prepared | None = None, *, into: int | str | None = None
) -> Result:
    """Return the result with several domains made one, which keeps name and colour of one of them.

    Boundaries and scores are found again; reviews of boundaries that did not change are kept. Domains are numbered
    anew by falling size and keep their names.

    Parameters
    ----------
    domains
        Two or more.
    prepared
        What `stages.prepare` returns for the result's dataset and settings; made here where not given.
    into
        The one that keeps its name and colour; the largest where not given.

    Raises
    ------
    DataError
        There is no such domain, or fewer than two different ones were given.
    """
    from napari_trsmi.evidence import with_support
    from napari_trsmi.stages import assemble, prepare

    merged = sorted({number(result, domain) for domain in (*domains, *(() if into is None else (into,)))})
    if len(merged) < 2:
        raise DataError(
            f"Expected two domains or more to merge, found {len(merged)}. Choose another one to merge with."
        )
    prepared = prepared or prepare(result.dataset, result.config)
    old, posterior = result.partition, result.partition.posterior
    sizes = np.bincount(old.labels, minlength=old.n_domains)
    kept = max(merged, key=lambda k: sizes[k]) if into is None else number(result, into)
    one = np.where(np.isin(np.arange(old.n_domains), merged), kept, np.arange(old.n_domains))
    sizes = np.bincount(one[old.labels], minlength=old.n_domains)
    left = np.unique(one)
    order = left[np.argsort(-sizes[left], kind="stable")]  # (K',) old number of each new domain
    new = np.argsort(order)[np.searchsorted(left, one)]  # (K,) new number of each old domain
    summed = np.zeros((len(posterior), len(order)), np.float32)
    for k, column in zip(new, posterior.T, strict=True):
        summed[:, k] += column
    partition = replace(old, labels=new[old.labels], posterior=summed)

    found = assemble(prepared, result.config, result.embedding, partition)
    if result.cuts is not None:
        into_new = np.arange(max(len(new), int(result.cuts.max(initial=0)) + 1))  # cuts into more domains keep theirs
        into_new[: len(new)] = new
        into_new[len(new) :] -= len(new) - len(order)
        found = with_support(found, into_new[result.cuts].astype(np.int16), prepared.spatial)
    told = {key: found.provenance[key] for key in ("support",) if key in found.provenance}
    named = {} if into is None else {"into": result.names[kept]}
    return replace(
        found,
        dataset=result.dataset,
        boundaries=reviewed(found.boundaries, result.boundaries, new),
        colors=tuple(result.palette[k] for k in order),
        domain_names=tuple(result.names[k] for k in order),
        correspondences=result.correspondences,
        modality_weights=result.modality_weights,
        history=result.history,
        state=result.state,
        provenance={**_noted(result, "merge", domains=[result.names[k] for k in merged], **named), **told},
    )


def nested(result: Result, n_domains: int, prepared: Prepared | None = None, tree: DomainTree | None = None) -> Result:
    """Return the result with coarser or finer domains, each a union or a part of those before, without training.

    Domains keep the colour of the one before that they match. Names and maps belonged to those before and are not kept.

    Parameters
    ----------
    n_domains
        How many, up to twice as many as the result has.
    prepared
        What `stages.prepare` returns for the result's dataset and settings; made here where not given.
    tree
        What `evidence.find_tree` returns for the result; found here where not given.

    Raises
    ------
    ConfigError
        The tree has no such cut.
    """
    from napari_trsmi.domains.colors import carried_over
    from napari_trsmi.domains.mixture import posterior_of
    from napari_trsmi.evidence import find_tree, with_support
    from napari_trsmi.graphs import neighbour_mean
    from napari_trsmi.stages import assemble, prepare

    prepared = prepared or prepare(result.dataset, result.config)
    labels = (tree or find_tree(result, prepared)).cut(n_domains)
    strength, evidence = result.partition.strength, side_by_side(prepared.measured.values())
    posterior = posterior_of(evidence, labels, n_domains, neighbour_mean(prepared.spatial), strength)
    partition = replace(result.partition, labels=labels, posterior=posterior.astype(np.float32))
    found = with_support(assemble(prepared, result.config, result.embedding, partition), result.cuts, prepared.spatial)
    told = {key: found.provenance[key] for key in ("support",) if key in found.provenance}
    return replace(
        found,
        dataset=result.dataset,
        colors=carried_over(labels, n_domains, result.labels, result.palette),
        correspondences=result.correspondences,
        modality_weights=result.modality_weights,
        history=result.history,
        state=result.state,
        provenance={**_noted(result, "nested", n_domains=n_domains), **told},
    )


def recluster(result: Result, cluster: Cluster | dict[str, Any], prepared: Prepared | None = None) -> Result:
    """Return the result with other domains, cut from its embedding again without training.

    Domains keep the colour of the one before that they match. Names, reviews and maps belonged to those before and are
    not kept.

    Parameters
    ----------
    cluster
        The settings of the cut, or those that differ from the defaults. Without `n_domains` their number is kept.
    prepared
        What `stages.prepare` returns for the result's dataset and settings; made here where not given.

    Raises
    ------
    ConfigError
        A setting does not exist or is out of bounds; there are fewer groups of spots than domains; or
        ``method="prototypes"``: a result does not hold its prototypes.
    """
    from napari_trsmi.config import Config
    from napari_trsmi.domains.colors import carried_over
    from napari_trsmi.stages import cut_again, prepare

    before = result.config.cluster
    if isinstance(cluster, dict):
        cluster = Config(cluster=cluster).cluster
    config = result.config.model_copy(update={"cluster": cluster})
    found = cut_again(prepared or prepare(result.dataset, config), config, result)
    noted = _noted(result, "recluster", cluster=cluster.model_dump(mode="json", exclude_defaults=True))
    noted.setdefault("trained_cluster", before.model_dump(mode="json", exclude_defaults=True))
    colors = carried_over(found.labels, found.partition.n_domains, result.labels, result.palette)
    return replace(found, dataset=result.dataset, colors=colors, history=result.history, provenance=noted)


def review(result: Result, segment: int, verdict: Verdict, note: str = "", carried_from: str = "") -> Result:
    """Return the result with a person's judgement of one boundary in the columns ``"review"`` and ``"note"``.

    Parameters
    ----------
    segment
        Row of `Result.boundaries`.
    verdict
        ``"keep"``, ``"doubt"`` or ``"reject"``; ``""`` takes it back.
    carried_from
        Run whose boundary was judged, where it was not this one; it stands in the column of that name.

    Raises
    ------
    DataError
        There is no such boundary or verdict.
    """
    table = result.boundaries
    n = 0 if table is None else len(table)
    if verdict not in get_args(Verdict):
        raise DataError(
            f"Expected a verdict among {', '.join(get_args(Verdict)[1:])}, found {verdict!r}. Use one of them."
        )
    if table is None or not 0 <= segment < n:
        raise DataError(f"Expected a boundary in 0..{n - 1}, found {segment}. Take its number from `boundaries`.")
    origin = {"carried_from": carried_from} if carried_from else {}
    said = {"review": verdict, "note": note, **origin}
    columns = {}
    for key in REVIEW:
        if key in said or key in table:
            columns[key] = table[key].tolist() if key in table else [""] * n
            columns[key][segment] = said.get(key, "")
    noted = _noted(result, "review", segment=int(segment), verdict=verdict, note=note, **origin)
    return replace(result, boundaries=table.assign(**columns), provenance=noted)


def number(result: Result, domain: int | str) -> int:
    """Return the number of a domain given by number or name; raises `DataError` where there is none."""
    names = result.names
    if isinstance(domain, str) and domain in names:
        return names.index(domain)
    if isinstance(domain, str) or not 0 <= domain < len(names):
        way = "one of these names" if isinstance(domain, str) else f"a name, or 0..{len(names) - 1}"
        raise DataError(f"Expected a domain among {', '.join(names)}, found {domain!r}. Use {way}.")
    return int(domain)


def _noted(result: Result, edit: str, **details: Any) -> dict[str, Any]:
    """Return the result's provenance with one more edit; a review given again replaces the one just before it.

    What was found about domains, such as trust and comparisons, goes with them: a merge or a new clustering makes
    others. The curve of their number stays: it is one of the embedding.
    """
    edits = list(result.provenance.get("edits", ()))
    entry = {"edit": edit, **details}
    if edit == "review" and edits and edits[-1]["edit"] == "review" and edits[-1]["segment"] == entry["segment"]:
        edits.pop()
    gone = ("trust", "comparisons", "runs", "support") if edit in NEW_DOMAINS else ()
    known = {key: value for key, value in result.provenance.items() if key not in gone}
    return {**known, "edits": [*edits, entry]}

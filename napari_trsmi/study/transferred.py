"""Domains of a trained study in a section that it has not seen, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.result import Result
from napari_trsmi.errors import DataError
from napari_trsmi.interrupt import check
from napari_trsmi.records import MOST_UNLIKE, RARE, SOME_UNLIKE

if TYPE_CHECKING:
    from napari_trsmi.config import Config
    from napari_trsmi.stages import Prepared
    from napari_trsmi.study.gaussians import Gaussians

FITS = "fits"  # name of the map
_NEAREST = 20


def transfer(study: Result | str | Path, new: Dataset | str | Path | Sequence[str | Path]) -> Result:
    """Return the domains of a study in a new section, without training.

    The new section is put beside those of the study and all are preprocessed together. In the denoised features of the
    modalities that the new one has, standardised in each section unless ``study.batch`` is ``"none"``, each domain is a
    normal distribution, all of the same covariance; its spots get the domain that is most probable under these and the
    domains of their neighbours. So a section is taken to consist of the domains in about the shares of the study: one
    that is a small part of the tissue, such as a biopsy of one layer, is better trained together with the others.

    Parameters
    ----------
    study
        A result over one section or several, or a file that `Result.write` made.
    new
        A section, or what `read` takes.

    Returns
    -------
    An ordinary result over the new section, with names, colours and numbers of the study's domains; one that the
    section lacks owns no spot. `maps` have ``"fits"``, the share of the study's spots that lie at least as far from
    their nearest domain, each section measured against the others: below 0.01 a spot is like no domain of the study.
    Where more than a twentieth of the section is, its notes say so; where more than a fifth is, that it does not fit.
    ``"support"`` is the chance that the domain of a spot is the one that the study would give it: how often that was
    so for spots like it where each section of the study was left out and labelled by the others. Where that says too
    little (one section, or hardly a spot labelled otherwise), it is the share of the study's other cuts, if it has
    any, that give the spot its domain. Neither knows of tissue that the study lacks: where notes say that spots are
    like no domain, support is multiplied with the chance that a spot is of any, from how many more than in the study
    lie as far out or further. The embedding is the mean of that of the 20 most similar spots of the study.

    Raises
    ------
    DataError
        The section has no modality of the study, shares too few features with it, or is one of it.
    """
    from napari_trsmi.data.study import named_alike
    from napari_trsmi.domains.field import field_strength
    from napari_trsmi.domains.mixture import posterior_of
    from napari_trsmi.graphs import neighbour_mean
    from napari_trsmi.neighbours import nearest
    from napari_trsmi.stages import assemble, missing_columns, prepare
    from napari_trsmi.study.calibrated import Told, chance_to_fit, learnt
    from napari_trsmi.study.gaussians import Gaussians

    known, section = _read(study, new)
    (*_, section), renamed = named_alike([*(known.dataset.parts or (known.dataset,)), section])
    together, rows, config, notes = _together(known, section)
    prepared = prepare(together, config)
    k, labels = known.partition.n_domains, known.labels[rows]
    n = len(rows)  # of the study; the new section's spots come last
    assert together.section is not None
    section_of = together.section[:n]
    features = _standardised(np.hstack(list(prepared.features.values())), together, config)
    whole = _wholly_measured(prepared)[:n]
    # A domain that has no spot with all modalities is known by those that were carried over.
    used = whole | ~np.isin(labels, labels[whole])
    domains = Gaussians.of(features[:n][used], labels[used], k)
    of_study = prepared.spatial[:n][:, :n].tocsr()
    strength = field_strength(labels, k, neighbour_mean(of_study))
    neighbours = neighbour_mean(prepared.spatial[n:][:, n:].tocsr())

    def labelled(fitted: Gaussians) -> np.ndarray:
        found: np.ndarray = fitted.posterior(features[n:], neighbours, strength).argmax(axis=1)
        return found

    own = labelled(domains)
    evidence = np.hstack(list(prepared.measured.values()))
    everyone = np.concatenate([labels, own])
    posterior = posterior_of(
        evidence, everyone, k, neighbour_mean(prepared.spatial), strength, missing_columns(prepared), prepared.device
    )[n:].astype(np.float32)
    partition = replace(known.partition, labels=own, posterior=posterior, strength=strength)
    near = nearest(domains.whitened(features[:n]), min(_NEAREST, n), domains.whitened(features[n:])).index
    embedding = known.embedding[rows][near].mean(axis=1).astype(np.float32)
    fits = _share_beyond(
        domains.distances(features[n:]).min(axis=1),
        _usual(features[:n], labels, used, section_of, k),
    )
    rare = float((fits < RARE).mean())
    if rare > SOME_UNLIKE:
        so = "it does not fit, train them together" if rare > MOST_UNLIKE else 'the map "fits" shows which'
        notes.append(
            f"{100 * rare:.0f}% of the spots of {section.name} are further from every domain than 99% of the spots "
            f"of the study: {so}."
        )
    result = assemble(_only_new(prepared, section, n), config, embedding, partition)
    told = {"from": list(together.section_names[:-1]), "spots_that_fit_no_domain": rare}
    if not isinstance(study, Result):
        told["study"] = str(Path(study).absolute())
    provenance: dict[str, Any] = {
        **result.provenance,
        "notes": [*result.provenance["notes"], *renamed, *notes],
        "transferred": told,
    }
    result = replace(
        result,
        colors=known.palette,
        domain_names=known.domain_names,
        maps={FITS: fits.astype(np.float32)},
        provenance=provenance,
    )
    chance = chance_to_fit(fits) if rare > SOME_UNLIKE else np.ones(len(fits))
    if known.cuts is not None and known.cuts.shape[1]:
        result, votes = _supported(result, known, rows, used, features, labelled)
        result = _believed(result, votes * chance)
    model = learnt(features[:n], labels, used, section_of, of_study, strength, k)
    if model is None:
        return result
    signs = Told.of(domains, features[n:], neighbours, strength).signs
    return _believed(result, model.predict_proba(signs)[:, 1] * chance)


def _read(study: Result | str | Path, new: Any) -> tuple[Result, Dataset]:
    from napari_trsmi.api import read
    from napari_trsmi.data.readers import from_memory
    from napari_trsmi.restoring import restore

    known = study if isinstance(study, Result) else restore(study)
    if isinstance(new, Dataset):
        return known, new
    return known, from_memory(new, spots="all") if hasattr(new, "obs_names") else read(new)


def _together(known: Result, new: Dataset) -> tuple[Dataset, np.ndarray, Config, list[str]]:
    """Return sections of the study and the new one as one dataset, the study's rows in it, settings, and notes."""
    from napari_trsmi.data.study import shared_spots, stack

    dataset = known.dataset
    shared = tuple(m for m in dataset.modalities if m in new.modalities)
    if not shared:
        raise DataError(
            f"Expected a section with modalities of the study ({', '.join(dataset.modalities)}), found "
            f"{', '.join(new.modalities)}. Name its modalities as the study does."
        )
    notes = []
    if left := [m for m in new.modalities if m not in shared]:
        notes.append(f"The study has no {', '.join(left)}: left out.")
    sections, rows = {}, []
    for part, own in zip(dataset.parts or (dataset,), dataset.sections, strict=True):
        kept = {m: part.modalities[m] for m in shared if m in part.modalities}
        if kept:
            sections[part.name] = replace(part, modalities=kept)
            rows.append(own)
    name = new.name
    while name in sections or name in dataset.section_names:
        name += " (new)"
    # Of what kind a modality is was settled for the study.
    sections[name] = replace(
        new, modalities={m: replace(new.modalities[m], kind=dataset.modalities[m].kind) for m in shared}
    )
    found = np.concatenate(rows)
    absent = sorted(set(np.unique(known.labels)) - set(np.unique(known.labels[found])))
    if absent:
        which = ", ".join(known.names[k] for k in absent)
        notes.append(f"Domains that the study has only in sections without {', '.join(shared)} are not found: {which}.")
    preprocess = known.config.preprocess
    changes: dict[str, Any] = {
        "modalities": shared,
        "kinds": {m: k for m, k in preprocess.kinds.items() if m in shared},
    }
    batch = known.config.study
    if batch.batch == "auto":  # would leave what is too little to matter in training, but moves a section off domains
        batch = batch.model_copy(update={"batch": "standardise"})
    config = known.config.model_copy(
        update={
            "preprocess": preprocess.model_copy(update=changes),
            "study": batch,
            "constraints": (),  # those are of other spots
        }
    )
    for part in list(sections.values())[:-1]:  # a part of it may be labelled again
        if part.n_spots == new.n_spots == shared_spots(part, sections[name]):
            raise DataError(
                f"Expected a section that the study lacks, found {new.name!r}, which is its own {part.name!r}. Its "
                "domains are those of the study."
            )
    together = stack(sections, distinct=False)
    known_of = set(dataset.notes)
    notes += [note for note in together.notes if note.partition(": ")[0] in shared and note not in known_of]
    return together, found, config, notes


def _standardised(features: np.ndarray, together: Dataset, config: Config) -> np.ndarray:
    """Return (N, c) denoised features alike in mean and spread in all sections: averaging leaves more of the deeper."""
    if config.study.batch == "none":
        return features
    out = np.empty_like(features)
    for rows in together.sections:
        own = features[rows]
        out[rows] = (own - own.mean(axis=0)) / np.maximum(own.std(axis=0), 1e-9)
    return out


def _wholly_measured(prepared: Prepared) -> np.ndarray:
    """Return (N,) bool, the spots that have all modalities."""
    whole = np.ones(prepared.dataset.n_spots, bool)
    for mask in prepared.has.values():
        whole &= mask
    return whole


def _usual(features: np.ndarray, labels: np.ndarray, used: np.ndarray, section: np.ndarray, k: int) -> np.ndarray:
    """Return squared distances of the study's spots to the nearest domain: as the other sections have them."""
    from napari_trsmi.study.gaussians import Gaussians

    numbers = np.unique(section[used])
    if len(numbers) == 1:  # halves of a section differ more than sections do: no domain is the same all over it
        return Gaussians.of(features[used], labels[used], k).distances(features[used]).min(axis=1)
    found = [np.zeros(0)]
    for number in numbers:
        check()
        others = used & (section != number)
        # What a section alone has is no measure of how well a section fits.
        own = used & (section == number) & np.isin(labels, labels[others])
        if own.any():
            found.append(Gaussians.of(features[others], labels[others], k).distances(features[own]).min(axis=1))
    return np.concatenate(found)


def _share_beyond(values: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return the share of the usual values that are at least as large as each."""
    if not len(usual):
        return np.ones(len(values))
    share: np.ndarray = 1.0 - np.searchsorted(np.sort(usual), values, side="left") / len(usual)
    return share


def _only_new(prepared: Prepared, section: Dataset, n: int) -> Prepared:
    """Return what was made ready of the new section."""
    return replace(
        prepared,
        dataset=replace(section, modalities={m: section.modalities[m] for m in prepared.features}),
        measured={m: values[n:] for m, values in prepared.measured.items()},
        features={m: values[n:] for m, values in prepared.features.items()},
        spatial=prepared.spatial[n:][:, n:].tocsr(),
        feature_graphs={},
        has={m: mask[n:] for m, mask in prepared.has.items() if not mask[n:].all()},
        carry={},
        notes=(),  # of both together
    )


def _believed(result: Result, chance: np.ndarray) -> Result:
    """Return the result with the chance that the domain of each spot is right as its support."""
    from napari_trsmi.evidence import SUPPORT

    chance = chance.astype(np.float32)
    provenance = dict(result.provenance)
    if "support" in provenance:
        provenance["support"] = {**provenance["support"], "spots": float(chance.mean())}
    return replace(result, maps={**result.maps, SUPPORT: chance}, provenance=provenance)


def _supported(
    result: Result, known: Result, rows: np.ndarray, used: np.ndarray, features: np.ndarray, labelled: Any
) -> tuple[Result, np.ndarray]:
    """Return the result with the share of the study's other cuts that draw its boundaries, and that label its spots."""
    from napari_trsmi.domains.comparison import match_labels
    from napari_trsmi.evidence import with_support
    from napari_trsmi.study.gaussians import Gaussians

    assert known.cuts is not None
    numbers = np.array([len(np.unique(cut)) for cut in known.cuts.T])
    alike = np.abs(numbers - known.partition.n_domains)
    found, votes = [], []
    for cut, off in zip(known.cuts.T, alike, strict=True):
        check()
        matched = match_labels(cut, known.labels)[rows]
        others = Gaussians.of(features[: len(rows)][used], matched[used], int(matched.max()) + 1)
        found.append(labelled(others).astype(np.int16))
        if off == alike.min():
            votes.append(found[-1] == result.labels)
    return with_support(result, np.stack(found, axis=1)), np.stack(votes).mean(axis=0)

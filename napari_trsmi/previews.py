"""Domains while training goes on, and one of them kept as the result."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from napari_trsmi.config import Config
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.result import Result
from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.interrupt import check
from napari_trsmi.records import Checkpoints, Fit, Partition, Step, drain
from napari_trsmi.sampling import is_large, side_by_side
from napari_trsmi.stages import Prepared, as_cut, assemble, cut, missing_columns, prepare, with_device

logger = logging.getLogger(__name__)


class Previews:
    """Domains of preview epochs, cut more roughly than those of the result and numbered like the preview before."""

    def __init__(self, prepared: Prepared, config: Config) -> None:
        self.prepared = prepared
        rough = config.cluster.model_copy(update={"n_init": 1, "sharpen": 0, "method": "mixture"})
        self.config = config.model_copy(update={"cluster": rough})
        self.n_domains: int | None = None
        self.before: np.ndarray | None = None

    def label(self, step: Step) -> Step:
        """Return the step with labels and churn where it carries an embedding."""
        if step.embedding is None:
            return step
        from napari_trsmi.domains.comparison import churn, match_labels
        from napari_trsmi.model.prototypes import seed_labels

        n_domains = self.n_domains = self.config.cluster.n_domains or step.n_domains or self.n_domains
        if n_domains is None:
            cluster = self.config.cluster
            n, spatial = len(step.embedding), self.prepared.spatial
            found = seed_labels(
                step.embedding,
                None,
                max_domains=cluster.max_domains,
                n_components=cluster.n_components,
                weight=1.0 / (1.0 + spatial.nnz / n),  # as in training
                seed=self.config.seed,
            )
            n_domains = self.n_domains = int(found.max()) + 1
        try:
            labels = self._cut(step.embedding, n_domains, step.epoch)
        except ConfigError as error:  # an early embedding may not hold as many groups yet
            logger.info("no preview at epoch %d: %s", step.epoch, error)
            return replace(step, embedding=None)
        moved = float("nan")
        if self.before is not None:
            labels = match_labels(labels, self.before)
            moved = churn(labels, self.before)
        self.before = labels
        # A dozen embeddings of a large section would fill the memory: the network makes one again, see keep_preview.
        embedding = step.embedding if self.prepared.tiles is None else None
        return replace(step, labels=labels, churn=moved, embedding=embedding)

    def _cut(self, embedding: np.ndarray, n_domains: int, epoch: int) -> np.ndarray:
        """Return (N,) int labels; more roughly still where there are many spots and nobody said anything of them."""
        from napari_trsmi.domains.clustering import in_context, rough_labels

        prepared, config = self.prepared, self.config
        if not is_large(len(embedding)) or config.constraints:
            found = cut(embedding, prepared, config, n_domains, None, epoch, self.before)
            self.config = as_cut(config, found)  # what the first preview took all others take
            return found.labels
        settings = in_context(config.cluster, prepared.dataset.coords, prepared.section)
        return rough_labels(
            embedding,
            prepared.spatial,
            settings,
            n_domains=n_domains,
            before=self.before,
            seed=config.seed,
            device=prepared.device,
        )

    def keep(self, step: Step) -> tuple[Partition, np.ndarray]:
        """Return the labels of a preview with their posterior, numbered by falling size.

        Returns
        -------
        partition
            The domains, with exactly the preview's labels up to their numbers.
        numbers
            (K,) int number in the preview of each domain.
        """
        from napari_trsmi.domains.mixture import posterior_of
        from napari_trsmi.graphs import neighbour_mean

        assert step.embedding is not None
        assert step.labels is not None
        numbers, codes = np.unique(step.labels, return_inverse=True)
        n = len(numbers)
        order = np.argsort(-np.bincount(codes), kind="stable")
        labels = np.argsort(order)[codes]
        again = cut(step.embedding, self.prepared, self.config, n, None, step.epoch, codes)  # for its field's strength
        prepared = self.prepared
        evidence, neighbours = side_by_side(prepared.measured.values()), neighbour_mean(prepared.spatial)
        missing = missing_columns(prepared)
        posterior = posterior_of(evidence, labels, n, neighbours, again.strength, missing, prepared.device)
        return replace(again, labels=labels, posterior=posterior.astype(np.float32)), numbers[order]


def keep_preview(
    dataset: Dataset,
    config: Config,
    step: Step,
    *,
    colors: Sequence[str] = (),
    history: Sequence[Step] = (),
    states: Checkpoints | None = None,
) -> Result:
    """Return the domains of a preview as a result.

    The labels are those of the preview, numbered by falling size. Correspondences, weights of the modalities and the
    state to train on from need the network after that epoch: it is trained again from the nearest of `states` before,
    which takes no epoch where there is one of that epoch. Where there is none, the result has none of these. Steps of a
    section that was trained by tiles carry no embedding, which then is that of the network too.

    Parameters
    ----------
    dataset, config
        What the run was made on and with.
    step
        A step of `fit_steps` with labels.
    colors
        ``"#rrggbb"`` by the preview's number of a domain; new ones where not given.
    history
        Steps up to the preview.
    states
        What `fit_steps` filled.

    Raises
    ------
    DataError
        The step carries no labels or no embedding.
    TrainingError
        As for `fit`, where the network is trained again.
    """
    state = None if states is None else states.before(step.epoch)
    if step.labels is None or (step.embedding is None and state is None):
        raise DataError(f"Expected a step with domains and embedding, found none at epoch {step.epoch}. Take another.")
    prepared = prepare(dataset, config)
    trained = None if state is None else _trained_to(step.epoch, prepared, config, state)
    if step.embedding is None:
        assert trained is not None
        step = replace(step, embedding=trained.embedding)
    partition, numbers = Previews(prepared, config).keep(step)
    assert step.embedding is not None
    result = assemble(prepared, config, step.embedding, partition)
    if trained is not None:
        result = replace(
            result,
            correspondences=trained.correspondences,
            modality_weights=trained.modality_weights,
            state=trained.state,
            provenance=with_device(result.provenance, trained),
        )
    return replace(
        result,
        colors=tuple(colors[k] for k in numbers) if colors else result.colors,
        history=tuple(history),
        provenance={**result.provenance, "kept_preview": step.epoch, "stopped": True},
    )


def _trained_to(epoch: int, prepared: Prepared, config: Config, state: bytes) -> Fit:
    """Return what training leaves behind after an epoch, gone on from a state before."""
    from napari_trsmi.model.training import train

    steps = train(
        prepared.features,
        prepared.spatial,
        prepared.feature_graphs,
        config,
        obs_names=prepared.dataset.obs_names,
        carry=prepared.carry,
        has=prepared.has,
        tiles=prepared.tiles,
        resume=state,
        until=epoch,
    )
    return drain(steps, lambda _: check())

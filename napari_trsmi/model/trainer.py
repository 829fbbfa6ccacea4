"""One run of training, epoch by epoch: its network, optimiser, reference graphs and prototypes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_trsmi.config import Config
from napari_trsmi.constraints import RowConstraint, row_constraints, satisfying
from napari_trsmi.errors import ConfigError, TrainingError
from napari_trsmi.interrupt import Helped
from napari_trsmi.model import checkpoint, losses
from napari_trsmi.model.adam import Adam
from napari_trsmi.model.devices import Own, pick_device
from napari_trsmi.model.named import by_place, in_order
from napari_trsmi.model.network import Output
from napari_trsmi.model.passes import Whole
from napari_trsmi.model.prototypes import assign, means, seed_labels
from napari_trsmi.model.ranks import joined, local_device
from napari_trsmi.model.schedules import value
from napari_trsmi.model.tiled import Tiled
from napari_trsmi.model.view import View
from napari_trsmi.records import Checkpoints, Fit, Step
from napari_trsmi.tiles import Tiles


class Trainer:
    """State of one run: network, optimiser, reference graphs, prototypes, history."""

    def __init__(
        self,
        features: dict[str, np.ndarray],
        spatial: sparse.csr_matrix,
        feature_graphs: dict[str, sparse.csr_matrix],
        config: Config,
        obs_names: np.ndarray | None = None,
        carry: dict[str, sparse.csr_matrix] | None = None,
        has: dict[str, np.ndarray] | None = None,
        tiles: Tiles | None = None,
    ) -> None:
        self.config = config
        names = np.arange(spatial.shape[0]).astype(str) if obs_names is None else obs_names
        self.spots = hashlib.sha256("\n".join(names).encode()).hexdigest()  # weights of edges go by the spots' order
        self.constraints = [
            (constraint, rows)
            for constraint in config.constraints
            for rows in row_constraints([constraint.model_copy(update={"until": None})], names)
        ]
        self.device, self.left = pick_device(local_device(config.device))
        self.ranks = joined(self.device)
        if self.ranks.count > 1 and (tiles is None or config.constraints):
            raise ConfigError(
                f"Expected a section that is trained by tiles, without constraints, for {self.ranks.count} processes, "
                f"found {spatial.shape[0]:,} spots and {len(config.constraints)} constraints. Start one process."
            )
        self.own = Own(config.threads, config.seed)
        with self.own.at_work():
            self.section: Whole | Tiled = (
                Whole(features, spatial, feature_graphs, config, self.device, carry, has)
                if tiles is None
                else Tiled(features, spatial, feature_graphs, config, self.device, tiles, has, self.ranks)
            )
        self.network = self.section.network
        self.shapes = {m: tuple(x.shape) for m, x in features.items()}
        self.n_spatial = spatial.nnz / spatial.shape[0]
        self.references: dict[str, Tensor] = {}
        self.prototypes: torch.nn.Parameter | None = None
        self.optimizer = Adam(
            [p for p in self.network.parameters() if p.requires_grad],
            lr=config.train.learning_rate,
            weight_decay=config.train.weight_decay,
        )
        self.history: list[Step] = []
        self.epoch = 0
        self.seconds = 0.0

    @property
    def n_epochs(self) -> int:
        """Epochs in all."""
        return self.config.train.epochs + self.config.train.extra_epochs

    def constraints_after(self, epoch: int) -> list[RowConstraint]:
        """Return the constraints that count once `epoch` epochs are done."""
        return [rows for constraint, rows in self.constraints if constraint.counts(epoch)]

    def run(self, path: Path | None, states: Checkpoints | None, until: int | None) -> Generator[Step, str | None, Fit]:
        """Yield the remaining steps, then return the fit."""
        n_epochs = self.n_epochs if until is None else min(until, self.n_epochs)
        every = self.config.train.checkpoint_every
        stopped = n_epochs < self.n_epochs
        while self.epoch < n_epochs:
            started = time.perf_counter()
            with self.own.at_work():
                step = self.advance()
            self.seconds += time.perf_counter() - started
            step = replace(step, seconds=self.seconds)
            self.history.append(step)
            if path is not None and not self.ranks.own and every and self.epoch % every == 0:
                checkpoint.write(path, self.state())
            if states is not None and states.budget and step.embedding is not None:
                states.add(self.epoch, self.state())
            stop = (yield step) == "stop"
            if any(self.ranks.gathered([stop])):
                stopped = True
                break
        self.ranks.part()
        if self.ranks.own:
            raise Helped
        with self.own.at_work():
            return self.finish(stopped)

    def fraction(self, epoch: int) -> float:
        """Share of the schedule done before epoch `epoch`, counted so that its last epoch has 1, as have all after."""
        last = self.config.train.epochs - 1
        return epoch / last if epoch < last else 1.0

    def advance(self) -> Step:
        """Train one epoch and report it."""
        config, epochs = self.config, self.config.train.epochs
        fraction = self.fraction(self.epoch)
        if self.epoch and self.epoch % config.align.refresh == 0:
            self.network.forget_candidates()
        constraints = (
            self.constraints_after(self.epoch)
            if config.loss.lam_constraint or config.cluster.constraint_strength
            else []
        )
        wanted = config.loss.lam_cluster > 0 or constraints
        seeded = self.prototypes is None and wanted and self.epoch >= config.cluster.start * epochs
        if seeded:
            self.seed_prototypes()
        if self.prototypes is not None and (seeded or any(c.start == self.epoch for c, _ in self.constraints)):
            self.split_prototypes(constraints)
        warm = self.epoch < config.align.warmup * epochs
        self.optimizer.zero_grad()
        reported: list[dict[str, float]] = []
        for view in self.section.views(self.epoch, constraints):
            output = self.network(fraction, warm=warm, view=view)
            terms = self.terms(output, view, fraction, constraints)
            if not torch.isfinite(terms["total"]):
                raise TrainingError(
                    f"Expected a finite loss at epoch {self.epoch + 1}, found {float(terms['total'].detach())}. "
                    "Lower train.learning_rate, or raise the temperatures."
                )
            (terms["total"] / self.section.n_views).backward()
            reported.append({name: float(term.detach()) for name, term in terms.items()})
            self.section.seen(output, view)
        self.ranks.averaged(p for group in self.optimizer.param_groups for p in group["params"])
        reported = self.ranks.gathered(reported)
        self.optimizer.step()
        self.update_references(self.section.graphs_now(output))
        self.epoch += 1
        every = config.train.preview_every
        preview = every > 0 and (self.epoch in (1, self.n_epochs) or self.epoch % every == 0)
        return Step(
            epoch=self.epoch,
            n_epochs=self.n_epochs,
            losses=_means(reported),
            beta=float(output.beta.detach()),
            temperature=output.temperature,
            tau_c=value(config.cluster.tau_c, fraction),
            embedding=self.section.preview(output) if preview else None,
            n_domains=None if self.prototypes is None else len(self.prototypes),
        )

    def terms(
        self, output: Output, view: View, fraction: float, constraints: Sequence[RowConstraint] = ()
    ) -> dict[str, Tensor]:
        """Return every term of the objective, unweighted, and their weighted sum ``"total"``."""
        config = self.config.loss
        features, decoded, has = (
            {m: values[: view.core] for m, values in one.items()} for one in (view.features, output.decoded, view.has)
        )
        terms = {"reconstruction": losses.reconstruction(features, decoded, config.modality_weights, has)}
        total = config.w_reconstruction * terms["reconstruction"]
        if self.prototypes is not None:
            tau_c = value(self.config.cluster.tau_c, fraction)
            terms["cluster"] = losses.prototype_contrast(output.z[: view.core], self.prototypes, tau_c)
            total = total + config.lam_cluster * terms["cluster"]
            if constraints and config.lam_constraint > 0:
                z, said = self.section.said(output, view, constraints)
                if said:
                    terms["constraint"] = losses.constraint_loss(z, self.prototypes, tau_c, said)
                    total = total + config.lam_constraint * terms["constraint"]
        if config.lam_graph > 0 and self.config.graph.learn_edges:
            references = self.section.reference_graphs(self.references, output, view)
            terms["graph"] = losses.graph_drift(output.graphs, references, view.pattern)
            total = total + config.lam_graph * terms["graph"]
        return {**terms, "total": total}

    def update_references(self, now: Mapping[str, Tensor]) -> None:
        r"""Move the references to the learned graphs, :math:`\bar A \leftarrow g \bar A + (1-g) A`; no gradient."""
        decay = self.config.loss.ema_decay
        for m, graph in now.items():
            self.references[m] = decay * self.references[m] + (1 - decay) * graph if m in self.references else graph

    def seed_prototypes(self) -> None:
        """Place the prototypes by split-and-merge on the current embedding."""
        z, _ = self.section.sample(self.fraction(self.epoch))
        self.add_prototypes(torch.as_tensor(means(z, self.seed_labels(z))))

    def split_prototypes(self, constraints: Sequence[RowConstraint]) -> None:
        """Give each side of what is apart a prototype of its own.

        Their number stays where it was asked for, and the two closest others become one; else it grows.
        """
        assert self.prototypes is not None
        z, apart = self.section.sample(self.fraction(self.epoch), [one for one in constraints if one.kind == "apart"])
        if not apart:
            return
        cluster, before = self.config.cluster, self.prototypes.detach().cpu().numpy()
        most = cluster.n_domains or cluster.max_domains
        labels = np.unique(assign(z, before), return_inverse=True)[1]
        found = satisfying(z, labels, apart, most)
        if (found != labels).any():
            self.add_prototypes(torch.as_tensor(means(z, found)))

    def seed_labels(self, z: np.ndarray) -> np.ndarray:
        """Split-and-merge labels of an embedding; a spot counts as 1 / (1 + its neighbours)."""
        cluster = self.config.cluster
        return seed_labels(
            z,
            cluster.n_domains,
            max_domains=cluster.max_domains,
            n_components=cluster.n_components,
            weight=1.0 / (1.0 + self.n_spatial),
            seed=self.config.seed,
        )

    def add_prototypes(self, prototypes: Tensor) -> None:
        """Make `prototypes` (K, d) learnable, in place of those there are."""
        if self.prototypes is not None:
            self.optimizer.state.pop(self.prototypes, None)
            self.optimizer.param_groups.pop()
        self.prototypes = torch.nn.Parameter(prototypes.to(self.device))
        self.optimizer.add_param_group({"params": [self.prototypes]})

    def finish(self, stopped: bool) -> Fit:
        """Return the result of the final weights."""
        found = self.section.outcome(self.fraction(self.epoch - 1) if self.epoch else 0.0)
        z = found.embedding
        if not np.isfinite(z).all():
            raise TrainingError("Expected a finite embedding, found NaN or infinity. Lower train.learning_rate.")
        prototypes = (
            means(z, self.seed_labels(z)) if self.prototypes is None else self.prototypes.detach().cpu().numpy()
        )
        return Fit(
            embedding=z,
            prototypes=prototypes,
            correspondences=found.correspondences,
            modality_weights=found.shares,
            modalities=self.network.names,
            history=tuple(self.history),
            stopped=stopped,
            device=str(self.device),
            devices_left=self.left,
            state=self.state(),
        )

    def state(self) -> bytes:
        """Return all that training needs to go on: weights, moments, reference graphs, prototypes, history, chance."""
        return checkpoint.packed(
            {
                **self.identity(),
                "config": self.config.to_json(),
                "epoch": self.epoch,
                "prototypes": None if self.prototypes is None else self.prototypes.detach(),
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "references": self.references,
                "random": self.own.random,
                "history": [checkpoint.plain(step) for step in self.history],
            }
        )

    def identity(self) -> dict[str, Any]:
        """Return what the data are known by: the weights of edges go by the spots' order."""
        return {"shapes": self.shapes, "tiles": self.section.tiling, "spots": self.spots}

    def load(self, source: Path | bytes) -> None:
        """Continue from the checkpoint at a path, or from a state."""
        state = checkpoint.unpacked(source, self.config, self.identity(), self.device)
        if state["prototypes"] is not None:
            self.add_prototypes(state["prototypes"])
        weights = state["network"]
        optimizer = state["optimizer"]
        if state["version"] <= 2:
            optimizer, weights = in_order(optimizer, weights, self.network), by_place(weights, self.network)
        self.network.load_state_dict(weights)
        self.optimizer.load_state_dict(optimizer)
        self.references = state["references"]
        self.own.random = state["random"].cpu()
        self.history = [Step(**step) for step in state["history"]]
        self.epoch = state["epoch"]
        self.seconds = self.history[-1].seconds if self.history else 0.0


def _means(reported: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of every term over the parts of an epoch that have it."""
    names = dict.fromkeys(name for terms in reported for name in terms)
    return {name: float(np.mean([terms[name] for terms in reported if name in terms])) for name in names}

"""``trsmi trust``: whether domains come out again, and whether they would by chance."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from tyro.conf import Positional, arg

from napari_trsmi.cli.command import Flag, Saving
from napari_trsmi.records import drain

if TYPE_CHECKING:
    from napari_trsmi.records import Progress

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Trust(Saving):
    """Question the domains of a saved result, and write a copy of it with the answers.

    Its settings run again on fresh measurements from other seeds, and on tissue with shuffled spots; each modality
    alone is cut into as many domains. The stability of spots and boundaries goes into the copy.
    """

    result: Annotated[Positional[Path], arg(metavar="RESULT", help="File that `trsmi fit` wrote.")]
    seeds: Annotated[int, arg(help="Runs to compare, the saved one among them; 1 for none.")] = 5
    no_perturb: Annotated[
        Flag,
        arg(
            help="Vary only the seed. Otherwise every run but the saved one is of data as another measurement of the "
            "section would have them: each count kept with probability 0.8, fresh noise on everything else.",
            help_behavior_hint="",
        ),
    ] = False
    shuffles: Annotated[int, arg(help="Runs on shuffled tissue; 0 for none.")] = 3
    keep: Annotated[
        Literal["gradients", "nothing"],
        arg(
            help="What shuffling keeps: the coarse gradients of depth and position, spots changing places only with "
            "those of like place and depth; or nothing."
        ),
    ] = "gradients"
    domains: Annotated[
        tuple[int, ...],
        arg(metavar="[K ...]", help="Numbers of domains to try for their stability.", help_behavior_hint=""),
    ] = ()

    leave_section_out: Annotated[
        Flag,
        arg(
            help="Train a study again without each of its sections, and see which domains come back. As many more "
            "trainings as there are sections.",
            help_behavior_hint="",
        ),
    ] = False

    def run(self) -> None:
        """Read, run again, write."""
        from napari_trsmi.restoring import restore
        from napari_trsmi.trust import (
            chance,
            check_several,
            check_trust,
            describe,
            seed_stability,
            stability_curve,
            with_trust,
            without_each_section,
        )

        self.check()
        check_trust(n_seeds=self.seeds, n_runs=self.shuffles, n_domains=self.domains)
        result = restore(self.result)
        if self.leave_section_out:
            check_several(result)
        found: dict[str, Any] = {}
        perturb = not self.no_perturb
        if self.seeds > 1:
            found["stability"] = self.follow(seed_stability(result, self.seeds, perturb=perturb))
        if self.shuffles:
            found["by_chance"] = self.follow(chance(result, self.shuffles, keep=self.keep))
        if self.domains:
            n_seeds, known = max(self.seeds, 2), found.get("stability")
            curve = stability_curve(result, self.domains, n_seeds, perturb=perturb, stability=known)
            found["curve"] = self.follow(curve)
        if self.leave_section_out:
            found["sections"] = self.follow(without_each_section(result))
        result = with_trust(result, **found)
        self.report(describe(result))
        self.save(result)

    def follow(self, check: Generator[Progress, None, T]) -> T:
        """Return what a check finds, telling how far it is."""
        return drain(check, lambda step: self.tell(f"{step.text} ({step.done + 1} of {step.total})"))

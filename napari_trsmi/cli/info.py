"""``trsmi info``: what a report of a problem needs to say about this machine."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Annotated

from tyro.conf import arg

from napari_trsmi.cli import window
from napari_trsmi.cli.command import Command, Flag


@dataclass(frozen=True, kw_only=True)
class Info(Command):
    """Print versions, platform, devices, window and extras: what a report of a problem needs.

    Each device that torch finds is tried, which can take seconds. Nothing is sent anywhere.
    """

    json: Annotated[Flag, arg(help="Print JSON.", help_behavior_hint="")] = False

    def run(self) -> None:
        """Find out and print."""
        from napari_trsmi.info import attempt, collect, to_text

        facts = collect()
        facts["window"].update(attempt(lambda: {"missing": window.missing() or "nothing"}))
        if self.json:
            print(json.dumps(facts, indent=2))
        else:
            kept = sys.stdout.encoding or "ascii"  # words of the system that a Windows console cannot show
            self.report(to_text(facts).encode(kept, "backslashreplace").decode(kept))

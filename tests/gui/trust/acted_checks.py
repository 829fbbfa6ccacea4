"""The runs that checks ask for, acted."""

from __future__ import annotations

from acted_training import acted


def act(monkeypatch, trained, **how):
    """Act every run of the method from now on; return {seed: how often it was run}."""
    ran, play = {}, acted(trained, **how)

    def fit_steps(dataset, config, previews=True, **_):
        ran[config.seed] = ran.get(config.seed, 0) + 1
        return (yield from play(dataset, config))

    monkeypatch.setattr("napari_trsmi.api.fit_steps", fit_steps)
    return ran

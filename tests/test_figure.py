"""The figure of the domains over the tissue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import EllipseCollection
from matplotlib.colors import to_rgb
from matplotlib.image import AxesImage, imread

from napari_trsmi import figure
from napari_trsmi.config import Config
from napari_trsmi.data.dataset import Dataset, Modality, TissueImage
from napari_trsmi.data.result import Result
from napari_trsmi.data.study import stack
from napari_trsmi.errors import DataError
from napari_trsmi.records import Partition
from napari_trsmi.report.figures import domains


def square(side: int) -> np.ndarray:
    return np.stack(np.divmod(np.arange(side**2), side)[::-1], axis=1).astype(float)


def hexagonal(side: int) -> np.ndarray:
    x, y = square(side).T
    return np.stack([x + 0.5 * (y % 2), y * np.sqrt(0.75)], axis=1)


def result_of(coords: np.ndarray, n_domains: int = 4, **found: object) -> Result:
    """Bands of equal width from left to right, one a domain."""
    n = len(coords)
    obs = pd.DataFrame(index=[str(i) for i in range(n)])
    modality = Modality("rna", "rna", AnnData(np.ones((n, 1), np.float32), obs=obs))
    dataset = Dataset("section", {"rna": modality}, coords, obs.index.to_numpy(str), obs, **found)  # type: ignore[arg-type]
    rank = np.argsort(np.argsort(coords[:, 0], kind="stable"))
    posterior = np.eye(n_domains, dtype=np.float32)[rank * n_domains // n] * 0.8 + 0.2 / n_domains
    return Result(dataset, Config(), Partition(posterior.argmax(axis=1), posterior, "mixture"), np.zeros((n, 2)))


IMAGE = TissueImage(np.full((40, 60, 3), 200, np.uint8), 0.5)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_each_format_is_written_whole(tmp_path: Path, suffix: str) -> None:
    result = result_of(hexagonal(10), image=IMAGE, spot_diameter=0.6, microns_per_unit=100.0)
    path = figure.save(result, tmp_path / f"x{suffix}", confidence=True)
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(start)
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a$_$b", r"$\\frac$", "50 % & <b>"])
def test_a_name_is_drawn_as_it_is(tmp_path: Path, name: str) -> None:
    result = result_of(hexagonal(10))
    named = replace(result, dataset=replace(result.dataset, name=name))
    assert figure.save(named, tmp_path / "x.png").stat().st_size > 1000
    assert domains(named).startswith("data:image/png")


@pytest.mark.parametrize(
    "coords", [pytest.param(square(9), marks=pytest.mark.slow), hexagonal(10)], ids=["pixels", "discs"]
)
def test_the_box_of_a_png_is_the_one_that_matplotlib_finds(tmp_path: Path, coords: np.ndarray) -> None:
    result = result_of(coords, n_domains=9, image=IMAGE, microns_per_unit=100.0)
    ours = figure.save(result, tmp_path / "ours.png", confidence=True)
    figure.draw(result, confidence=True).savefig(
        tmp_path / "theirs.png", dpi=200.0, bbox_inches="tight", pad_inches=0.1
    )
    assert ours.read_bytes() == (tmp_path / "theirs.png").read_bytes()


def test_the_images_of_a_png_are_gone_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, before = [], AxesImage.make_image
    monkeypatch.setattr(AxesImage, "make_image", lambda *a, **k: made.append(1) or before(*a, **k))
    figure.save(result_of(square(9)), tmp_path / "x.png")
    assert len(made) == 1


def test_support_is_drawn_beside_the_domains_and_certainty_where_there_is_none(tmp_path: Path) -> None:
    plain = result_of(square(10))
    supported = replace(plain, maps={"support": np.linspace(0, 1, 100, dtype=np.float32)})
    assert titles(figure.draw(supported, support=True))[1:] == ["Support"]
    assert titles(figure.draw(plain, support=True))[1:] == ["Certainty of the model"]
    both = figure.draw(supported, support=True, confidence=True)
    assert titles(both)[1:] == ["Support", "Certainty of the model"]
    both.draw_without_rendering()
    first, second, third = (axes.get_position() for axes in both.axes if axes.get_title())
    assert first.x1 < second.x0 < second.x1 < third.x0


def test_an_undecided_result_is_told_over_its_figure() -> None:
    result = result_of(square(10))
    result.provenance["support"] = {"n_cuts": 5, "agreement": 0.2, "spots": 0.3}
    (title,) = titles(figure.draw(result))
    assert "Undecided: other cuts of the same run agree with mean ARI 0.20 only." in title.replace("\n", " ")


def titles(drawn) -> list[str]:
    return [axes.get_title() for axes in drawn.axes if axes.get_title()]


def test_an_svg_names_every_domain_with_its_count_and_the_scale(tmp_path: Path) -> None:
    result = result_of(square(10), 25, image=IMAGE, microns_per_unit=100.0)
    text = figure.save(result, tmp_path / "x.svg").read_text()
    for name in result.names:
        assert f">{name}  (4)<" in text
    assert "µm<" in text
    assert ">section: 25 domains<" in text


@pytest.mark.parametrize(
    "n_domains", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(25, marks=pytest.mark.slow), 30]
)
def test_no_legend_touches_the_tissue_or_is_cut_off(tmp_path: Path, n_domains: int) -> None:
    drawn = figure.draw(result_of(square(12), n_domains))
    axes = drawn.axes[0]
    legend = axes.get_legend()
    assert legend is not None
    drawn.draw_without_rendering()
    assert not legend.get_window_extent().overlaps(axes.get_window_extent())
    pixels = imread(figure.save(result_of(square(12), n_domains), tmp_path / "x.png", dpi=60))[..., :3]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (border == 1).all()


def test_every_domain_is_seen_in_its_colour(tmp_path: Path) -> None:
    for coords in (square(12), hexagonal(12)):
        result = result_of(coords, 30)
        pixels = imread(figure.save(result, tmp_path / "x.png", dpi=100))[:, :600, :3].reshape(-1, 3)
        for color in result.palette:
            assert (np.abs(pixels - to_rgb(color)).max(axis=1) < 0.01).sum() > 20


def test_square_grids_tile_without_gaps(tmp_path: Path) -> None:
    result = result_of(square(101) * 7.3 - 20, 1)
    pixels = imread(figure.save(result, tmp_path / "x.png", dpi=71))[..., :3]
    same = np.abs(pixels - to_rgb(result.palette[0])).max(axis=2) < 0.01
    rows, columns = np.flatnonzero(same.sum(axis=1) > 250), np.flatnonzero(same.sum(axis=0) > 250)
    assert same[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


def test_square_spots_are_fine_enough_to_stay_sharp_in_a_drawing() -> None:
    (image,) = figure.draw(result_of(square(12), 3)).axes[0].images
    pixels = np.asarray(image.get_array())
    assert min(pixels.shape[:2]) > 1000
    np.testing.assert_array_equal(pixels[:166, :166], np.broadcast_to(pixels[0, 0], (166, 166, 4)))


@given(
    step=st.floats(1e-3, 1e4),
    offset=st.floats(-100, 100),
    side=st.integers(3, 12),
    kept=st.integers(0, 2**16),
    jitter=st.floats(0, 1e-4),
)
def test_square_grids_are_known_with_places_empty(
    step: float, offset: float, side: int, kept: int, jitter: float
) -> None:
    rng = np.random.default_rng(kept)
    coords = square(side)
    coords += jitter * rng.random(coords.shape)
    coords = coords[rng.random(len(coords)) < 0.95] if side > 5 else coords
    found = figure.square_grid((coords + offset) * step)
    assert found is not None
    np.testing.assert_allclose(found, step, rtol=1e-2)


@pytest.mark.parametrize("coords", [hexagonal(12), np.random.default_rng(0).random((200, 2)), square(3)[:3]])
def test_other_arrangements_are_no_square_grid(coords: np.ndarray) -> None:
    assert figure.square_grid(coords) is None


def test_spots_have_their_true_size_and_lie_on_the_image_with_y_down() -> None:
    result = result_of(hexagonal(10), image=IMAGE, spot_diameter=0.6)
    axes = figure.draw(result).axes[0]
    (discs,) = [artist for artist in axes.collections if isinstance(artist, EllipseCollection)]
    np.testing.assert_allclose(discs.get_widths(), 0.6)
    np.testing.assert_allclose(discs.get_offsets(), result.coords)
    assert axes.images[0].get_extent() == [-1.0, 119.0, 79.0, -1.0]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_many_spots_are_rasterised() -> None:
    coords = np.random.default_rng(0).random((50_001, 2))
    (discs,) = figure.draw(result_of(coords)).axes[0].collections
    assert discs.get_rasterized()


def test_pyplot_stays_out_of_it(tmp_path: Path) -> None:
    from matplotlib import pyplot, rcParams

    before = dict(rcParams)
    figure.save(result_of(square(5)), tmp_path / "x.png", confidence=True)
    assert pyplot.get_fignums() == []
    assert dict(rcParams) == before


def test_the_same_result_gives_the_same_svg(tmp_path: Path) -> None:
    texts = [figure.save(result_of(square(5)), tmp_path / f"{i}.svg").read_text() for i in range(2)]
    assert [line for line in texts[0].splitlines() if "date" not in line] == [
        line for line in texts[1].splitlines() if "date" not in line
    ]


@pytest.mark.parametrize(("name", "sentence"), [("x.gif", "ending in .png"), ("none/x.png", "Expected the folder")])
def test_a_place_or_format_that_cannot_be_is_one_sentence(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        figure.save(result_of(square(5)), tmp_path / name)


def test_sections_of_a_study_lie_side_by_side_each_on_its_image_under_its_name() -> None:
    first = result_of(square(10), image=IMAGE, spot_diameter=0.6, microns_per_unit=100.0)
    coarse = TissueImage(IMAGE.pixels, 0.25)
    other = replace(first.dataset, coords=2 * square(10), image=coarse, spot_diameter=1.2, microns_per_unit=50.0)
    study = stack({"a": first.dataset, "b": other})
    twice = np.vstack([first.partition.posterior] * 2)
    result = replace(first, dataset=study, partition=Partition(twice.argmax(axis=1), twice, "mixture"))
    axes = figure.draw(result).axes[0]
    assert [text.get_text() for text in axes.texts] == ["a", "b"]
    own, neighbour = axes.images
    shift = study.places[1].x
    assert neighbour.get_extent() == pytest.approx(np.add(own.get_extent(), [shift, shift, 0, 0]))
    assert axes.get_xlim()[1] > study.coords[:, 0].max()
    assert axes.get_xlim()[0] > own.get_extent()[0] - 5  # the frame is that of the spots, images do not widen it
    discs = [one for one in axes.collections if isinstance(one, EllipseCollection)]
    assert [one.get_widths()[0] for one in discs] == pytest.approx([0.6, 0.6])

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

import napari_trsmi as nt
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.records import EVEN
from napari_trsmi.report import page, write_report
from napari_trsmi.summary import SUPPORT_MEANS

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="module")
def result(fitted):
    """The saved run."""
    return nt.restore(fitted.path)


@pytest.fixture(scope="module")
def report(result, tmp_path_factory):
    """Its report."""
    return write_report(result, tmp_path_factory.mktemp("report") / "slice.html", truth="domain")


def test_the_page_loads_nothing_from_anywhere(report):
    text = report.read_text(encoding="utf-8")
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", text)
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert not re.search(r"<script|@import|url\(", text)


def test_scores_are_told_in_words_with_their_meaning(report):
    text = report.read_text(encoding="utf-8")
    assert "Scattered spots (PAS)" in text
    assert "Share of spots most of whose neighbours are of other domains" in text
    assert "rna and adt agree on which domains are alike" in text
    assert "arrangement_" not in text.split("<details><summary>All settings", 1)[0]
    assert "preservation_" not in text


def test_the_page_shows_domains_boundaries_markers_and_the_comparison(result, report):
    text = report.read_text(encoding="utf-8")
    for name, color in zip(result.names, result.palette, strict=True):
        assert f'style="background:{color}"></span>{name}</td>' in text
    assert len(re.findall(r'<tr class=""?><td><span class="dot"', text)) + text.count("<tr><td><span class") >= len(
        result.boundaries
    )
    from napari_trsmi.compare import compare, labels_of_column

    known = labels_of_column(result.dataset, "domain")
    found = compare(result.labels, known.labels, spatial_graph(result.coords, result.config.graph.k_spatial))
    row = re.search(r"column <b[^>]*>domain</b>.*?</tr>", text)
    assert row
    numbers = re.findall(r'<td class="n">([\d.]+)</td>', row[0])
    assert numbers == [f"{v:.3f}" for v in (found.ari, found.nmi, found.boundary_f1, found.boundary_f1_near)]
    assert f"{found.n_different:,} of 400" in row[0]
    assert "<details open><summary>Comparison with domain" in text
    label = "".join(f'<td class="n">{n:,}</td>' if n else '<td class="n"></td>' for n in found.contingency[:, 0])
    assert f"<td>{known.names[0]}</td>{label}" in text
    assert "cluster.n_domains = 7" in text
    assert nt.markers(result, n_top=1)["rna"]["feature"].iloc[0] in text


def test_the_page_shows_support_first_and_says_what_it_means(result, report):
    text = report.read_text(encoding="utf-8")
    assert "Boundaries, least supported first" in text
    assert SUPPORT_MEANS in text
    assert '<th class="n">support</th><th class="n">certainty</th>' in text
    assert f"mean support {result.maps['support'].mean():.2f}" in text
    assert "Undecided" not in text
    assert "onfidence" not in re.sub(r"<details>.*?</details>|<code>.*?</code>", "", text, flags=re.DOTALL)


@pytest.mark.slow
def test_without_support_the_page_says_nothing_of_it(result):
    plain = replace(
        result, maps={}, boundaries=result.boundaries.drop(columns="support"), cuts=None, provenance={}, history=()
    )
    text = re.sub(r"<details>.*?</details>", "", page(plain), flags=re.DOTALL)
    assert "support" not in text.lower()
    assert "Boundaries, least certain first" in text


@pytest.mark.slow
def test_an_undecided_result_and_the_curve_of_its_number_are_on_the_page(result):
    numbers = {
        "numbers": [2, 3, 4],
        "agreement": [0.9, None, 0.7],
        "found_again": [1.0, 2.5, 2.0],
        "score": [0.4, 1.0, 0.8],
        "chosen": 3,
        "about_as_good": [3, 4],
        "told": True,
    }
    told = {**result.provenance, "support": {"n_cuts": 5, "agreement": 0.2, "spots": 0.3}, "numbers": numbers}
    text = page(replace(result, provenance=told))
    assert "<b>Undecided: other cuts of the same run agree with mean ARI 0.20 only." in text
    assert "3 domains would be chosen; about as good: 4." in text
    assert 'alt="What speaks for each number of domains"' in text


@pytest.mark.slow
def test_an_emphasis_that_nobody_asked_for_is_on_the_page(result):
    assert "even emphasis" in page(replace(result, provenance={**result.provenance, "notes": [EVEN]}))


def test_names_and_notes_are_shown_as_text_and_never_run(result):
    named = replace(result, domain_names=("<script>alert(1)</script>", *result.names[1:]))
    text = page(named)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_a_wrong_ending_or_column_is_refused_and_nothing_is_written(result, tmp_path):
    with pytest.raises(nt.DataError, match=r"ending in \.html"):
        write_report(result, tmp_path / "a.pdf")
    with pytest.raises(nt.DataError, match=r"Expected a column of the file .* found 'nothing'"):
        write_report(result, tmp_path / "a.html", truth="nothing")
    assert not list(tmp_path.iterdir())


def test_the_command_says_where_the_report_is(fitted, tmp_path, capsys):
    from napari_trsmi.cli import main

    out = tmp_path / "r.html"
    assert main(["report", str(fitted.path), "-o", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    assert out.stat().st_size > 50_000


@pytest.mark.skipif(BROWSER is None, reason="no Chromium: apt-get install chromium")
def test_a_browser_shows_and_prints_the_page(report, tmp_path):
    assert BROWSER
    browser = [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}"]
    address = report.as_uri()
    shown = subprocess.run([*browser, "--dump-dom", address], capture_output=True, text=True, timeout=120, check=True)
    assert "Boundaries, least supported first" in shown.stdout
    printed = tmp_path / "printed.pdf"
    subprocess.run([*browser, f"--print-to-pdf={printed}", address], capture_output=True, timeout=120, check=True)
    assert printed.read_bytes().startswith(b"%PDF")
    assert printed.stat().st_size > 100_000

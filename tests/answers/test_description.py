"""What a domain is: composition, gene sets by value against scipy, neighbours, suggested names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom, mannwhitneyu

import napari_trsmi as nt
from napari_trsmi.answers.description import describe_domain
from napari_trsmi.answers.gene_sets import enriched_sets, read_sets
from napari_trsmi.errors import ConfigError, DataError

TABLE = pd.DataFrame(
    {
        "feature": [f"ENSG{j}" for j in range(40)],
        "name": [f"Gene{j}" for j in range(40)],
        "score": np.linspace(4, -4, 40),
        "p_adjusted": np.r_[np.full(8, 0.001), np.full(32, 0.5)],
    }
)
SETS = {"high": ("gene0", "GENE2", "Gene3", "absent"), "low": ("ENSG37", "ENSG39"), "none": ("absent",)}


@pytest.fixture(scope="module")
def trained() -> nt.Result:
    """Domains of the sample, cut by a short run; with the true domains as column ``domain``."""
    config = nt.Config(
        cluster={"n_domains": 7, "n_init": 1}, train={"epochs": 3}, preprocess={"n_components": 8}, seed=1
    )
    return nt.fit(nt.read(nt.sample_path()), config)


def test_sets_are_found_by_any_name_and_ranked_as_scipy_does():
    found = enriched_sets(TABLE, SETS).set_index("set")
    assert list(found.index) == ["high", "low"]
    assert found.loc["high", "n_found"] == 3
    assert found.loc["high", "leading"] == "Gene0, Gene2, Gene3"
    inside = TABLE.index.isin([0, 2, 3])
    score = TABLE["score"]
    expected = mannwhitneyu(score[inside], score[~inside], method="asymptotic", use_continuity=False)
    assert found.loc["high", "p"] == pytest.approx(expected.pvalue)
    assert found.loc["low", "score"] < 0 < found.loc["high", "score"]


def test_overlap_is_the_hypergeometric_test_of_what_is_higher():
    found = enriched_sets(TABLE, SETS, "overlap").set_index("set")
    assert found.loc["high", "p"] == pytest.approx(hypergeom.sf(2, 40, 8, 3))
    assert found.loc["low", "p"] == 1


def test_decoupler_gives_its_own_numbers_where_it_is_installed():
    decoupler = pytest.importorskip("decoupler")
    found = enriched_sets(TABLE, SETS, "ulm").set_index("set")
    names = TABLE["feature"].tolist()
    net = pd.DataFrame({"source": "high", "target": ["ENSG0", "ENSG2", "ENSG3"], "weight": 1.0})
    data = pd.DataFrame([TABLE["score"].to_numpy()], index=["a"], columns=names)
    score, _ = decoupler.mt.ulm(data=data, net=net, tmin=1, verbose=False)
    assert found.loc["high", "score"] == pytest.approx(float(score["high"].iloc[0]))
    assert found.loc["low", "score"] < 0


def test_without_decoupler_its_methods_say_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "decoupler", None)
    with pytest.raises(DataError, match=r"napari-trsmi\[genesets\]"):
        enriched_sets(TABLE, SETS, "ulm")
    with pytest.raises(ConfigError, match="Expected a method out of ranks, overlap"):
        enriched_sets(TABLE, SETS, "magic")


def test_sets_are_read_from_gmt_files_and_from_what_people_type(tmp_path):
    file = tmp_path / "sets.gmt"
    file.write_text("# comment\nT cells\thttp://x\tCD3E\tCD4\n\nB cells\t\tMS4A1\n")
    typed = "T cells: CD3E, CD4\nB cells: MS4A1"
    assert read_sets(file) == read_sets(str(file)) == read_sets(typed) == read_sets(read_sets(typed))
    assert read_sets("x: A B; C") == {"x": ("A B", "C")}
    assert read_sets("x: A B C") == {"x": ("A", "B", "C")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x: A\nno colon here", "in line 2"),
        ("x: A\nx: B", "found 'x' again in line 2"),
        ("x:", 'Expected "name: CD3E, CD4"'),
        ("#\n", "found none"),
        ("/nowhere/sets.gmt", "Expected a file of gene sets"),
    ],
)
def test_what_is_no_set_is_refused_with_its_line(text, said):
    with pytest.raises(DataError, match=said):
        read_sets(text)


def test_composition_adds_up_and_its_p_is_hypergeometric(trained):
    found = describe_domain(trained, "1", columns=["domain"], held_out=False)
    table = found.composition["domain"].set_index("category")
    inside, truth = trained.labels == 0, trained.dataset.obs["domain"].astype(str)
    assert table["spots"].sum() == inside.sum() == found.n_spots
    assert table["share"].sum() == pytest.approx(1)
    best = table.index[0]
    assert table.loc[best, "share"] == pytest.approx((truth[inside] == best).mean())
    assert table.loc[best, "share_rest"] == pytest.approx((truth[~inside] == best).mean())
    n, many = len(truth), int((truth == best).sum())
    assert table.loc[best, "p"] == pytest.approx(hypergeom.sf(table.loc[best, "spots"] - 1, n, many, inside.sum()))


def test_neighbours_are_counted_on_the_border_with_their_support(trained):
    found = describe_domain(trained, 2, columns=[], held_out=False)
    edges = trained.boundary_edges
    own = edges[(edges["domain_a"] == 2) | (edges["domain_b"] == 2)]
    assert found.neighbours["edges"].sum() == len(own)
    assert found.neighbours["share"].sum() == pytest.approx(1)
    assert found.support == pytest.approx(own["support"].mean())
    assert "z" not in found.neighbours


@pytest.mark.slow
def test_neighbours_are_tested_by_squidpy_when_asked(trained):
    pytest.importorskip("squidpy")
    found = describe_domain(trained, 0, columns=[], held_out=False, permutations=20)
    assert found.neighbours["z"].notna().all()


def test_a_name_is_suggested_with_its_evidence_and_never_given(trained):
    found = describe_domain(trained, "1", columns=["domain"], held_out=False)
    first = found.suggestions[0]
    best = found.composition["domain"].iloc[0]
    assert first.source == "domain"
    assert first.name.split(" (")[0] == best["category"]
    assert f"{best['share']:.0%} of its spots are {best['category']}" in first.evidence
    assert trained.names[0] == "1"
    assert found.suggestions[-1].source == "markers"
    assert found.suggestions[-1].name.endswith("+")


def test_a_name_that_another_domain_has_gets_a_number(trained):
    from napari_trsmi import edits

    plain = describe_domain(trained, "1", columns=["domain"], held_out=False).suggestions[0].name.split(" (")[0]
    other = edits.rename(trained, 3, plain)
    assert describe_domain(other, 0, columns=["domain"], held_out=False).suggestions[0].name == f"{plain} (2)"


def test_a_set_of_the_markers_names_the_domain(trained):
    found = describe_domain(trained, "2", columns=[], held_out=False)
    best = found.markers.tables["rna"].query("score > 0")["feature"][:8]
    other = describe_domain(
        trained, "2", columns=[], sets={"made up": tuple(best)}, held_out=False, markers=found.markers
    )
    assert other.markers is found.markers
    assert other.suggestions[0].name == "made up"
    assert other.suggestions[0].source == "sets"
    nothing = describe_domain(trained, "2", columns=[], sets="x: nosuchgene", markers=found.markers)
    assert nothing.sets.empty
    assert any("No feature of the sets" in note for note in nothing.notes)


def test_a_column_that_is_not_there_is_refused_with_those_that_are(trained):
    with pytest.raises(DataError, match=r"Expected a column 'cells' in obs, found .*domain"):
        describe_domain(trained, "1", columns=["cells"], held_out=False)

from __future__ import annotations

import re

import numpy as np
import pytest
from test_transferred import STRIPES, known, tissue

from napari_trsmi.report import page
from napari_trsmi.trust import with_trust


@pytest.fixture(scope="module")
def study():
    """Three sections; the third has one domain less."""
    labels = np.concatenate([STRIPES, STRIPES, np.minimum(STRIPES, 1)])
    return known({name: tissue(seed) for seed, name in enumerate("abc")}, labels)


def test_the_page_of_a_study_has_its_composition_its_mixing_and_a_part_for_each_section(study):
    text = page(study)
    row = re.search(r"<tr><td><span[^>]*></span>blue</td>(?:<td class=\"n\">[^<]*</td>){4}</tr>", text)
    assert row
    assert re.findall(r'"n">([^<]*)<', row[0])[:3] == ["33.3 %", "33.3 %", "0 %"]
    assert re.findall(r"<h3>(.)</h3>", text) == ["a", "b", "c"]
    assert text.count('<img src="data:image/png') >= 1 + 1 + 3
    assert "Conditions are not tested" not in text


@pytest.mark.slow
def test_the_page_says_what_the_checks_of_sections_found(study):
    import pandas as pd

    rows = [{"left_out": "a", "domain": name, "comes_back": 1.0, "labelled_alike": 1.0} for name in study.names]
    checked = with_trust(study, sections=pd.DataFrame(rows), alone=False)
    assert "Without a, 3 of 3 domains come back." in page(checked)


@pytest.mark.slow
def test_conditions_of_too_few_sections_are_said_not_to_be_tested(study):
    assert "Conditions are not tested: Expected at least 3 sections" in page(study, by={"a": "well", "b": "sick"})
    assert "Left out for want of a condition: b, c." in page(study, by={"a": "well"})


def test_the_page_of_one_section_has_no_part_of_a_study(study):
    assert 'id="study"' not in page(study.of("a"))

"""What a saved result says of its run is trusted only where it says what runs of ours say."""

from __future__ import annotations

import json

import pytest

from napari_trsmi import DataError
from napari_trsmi.data.recorded import check_record, read_record

CODE = "__import__('os').system('x')"


@pytest.mark.parametrize(
    "record",
    [
        {"edits": [{"edit": CODE, "domain": 0}]},
        {"edits": [{"edit": "rename", "domain": 0}]},
        {"edits": [{"edit": "rename", "domain": 0, "name": "x", CODE: 1}]},
        {"edits": [{"edit": "recolor", "domain": 0, "color": CODE}]},
        {"edits": [{"edit": "review", "segment": 0, "verdict": CODE, "note": ""}]},
        {"edits": [{"edit": "recluster", "cluster": {CODE: 1}}]},
        {"edits": ["rename"]},
        {"kept_preview": f"1:\n        {CODE}"},
        {"resumed_at": f"1\n{CODE}"},
        {"reclustered_with": {"n_domains": CODE}},
        {"trained_cluster": [1]},
        {"history": [{"epoch": CODE}]},
        {"history": 3},
        {"sources": ["a"]},
        {"library": 1},
        {"modalities": "rna"},
        {"trust": {"curve": [{"n_domains": "3"}]}},
        {"trust": {"kept": CODE}},
        {"scores": {"PAS": float("nan")}},
    ],
)
def test_what_no_run_of_ours_says_is_refused_in_a_sentence(record):
    with pytest.raises(DataError, match=r"^Expected the record of a run in here as it was written, found "):
        check_record(record, "here")


@pytest.mark.parametrize("text", ["", "{", "[1", '{"a": }', "[" * 100_000, '{"a":' * 100_000])
def test_text_that_is_no_record_is_refused_in_a_sentence(text):
    with pytest.raises(DataError, match=r"^Expected the record of a run in here, found text that is none"):
        read_record(text, "here")


@pytest.mark.parametrize("text", ["null", "3", "[]", '"a"'])
def test_json_that_is_no_record_is_refused_in_a_sentence(text):
    with pytest.raises(DataError, match=r"^Expected the record of a run in here, found (NoneType|int|list|str)\."):
        read_record(text, "here")


def test_what_lies_too_deep_is_refused_whatever_it_is_called():
    deep = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(DataError, match="levels in each other"):
        check_record({"anything": deep}, "here")


def test_what_other_versions_say_beside_it_is_kept():
    said = {"library": "slide", "something": {"new": [1, None]}, "stopped": True}
    assert read_record(json.dumps(said), "here") == said

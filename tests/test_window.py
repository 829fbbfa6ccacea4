from __future__ import annotations

import pytest
from screen import missing


def test_there_is_what_the_tests_with_a_window_need():
    if reason := missing():
        pytest.skip(f"tests/gui was left out: {reason}")

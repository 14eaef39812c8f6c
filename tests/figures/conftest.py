"""Axes to draw on."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest


@pytest.fixture
def ax():
    """Axes of a figure that is closed afterwards."""
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)

"""A specification from a list of runs: it loads, its shapes are near, and no other run is in it."""

from __future__ import annotations

import numpy as np
import pytest

from scaling.costs.compute import VOCABULARY, count_parameters
from scaling.training.errors import GridError
from scaling.training.plan.cells import list_cells
from scaling.training.plan.parts import WalkSource
from scaling.training.plan.spec import read_spec
from scaling.training.plan.written import choose_shape, write_spec

CELLS = [(1e7, 2e8), (1e7, 3.2e9), (4.1e8, 8.2e9), (1.4e9, 2.8e10), (6.9e9, 1.38e11)]


@pytest.mark.parametrize("N", [1.06e7, 2e7, 7.9e7, 1.54e8, 4.12e8, 1.44e9, 6.9e9, 7e10])
def test_a_shape_is_near_and_its_heads_divide_it(N):
    shape = choose_shape(N)
    assert abs(shape.N / N - 1) < 0.06
    assert shape.width % (2 * shape.heads) == 0
    assert count_parameters(shape.width, shape.layers, VOCABULARY).total == shape.N


def test_too_small_a_model_for_its_vocabulary_is_refused():
    with pytest.raises(GridError, match="no model with a vocabulary of 50432 has about 1e\\+06"):
        choose_shape(1e6)
    assert pytest.approx(1e6, rel=0.1) == choose_shape(1e6, 1000).N


def test_the_file_loads_and_holds_these_runs_alone(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text(write_spec(CELLS), "utf-8")
    spec = read_spec(path)
    assert spec.by_size == [[20, 320], [20], [20], [20]]
    walk = WalkSource(kind="walk", vocab=VOCABULARY, decay=1, strength=2)
    walks = spec.model_copy(update={"sources": {"w": walk}})
    cells = list_cells(walks)
    assert len(cells) == len(CELLS)
    found = sorted((cell.N, cell.D) for cell in cells)
    np.testing.assert_allclose(found, sorted(CELLS), rtol=0.1)


def test_without_a_run_there_is_nothing_to_write():
    with pytest.raises(GridError, match="no run to train"):
        write_spec([])


@pytest.mark.parametrize(
    ("by_size", "said"),
    [
        ("[[20]]", "a list for each of 4 sizes, got 1"),
        ("[[20], [20], [20], [30]]", "may name multipliers only, got 30"),
        ("[[], [20], [20], [20]]", "by_size"),
    ],
)
def test_a_list_by_size_must_fit(tmp_path, by_size, said):
    text = write_spec(CELLS)
    head, _, rest = text.partition("by_size:\n")
    path = tmp_path / "grid.yaml"
    path.write_text(f"{head}by_size: {by_size}\nsources:{rest.partition('sources:')[2]}", "utf-8")
    with pytest.raises(GridError, match=said):
        read_spec(path)

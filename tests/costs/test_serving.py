"""What a context adds: against published shapes and by hand."""

from __future__ import annotations

import pytest

from scaling.costs.serving import Blocks, attention_flops, cache_bytes, guess_shape

LLAMA_7B = Blocks(32, 4096)


def test_attention_and_cache_by_hand():
    assert attention_flops(LLAMA_7B, 2048) == 4 * 32 * 4096 * 2048
    assert cache_bytes(LLAMA_7B, 2048) == 2**30  # a gibibyte, as is often told of this model


@pytest.mark.parametrize(
    ("N", "shape"), [(6.7e9, LLAMA_7B), (13e9, Blocks(40, 5120)), (65e9, Blocks(80, 8192))]
)
def test_a_guessed_shape_is_near_the_published_one(N, shape):
    assert guess_shape(N) == pytest.approx(shape, rel=0.15)


def test_a_guessed_shape_has_the_parameters_it_was_guessed_from():
    layers, width = guess_shape(1e9)
    assert 12 * layers * width**2 == pytest.approx(1e9)
    assert width / layers == pytest.approx(128)

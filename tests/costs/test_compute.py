"""Parameters, FLOPs and steps against printed counts and against counting by hand."""

import numpy as np
import pytest

from scaling.costs import compute, steps
from scaling.testbed.runs import load_runs, load_search

# width, layers, N as published, 6 N over the exact FLOPs per token.
PUBLISHED = [
    (96, 8, 10_569_312, 1.45),
    (512, 8, 78_914_048, 1.28),
    (576, 24, 153_677_376, 1.00),
    (1024, 24, 411_616_256, 1.00),
    (2048, 24, 1_439_795_200, 1.00),
    (4096, 32, 6_889_410_560, 0.99),
]


@pytest.mark.parametrize(("width", "layers", "N", "ratio"), PUBLISHED)
def test_published_sizes_are_exact(width, layers, N, ratio):
    count = compute.count_parameters(width, layers)
    assert count.total == N
    assert count.body == N - 2 * 50_432 * width


def test_groups_are_the_matrices_of_the_model():
    # Every tensor of the smallest model: width 96, hidden 256, 8 blocks.
    block = [(96, 3 * 96), (96, 96), (96, 2 * 256), (256, 96)]
    count = compute.count_parameters(96, 8, qk_norm=True)
    assert count.attention == 8 * sum(a * b for a, b in block[:2])
    assert count.feed_forward == 8 * sum(a * b for a, b in block[2:])
    assert count.input_embedding == count.output_head == 50_432 * 96
    assert count.norms == 8 * (96 + 96) + 96
    assert count.qk_norm == 8 * (96 + 96)
    assert count.total == compute.count_parameters(96, 8).total + 2 * 96 * 8


def test_the_smallest_model_is_mostly_vocabulary():
    count = compute.count_parameters(96, 8)
    assert round(100 * (1 - count.body / count.total)) == 92


@pytest.mark.parametrize(("width", "hidden"), [(96, 256), (97, 512), (512, 1536), (4096, 11008)])
def test_hidden_width_is_rounded_up(width, hidden):
    assert compute.hidden_width(width) == hidden


def test_all_435_searched_shapes_have_the_counted_size():
    search = load_search()
    counted = [
        compute.count_parameters(row.width, row.layers, heads=row.heads).total
        for row in search.itertuples()
    ]
    assert counted == search["N"].tolist()
    # Only where the heads do not divide the width does their number matter.
    shapes = zip(search["width"], search["layers"], strict=True)
    plain = [compute.count_parameters(width, layers).total for width, layers in shapes]
    assert (np.array(plain) != search["N"]).sum() == 17


@pytest.mark.parametrize(("width", "layers", "N", "ratio"), PUBLISHED)
def test_convention_against_exact_flops(width, layers, N, ratio):
    exact = compute.count_flops_per_token(width, layers)
    assert 6 * N / exact == pytest.approx(ratio, abs=0.006)


def test_flops_of_a_tiny_model_by_hand():
    width, layers, vocab, length, hidden = 8, 2, 16, 5, 256
    products = 0
    for position in range(1, length + 1):  # a token sees itself and those before it
        block = 4 * width * width + 3 * width * hidden + 2 * position * width
        products += layers * block + vocab * width
    exact = compute.count_flops_per_token(width, layers, vocab, length)
    assert exact == pytest.approx(3 * 2 * products / length, rel=1e-15)


def test_forward_groups_add_up_to_a_third():
    forward = compute.count_forward_flops(512, 8)
    assert 3 * forward.total == compute.count_flops_per_token(512, 8)
    assert forward.head == 2 * 50_432 * 512
    assert forward.mixing == 8 * 2 * 512 * 2_049


def test_heads_that_do_not_divide_the_width_span_less():
    assert compute.count_parameters(488, 1, heads=12).attention == 4 * 488 * 480
    assert compute.count_parameters(488, 1, heads=8).attention == 4 * 488 * 488
    assert compute.count_forward_flops(488, 1, heads=12).mixing == 2 * 480 * 2_049


def test_training_flops_of_numbers_and_of_runs():
    assert compute.training_flops(2.0, 3.0) == 36.0
    assert isinstance(compute.training_flops(2, 3), float)
    runs = load_runs()
    np.testing.assert_array_equal(compute.training_flops(runs["N"], runs["D"]), runs["C"])


@pytest.mark.parametrize(
    ("N", "batch", "expected"),
    [
        (10_569_312, 64, 403),
        (78_914_048, 512, 376),
        (153_677_376, 512, 733),
        (411_616_256, 512, 1963),
    ],
)
def test_steps_at_five_tokens_per_parameter(N, batch, expected):
    assert steps.steps(5 * N, batch) == expected
    assert isinstance(steps.steps(5 * N, batch), int)


def test_steps_and_warmup_share_of_many_runs():
    runs = load_runs()
    counted = steps.steps(runs["D"], runs["batch_sequences"])
    np.testing.assert_array_equal(counted, runs["steps"])
    share = steps.warmup_share(runs["warmup_steps"], counted)
    over = runs[share > 1].groupby("size")["M"].unique().map(list)
    assert over.to_dict() == {"0.079B": [5], "0.411B": [5]}


def test_steps_follow_the_sequence_length():
    assert steps.steps(1_000, 10, sequence_length=10) == 10
    assert steps.warmup_share(0, 10) == 0.0


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: compute.count_parameters(0, 8), "width"),
        (lambda: compute.count_parameters(96.5, 8), "width"),
        (lambda: compute.count_parameters(96, True), "layers"),
        (lambda: compute.count_parameters(96, 8, vocab=-1), "vocab"),
        (lambda: compute.count_parameters("96", 8), "width"),
        (lambda: compute.count_parameters(96, 8, heads=97), "heads"),
        (lambda: compute.count_parameters(float("nan"), 8), "width"),
        (lambda: compute.count_parameters(float("inf"), 8), "width"),
        (lambda: compute.count_flops_per_token(96, 8, sequence_length=0), "sequence_length"),
        (lambda: compute.training_flops(-1.0, 2.0), "N"),
        (lambda: compute.training_flops(1.0, [2.0, np.nan]), "D"),
        (lambda: steps.steps(1e9, 0), "batch_sequences"),
        (lambda: steps.warmup_share(-1, 10), "warmup_steps"),
        (lambda: steps.warmup_share(1, 0), "steps"),
    ],
)
def test_a_wrong_argument_is_named(call, name):
    with pytest.raises(ValueError, match=rf"^{name} must"):
        call()

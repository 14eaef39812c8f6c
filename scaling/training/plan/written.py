"""How is a list of runs handed to `scaling grid`? A specification, with a shape for each size.

The shapes are looked for: whole widths and blocks whose count of parameters is nearest to what is
asked, near the proportions of the testbed's models. Data and recipe are those of the paper, to be
replaced by one's own; the file says where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scaling.costs.compute import VOCABULARY, count_parameters
from scaling.training.errors import GridError

HEAD_WIDTHS = (64, 128, 32, 24)  # the first that divides the width into even parts
WIDTHS = range(32, 16_385, 32)
LAYERS = (2, 4, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 80)
SHAPELY = 0.02  # of N: shapes that are as near are held against the proportions alone
PROPORTION = 64.0  # width over blocks
MOST_OFF = 0.25  # of N

HEAD = """\
# {n_runs} runs that `scaling plan` asked for. Before `scaling grid price` and `scaling grid run`:
# put your own token files in the place of `sources` (`scaling grid prepare` makes them), and your
# own recipe in that of the paper's. Vocabulary taken: {vocab}.
name: plan
sizes:
"""
TAIL = """\
sources:
  text:
    kind: tokens
    folder: tokens/train
    loss_sets: {held_out: tokens/held_out}
recipe:
  length: 2048
  batch_sequences: 256
  lr_scale: 0.003
  lr_power: 0
  lr_max: 0.003
  warmup_share: 0.05
  lr_end: 0.033
  weight_decay: 0.033
  precision: bfloat16
  compile: true
held_out: {sequences: 1024}
"""


class Chosen(NamedTuple):
    """A shape: width, blocks, heads, and its parameters."""

    width: int
    layers: int
    heads: int
    N: int


def choose_shape(N: float, vocab: int = VOCABULARY) -> Chosen:
    """Choose a shape of about N parameters, both vocabulary matrices counted.

    Raises
    ------
    GridError
        No shape comes near.
    """
    shapes = []
    for width in WIDTHS:
        if 2 * vocab * width > (1 + MOST_OFF) * N:
            break
        heads = next(width // h for h in HEAD_WIDTHS if width % h == 0)
        for layers in LAYERS:
            count = count_parameters(width, layers, vocab).total
            shapes.append(Chosen(width, layers, heads, count))
    near = [shape for shape in shapes if abs(shape.N / N - 1) <= MOST_OFF]
    if not near:
        raise GridError(
            f"no model with a vocabulary of {vocab} has about {N:.3g} parameters: its two "
            "vocabulary matrices alone take as many; name a smaller --vocab or larger --sizes"
        )

    def rank(shape: Chosen) -> tuple[float, float]:
        off = abs(shape.N / N - 1)
        ratio = shape.width / shape.layers / PROPORTION
        return max(off, SHAPELY), max(ratio, 1 / ratio)

    return min(near, key=rank)


def write_spec(
    cells: Iterable[tuple[float, float]],
    vocab: int = VOCABULARY,
    hardware: Mapping[str, float | str] | None = None,
) -> str:
    """Write a specification of runs.

    Parameters
    ----------
    cells : iterable of tuple of float
        Parameters and tokens of each.
    vocab : int
        Vocabulary size.
    hardware : mapping, optional
        Fields of `scaling.training.plan.parts.Hardware`, for hours and money of the bill.

    Returns
    -------
    str
        YAML that `scaling.training.plan.spec.read_spec` reads.

    Raises
    ------
    GridError
        There is no run, or no shape for one.
    """
    wanted: dict[Chosen, list[float]] = {}
    n_runs = 0
    for N, D in cells:
        multiplier = float(f"{D / N:.4g}")
        own = wanted.setdefault(choose_shape(N, vocab), [])
        if multiplier not in own:
            own.append(multiplier)
            n_runs += 1
    if not wanted:
        raise GridError("the plan has no run to train: there is no specification to write")
    lines = [HEAD.format(n_runs=n_runs, vocab=vocab)]
    for shape in wanted:
        size = f"{{width: {shape.width}, layers: {shape.layers}, heads: {shape.heads}}}"
        lines.append(f"  - {size}  # N = {shape.N}\n")
    every = sorted({m for own in wanted.values() for m in own})
    lines.append(f"multipliers: {_list(every)}\n")
    lines.append("by_size:\n" + "".join(f"  - {_list(sorted(o))}\n" for o in wanted.values()))
    lines.append(TAIL)
    if hardware is not None:
        lines.append("hardware:  # as `scaling plan` took it; to be replaced by your own\n")
        lines += [f"  {name}: {value}\n" for name, value in hardware.items()]
    return "".join(lines)


def _list(values: list[float]) -> str:
    return "[" + ", ".join(f"{value:g}" for value in values) + "]"

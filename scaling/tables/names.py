"""What does somebody's column name mean? Names in wide use, and the units that stand in them.

A name is folded before it is compared: letter width, case, separators, and what stands in brackets
leave no trace, so that ``val/loss``, ``Val Loss (nats)`` and ``valLoss`` are one. The patterns
cover what Weights & Biases, levanter, nanochat, OLMo, Pythia and the trainers of Hugging Face and
Megatron write, and tables of papers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

BRACKETS = re.compile(r"[(\[{]([^)\]}]*)[)\]}]")
SEPARATORS = re.compile(r"[\W_]+")
SCALES = {
    **dict.fromkeys(("k", "thousand", "thousands"), 1e3),
    **dict.fromkeys(("m", "mn", "mio", "million", "millions"), 1e6),
    **dict.fromkeys(("b", "bn", "g", "mrd", "billion", "billions"), 1e9),
    **dict.fromkeys(("t", "tn", "trillion", "trillions"), 1e12),
}
POWER = re.compile(r"(?:x|in)?\s*(?:1e|10\^?)([1-9]\d?)")  # 1e9, 10^9, and 10⁹ once it is folded
TRAILING_SCALE = re.compile(rf"[\s_.-](?:in[\s_]*)?({'|'.join(SCALES)})$", re.IGNORECASE)
# Words of a unit that change no number.
PLAIN_UNITS = frozenset(
    "token tokens toks param params parameter parameters in of per total non emb embedding "
    "embeddings noemb nonemb no excl excluding without body nat nats bit bits byte bytes bpb bpc "
    "ppl perplexity".split()
)
BODY = re.compile(r"(?:non|no|without|wo|excl|excluding|minus)_?-?\s*emb|body|backbone")
LOSS_UNITS = {  # at the end of a word
    "ppl": re.compile(r"(?:ppl|perplexity)\b"),
    "bpb": re.compile(r"(?:bpb|bpc|bits?(?: ?per ?| )?(?:bytes?|char|characters?))\b"),
    "bits": re.compile(r"\bbits(?: ?per ?token)?\b"),
}
_COUNTING = (
    r"(?:n|num|number|of|no|total|model|trainable|active|activated|all|scaling|trainer|config|"
    r"summary|train|trained|training|final|count|d|seen|consumed|input|processed|throughput|global|"
    r"cumulative|data|effective|max)*"
)
_AFTER = (
    r"(?:count|total|num|size|n|d|of|active|all|seen|trained|consumed|processed|train|training)*"
)
_LOSS = (
    r"loss|verlust|nll|crossentropy|xent|negloglikelihood|perplexity|ppl|bpb|bpc|"
    r"bitsper(?:byte|token|char\w*)"
)
_MEASURED = (
    r"mean|avg|average|final|last|best|min|ema|smoothed|val|valid|validation|eval|evaluation|test|"
    r"heldout|train|training|set|nats|bits"
)
_PATTERNS = {
    "M": r"tok(?:en)?s?(?:per|to)?(?:params?|parameters?)(?:ratio)?|params?data(?:ratio)|"
    r"data(?:to)?params?ratio|tpp|token(?:s)?multiplier|d/?n(?:ratio)?",
    "batch_tokens": r"\w*batch(?:size)?(?:in)?tok(?:en)?s?(?:count)?|"
    r"tok(?:en)?s?(?:per|in)?(?:global)?(?:batch|(?:train|optimizer)?step|update|iter(?:ation)?)",
    "N_body": r"(?:n|num)?(?:params?|parameters?)?"
    r"(?:body|backbone|(?:non|no|without|wo|excl|excluding|minus)emb(?:ed)?(?:ding)?s?)"
    r"(?:params?|parameters?)?(?:count)?",
    "N": rf"{_COUNTING}(?:params?|parameters?){_AFTER}|(?:model)?size|"
    r"n(?:total|active|activated|all)",
    "D": rf"{_COUNTING}tok(?:en)?s?{_AFTER}|(?:train(?:ing)?)?data(?:set)?size|d(?:total|train)",
    "C": r"(?:total|train|training|model|num|n|c|compute|estimated|cumulative|throughput)*"
    r"(?:flops?|flos)(?:total|training)*|(?:train(?:ing)?)?compute(?:budget|flops?)?",
    "batch_size": r"(?:global|total|train|effective)*(?:batchsize|batch|bsz)(?:seqs|sequences)?",
    "sequence_length": r"(?:max|train)*(?:(?:seq(?:uence)?|context|ctx|block)(?:len(?:gth)?|size|"
    r"window)?)|nctx|npositions",
    "steps": r"(?:num|n|train|training|total|max|global|trainer|optimizer|final|last)*"
    r"(?:steps?|iters?|iterations?|updates?)",
}
PATTERNS = {column: re.compile(pattern) for column, pattern in _PATTERNS.items()}
LOSS = re.compile(rf"\w*?(?:{_LOSS})(?:{_MEASURED})*")
NO_LOSS = re.compile(
    r"std|stderr|sem|delta|diff|scale|aux|zloss|balanc|router|grad|lossweight|throughput"
)
COUNTING = {"n", "param", "params", "parameter", "parameters", "size"}
OF_OTHERS = {"batch", "vocab", "vocabulary", "steps", "step"}
OURS = {"n": "N", "d": "D", "m": "M", "c": "C"}
PATH = re.compile(r"[/.]")
EVALUATED = re.compile(r"val|eval|test|heldout|dev")
TRAINED = re.compile(r"train")
LONGEST = 100  # signs of a name; a longer one is no name in wide use


class Unit(NamedTuple):
    """What a name says of its unit.

    Parameters
    ----------
    base : str
        The name without it.
    factor : float
        By which its cells are to be multiplied.
    words : str
        The unit as it stands, empty where there is none.
    understood : bool
        False where the words say something else, too.
    """

    base: str
    factor: float
    words: str
    understood: bool


def fold(name: str) -> str:
    """Fold a name: case, separators, letter width and brackets leave no trace."""
    plain = BRACKETS.sub("", unicodedata.normalize("NFKC", name)).casefold()
    return SEPARATORS.sub("", plain)


def read_unit(name: str) -> Unit:
    """Split a name into what it counts and its unit: ``tokens (B)``, ``params_M``, ``D [10^9]``."""
    plain = unicodedata.normalize("NFKC", name[:LONGEST]).strip()
    if bracket := BRACKETS.search(plain):
        words, base = bracket[1], BRACKETS.sub("", plain).strip()
    elif last := TRAILING_SCALE.search(plain):
        words, base = last[1], plain[: last.start()]
    else:
        return Unit(plain, 1.0, "", True)
    factor, rest = 1.0, words.casefold()
    if power := POWER.search(rest):
        factor, rest = 10.0 ** int(power[1]), POWER.sub("", rest)
    parts = [part for part in SEPARATORS.split(rest) if part]
    for scale in [part for part in parts if part in SCALES][:1]:
        factor *= SCALES[scale]
        parts.remove(scale)
    return Unit(base, factor, words, PLAIN_UNITS.issuperset(parts))


def loss_unit_of(name: str) -> str | None:
    """Tell the unit that the name of a loss carries: ppl, bpb or bits; None where it has none."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name))
    plain = SEPARATORS.sub(" ", words).casefold()
    return next((unit for unit, form in LOSS_UNITS.items() if form.search(plain)), None)


def column_meant(name: str) -> str | None:
    """Give the column of a run table that a name in wide use stands for, or None.

    A loss is a loss whatever its unit; see `loss_unit_of`. Of a path such as ``config/model/N`` the
    whole counts, or else its end.
    """
    if len(name) > LONGEST:
        return None
    parts = PATH.split(name)
    return _column_meant(name) or (_column_meant(parts[-1]) if len(parts) > 1 else None)


def _column_meant(name: str) -> str | None:
    unit = read_unit(name)
    folded = fold(unit.base)
    if LOSS.fullmatch(folded) and not NO_LOSS.search(folded):
        return "loss"
    found = OURS.get(folded)
    found = found or next((c for c, form in PATTERNS.items() if form.fullmatch(folded)), None)
    return "N_body" if found == "N" and BODY.search(unit.words.casefold()) else found


def find_counts(names: Iterable[str]) -> list[str]:
    """Find the columns of a total and of an active count of parameters, the total first."""
    found: dict[str, str] = {}
    for kind in ("tot", "act"):
        for name in names:
            words = split_name(name)
            of_what = set(words)
            if of_what & OF_OTHERS or not of_what & COUNTING:
                continue
            if any(word.startswith(kind) for word in words):
                found.setdefault(kind, name)
    return list(found.values())


def split_name(name: str) -> list[str]:
    """Split a column name into its words, in small letters: ``nParams_total`` has three."""
    return re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())


def columns_meant(names: Iterable[str]) -> dict[str, list[str]]:
    """Sort names by the column of a run table that they may stand for.

    Of several losses those of held-out text are kept, and of these those in nats, if there are
    any; a loss of training only where there is no other.

    Parameters
    ----------
    names : iterable of str
        A header.

    Returns
    -------
    dict of str to list of str
        In the order of the header.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        if column := column_meant(name):
            found.setdefault(column, []).append(name)
    if losses := found.get("loss"):
        held_out = [name for name in losses if EVALUATED.search(fold(name))]
        other = [name for name in losses if not TRAINED.search(fold(name))]
        losses = held_out or other or losses
        found["loss"] = [name for name in losses if loss_unit_of(name) is None] or losses
    return found

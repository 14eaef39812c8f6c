"""Write the planner: inputs, numbers, a map, and one script, all inline.

What it shows first is written here, so that a page without scripts has it too; the script says and
draws the same for every other choice.
"""

from __future__ import annotations

import html
import json
import math
from pathlib import Path
from string import Template
from typing import Any

from scaling.costs.money import default_prices
from scaling.figures.style import DATASET_LABELS
from scaling.studies.decide.planner import (
    BY_BUDGET,
    BY_HAND,
    Choice,
    compute,
    first_choice,
    fit_five,
    make_data,
    predict,
    tokens_of_sizes,
)

HERE = Path(__file__).parent
PARTS = {name: HERE / f"planner.{name}" for name in ("html", "css", "js")}
N_POINTS = 33  # of the map, whole pixels apart
FRAME: dict[str, Any] = {"left": 40, "top": 10, "width": 352, "height": 200}
FRAME |= {"N": (1e7, 2e11), "L": (1.5, 6.5)}
FRAME["at"] = [1e7 * 2e4 ** (i / (N_POINTS - 1)) for i in range(N_POINTS)]

# Name, label, unit, words that follow the value, ends of the slider, and its steps.
COUNTS = {"spoken": True, "least": 0}
SHARE = {"unit": 0.01, "words": "per cent of the peak", "lo": 0.01, "hi": 1.0, "steps": 100}
SHARE |= {"most": 1.0, "rule": "Above 0 and at most 100."}
ABOVE, LEAST = "Above 0, please.", "0 or more, please."
FIELDS: dict[str, dict[str, dict[str, Any]]] = {
    "model": {
        "N": {"label": "Parameters, billion", "unit": 1e9, "words": "parameters", "spoken": True}
        | {"lo": 1e7, "hi": 1e11, "steps": 200, "rule": ABOVE},
        "M": {"label": "Tokens per parameter", "unit": 1, "words": "tokens per parameter"}
        | {"lo": 5, "hi": 2000, "steps": 130, "rule": ABOVE},
        "budget": {"label": "Budget, training and serving", "unit": 1, "in_money": True}
        | {"words": "for training and serving", "spoken": True}
        | {"lo": 100, "hi": 1e6, "steps": 160, "rule": ABOVE},
    },
    "demand": {
        "tokens_in": {"label": "Tokens read a day, million", "unit": 1e6}
        | {"words": "tokens read a day", "lo": 1e6, "hi": 1e12, "steps": 240, "rule": LEAST}
        | COUNTS,
        "tokens_out": {"label": "Tokens written a day, million", "unit": 1e6}
        | {"words": "tokens written a day", "lo": 1e6, "hi": 1e12, "steps": 240, "rule": LEAST}
        | COUNTS,
        "days": {"label": "Days of serving", "unit": 1, "words": "days", "least": 0}
        | {"lo": 1, "hi": 3650, "steps": 160, "rule": LEAST},
    },
    "prices": {
        "price": {"label": "Price of an accelerator-hour", "unit": 1, "words": "an hour"}
        | {"in_money": True, "lo": 0.2, "hi": 20, "steps": 100, "rule": ABOVE},
        "peak": {"label": "Peak of the accelerator, TFLOP/s", "unit": 1e12, "words": "TFLOP/s"}
        | {"lo": 1e14, "hi": 1e16, "steps": 100, "rule": ABOVE},
        "mfu_training": {"label": "MFU in training, %"} | SHARE,
        "mfu_in": {"label": "MFU of tokens read, %"} | SHARE,
        "mfu_out": {"label": "MFU of tokens written, %"} | SHARE,
    },
}
ROW = Template(
    '<div class="row"$when><label for="planner-$name">$label$unit</label>'
    '<input type="range" name="$name" min="0" max="$steps" aria-label="$label, slider">'
    '<input type="number" name="$name" id="planner-$name" step="any" inputmode="decimal"></div>'
)
WHEN = dict.fromkeys(("N", "M"), BY_HAND) | {"budget": BY_BUDGET}  # a row is shown
BAR = Template(
    '<td><span data-out="${kind}_share_$name">$share</span><svg viewBox="0 0 100 1" '
    'preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="1"/>'
    '<rect class="bar" data-bar="$kind $name" width="$width" height="1"/></svg></td>'
)
COSTS = {"training": "Training", "in": "Tokens read", "out": "Tokens written", "total": "Total"}


def round_off(value: float) -> float:
    """Three digits."""
    return float(f"{value:.3g}")


def digits(value: float) -> str:
    """Three digits, as one writes them."""
    return f"{round_off(value):,.9f}".rstrip("0").rstrip(".")


def count(value: float) -> str:
    """Three digits, with T, B or M."""
    rounded = round_off(value)
    for least, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if rounded >= least:
            return digits(value / least) + letter
    return digits(value)


def power(value: float) -> str:
    """FLOPs: 5.71e21."""
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return f"{mantissa}e{int(exponent)}" if value else "0"


def between(lo: float | None, hi: float | None) -> str:
    """An interval of losses."""
    return "not told" if lo is None else f"{lo:.2f} to {hi:.2f}"


def percents(lo: float | None, hi: float | None) -> str:
    """An interval of shares."""
    return "not told" if lo is None or hi is None else f"{100 * lo:.0f} to {100 * hi:.0f} %"


def share(part: float, whole: float) -> float:
    """A share, 0 of nothing."""
    return part / whole if whole else 0.0


def say(choice: Choice, answer: dict[str, Any]) -> dict[str, str]:
    """Say in words what was computed, by the name of the place where it stands."""
    flops, money, doubt = answer["flops"], answer["money"], answer["doubt"]
    bet, M = between(answer["lo"], answer["hi"]), answer["D"] / answer["N"]
    label, size = DATASET_LABELS[choice.dataset], count(answer["N"])
    model, on_map = f"A {label} model of {size} at", "at the chosen tokens per parameter."
    if choice.by == BY_BUDGET:
        model = f"The best {label} model for {choice.currency}{count(choice.budget)}, {size} at"
        on_map = "each trained on the tokens that the budget leaves it."
    promise = (
        "the five runs do not tell its loss"
        if doubt
        else f"{bet} nats per token, nine times in ten"
    )
    words = {
        "sentence": f"{model} {digits(M)} tokens per parameter: {promise}. Training and "
        f"{digits(choice.days)} days of serving cost {choice.currency}{count(money['total'])}.",
        "notes": " ".join(note_doubts(choice, M, doubt)),
        "map": f"Loss over parameters, {on_map}",
        "currency": choice.currency,
        "loss": f"{answer['loss']:.2f}",
        "law": between(answer["law_lo"], answer["law_hi"]),
        "bet": bet,
        "error": f"{100 * answer['error']:.0f} %",
        "error_law": percents(answer["error_law_lo"], answer["error_law_hi"]),
        "error_bet": percents(answer["error_lo"], answer["error_hi"]),
        "tokens": count(answer["D"]),
    }
    for name in COSTS:
        words[f"flops_{name}"] = power(flops[name])
        words[f"money_{name}"] = choice.currency + count(money[name])
        for kind, parts in (("flops", flops), ("money", money)):
            words[f"{kind}_share_{name}"] = f"{100 * share(parts[name], parts['total']):.0f} %"
    return words


def note_doubts(choice: Choice, M: float, doubt: str) -> list[str]:
    """Say why there is no interval, and where a model lies outside what the runs tried."""
    notes = [f"Why there is no interval: {doubt}."] if doubt else []
    runs = fit_five(choice.dataset)
    least, most = (round_off(end(runs.D / runs.N)) for end in (min, max))
    if not least <= round_off(M) <= most:
        told = f"The fitted runs had {least:g} to {most:g} tokens per parameter"
        notes.append(f"{told}, this model has {digits(M)}.")
    return notes


def x_of(N: float) -> float:
    """Place of parameters on the map."""
    fewest, most = FRAME["N"]
    return float(FRAME["left"] + FRAME["width"] * math.log(N / fewest) / math.log(most / fewest))


def y_of(L: float) -> float:
    """Place of a loss on the map."""
    lowest, highest = FRAME["L"]
    return float(FRAME["top"] + FRAME["height"] * (highest - L) / (highest - lowest))


def join(points: list[tuple[float, float]]) -> str:
    """A line through losses over parameters."""
    return " L".join(f"{x_of(N):.1f},{y_of(L):.1f}" for N, L in points)


def draw(choice: Choice, answer: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Draw the map: attributes of its marks."""
    sizes = zip(FRAME["at"], tokens_of_sizes(choice, FRAME["at"]), strict=True)
    line = [(N, predict(choice.dataset, N, D, with_error=False)) for N, D in sizes if D > 0]
    told = [(N, at) for N, at in line if not at["doubt"]]

    def band(lo: str, hi: str) -> str:
        there = [(N, at[hi]) for N, at in told]
        return f"M{join(there + [(N, at[lo]) for N, at in reversed(told)])}Z" if told else ""

    fewest, most = (x_of(end(fit_five(choice.dataset).N)) for end in (min, max))
    return {
        "fitted": {"x": f"{fewest:.1f}", "width": f"{most - fewest:.1f}"},
        "bet": {"d": band("lo", "hi")},
        "law": {"d": band("law_lo", "law_hi")},
        "line": {"d": f"M{join([(N, at['loss']) for N, at in line])}" if line else ""},
        "point": {"cx": f"{x_of(answer['N']):.1f}", "cy": f"{y_of(answer['loss']):.1f}"},
    }


def draw_axes() -> str:
    """Lines and numbers of the map's axes."""
    left, top = FRAME["left"], FRAME["top"]
    right, bottom = left + FRAME["width"], top + FRAME["height"]
    parts = []
    for L in (2, 3, 4, 5, 6):
        y = y_of(L)
        parts.append(f'<path class="grid" d="M{left},{y:.1f}H{right}"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{L}</text>')
    for N in (1e7, 1e8, 1e9, 1e10, 1e11):
        x = x_of(N)
        parts.append(f'<path class="grid" d="M{x:.1f},{top}V{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{count(N)}</text>')
    middle, half = (left + right) / 2, (top + bottom) / 2
    parts.append(f'<text x="{middle}" y="{bottom + 34}" text-anchor="middle">parameters N</text>')
    parts.append(
        f'<text transform="translate(12 {half}) rotate(-90)" text-anchor="middle">'
        "loss, nats per token</text>"
    )
    return "".join(parts)


def write_fields(group: str) -> str:
    """Rows of inputs: a slider and a number each."""
    rows = []
    for name, field in FIELDS[group].items():
        when = f' data-by="{WHEN[name]}"' if name in WHEN else ""
        unit = ', <span data-out="currency">$</span>' if "in_money" in field else ""
        rows.append(ROW.substitute(field, name=name, when=when, unit=unit))
    return "\n".join(rows)


def write_costs(answer: dict[str, Any], words: dict[str, str]) -> str:
    """Rows of the bill."""
    rows = []
    for name, label in COSTS.items():
        cells = ""
        for kind in ("flops", "money"):
            width = f"{100 * share(answer[kind][name], answer[kind]['total']):.1f}"
            told = words[f"{kind}_share_{name}"]
            cells += f'<td data-out="{kind}_{name}">{words[f"{kind}_{name}"]}</td>'
            cells += BAR.substitute(kind=kind, name=name, share=told, width=width)
        rows.append(f'<tr><th scope="row">{label}</th>{cells}</tr>')
    return "\n".join(rows)


def write_origins() -> str:
    """Rows of the shipped prices with source and date."""
    prices = default_prices()
    rows = [
        (name.replace("_", " "), f"{getattr(prices, name):.3g}", str(origin))
        for name, origin in prices.origins.items()
        if name != "currency"
    ]
    cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return "\n".join(f"<tr>{row}</tr>" for row in cells)


def write_page() -> str:
    """Write the whole planner."""
    choice = first_choice()
    answer = compute(choice)
    words = say(choice, answer)
    fields = [{"name": n, **f} for group in FIELDS.values() for n, f in group.items()]
    data = make_data() | {"fields": fields, "frame": FRAME}
    marks = {
        f"mark_{name}": " ".join(f'{key}="{value}"' for key, value in values.items())
        for name, values in draw(choice, answer).items()
    }
    options = "".join(
        f'<option value="{name}">{label}</option>' for name, label in DATASET_LABELS.items()
    )
    read = {name: path.read_text(encoding="utf-8") for name, path in PARTS.items()}
    return Template(read["html"]).substitute(
        {name: html.escape(text) for name, text in words.items()},
        **marks,
        **{group: write_fields(group) for group in FIELDS},
        **{name: FRAME[name] for name in ("left", "top", "width", "height")},
        full_width=FRAME["left"] + FRAME["width"] + 20,
        full_height=FRAME["top"] + FRAME["height"] + 42,
        options=options,
        tokens_in=count(choice.tokens_in),
        tokens_out=count(choice.tokens_out),
        alt=html.escape(f"{words['map']} {words['sentence']}"),
        axes=draw_axes(),
        costs=write_costs(answer, words),
        origins=write_origins(),
        data=json.dumps(data, separators=(",", ":")),
        style=read["css"],
        script=read["js"],
    )

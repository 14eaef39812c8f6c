"""How do a report's pictures get into its page? As SVG whose colours are those of the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from scaling.costs.compute import training_flops
from scaling.figures.report import BET, draw_forecast, draw_held_out
from scaling.figures.style import INK, SHADE_EDGE, STYLE
from scaling.forecast.backtest import Backtest
from scaling.forecast.inputs import place_target
from scaling.forecast.prediction_answer import Prediction
from scaling.reports.language import Language

SIZE = (4.6, 3.0)  # inches: its text is legible on a phone
N_POINTS = 41
COLOURS = {INK: "text", "#e6e6e6": "line", SHADE_EDGE: "muted", BET: "accent", "#000000": "text"}
LABELS = {"C = 6ND, FLOPs": "axis_C", "L, nats/token": "axis_L", "ΔL / L, %": "axis_error"}
NO_WORDS = {"Date": None, "Creator": None, "Format": None, "Type": None}
STROKES = "stroke-linejoin: round; stroke-linecap: butt"  # as matplotlib has them
# Colours, grid and axes as the style file has them; text stays text, nothing is painted behind.
ALWAYS: dict[str, Any] = {"svg.fonttype": "none", "svg.hashsalt": "reliable-scaling"}
ALWAYS |= {"axes.edgecolor": INK, "text.color": INK, "axes.labelcolor": INK}
ALWAYS |= {"xtick.color": INK, "ytick.color": INK}


def picture(draw: Callable[[Axes], Axes], name: str, alt: str, words: Language) -> Markup:
    """Draw a panel as SVG.

    Parameters
    ----------
    draw : callable
        Takes the axes.
    name : str
        Begins every name inside, so that several pictures fit on a page.
    alt : str
        What it shows, for whoever does not see it.
    words : Language
        In which its axes are named: a font that draws a picture need not have its letters.
    """
    with mpl.rc_context(), mpl.style.context([str(STYLE), ALWAYS], after_reset=True):
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        axes = figure.add_subplot()
        axes.patch.set_visible(False)
        draw(axes)
        written = StringIO()
        figure.savefig(written, format="svg", metadata=NO_WORDS)
    svg = written.getvalue()
    for label, text in LABELS.items():
        svg = svg.replace(f">{label}<", f">{escape(words(text))}<")
    return _put_into_page(svg, name, alt)


def _put_into_page(svg: str, name: str, alt: str) -> Markup:
    """Leave the head of a file out, rename what could stand twice, and take the page's colours."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<(metadata|style)\b.*?</\1>", "", body, flags=re.DOTALL)
    view = re.search(r'viewBox="([^"]*)"', body)
    assert view is not None
    inner = body[body.index(">") + 1 : body.rindex("</svg>")]
    inner = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', inner)
    inner = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", inner)
    inner = re.sub(r'xlink:href="#([^"]*)"', rf'href="#{name}-\1"', inner)
    for colour, variable in COLOURS.items():
        inner = re.sub(re.escape(colour), f"var(--{variable})", inner, flags=re.IGNORECASE)
    head = f'<svg viewBox="{view[1]}" role="img" aria-label="{escape(alt)}" style="{STROKES}">'
    lines = [line.strip() for line in inner.splitlines()]
    return Markup(head + "\n".join(filter(None, lines)) + "</svg>")


def draw_prediction(told: Prediction, alt: str, words: Language) -> Markup:
    """Draw the runs and the law that goes on to the model asked about, with both intervals."""
    table, loss, N, (target_N, target_D) = *told.selected[:3], told.target
    runs = pd.DataFrame({"C": training_flops(table[N], table["D"]), "loss": table[loss]})
    path = follow_law(told)
    end = (float(training_flops(target_N, target_D)), told.loss)
    return picture(lambda ax: draw_forecast(ax, runs, path, end), "forecast", alt, words)


def follow_law(told: Prediction) -> pd.DataFrame:
    """Ask the fit along the target's tokens per parameter, from the least compute of a run on.

    Returns
    -------
    pandas.DataFrame
        Columns C, loss, lo, hi, law_lo and law_hi; NaN where a loss is not to be used.
    """
    table, N, (target_N, target_D) = told.selected.table, told.selected.N, told.target
    M = target_D / target_N
    first = float(np.sqrt((table[N] * table["D"]).min() / M))
    sizes = np.geomspace(min(first, target_N), target_N, N_POINTS)
    placed = [place_target(table, (size, size * M)) for size in sizes]
    N_placed, D_placed = np.transpose(placed)
    rows = told.forecast.fitted.predict_all(N_placed, D_placed, told.selected.level)
    names = ("loss", "lo", "hi", "law_lo", "law_hi")
    path = pd.DataFrame([[getattr(row, name) for name in names] for row in rows], columns=names)
    return path.astype(float).assign(C=training_flops(sizes, sizes * M))


def draw_backtest(found: Backtest, alt: str, words: Language) -> Markup:
    """Draw what was predicted of each run held out, and what was measured."""
    held_out = found.held_out.dropna(subset=["lo"])
    held_out = held_out.assign(C=training_flops(held_out["N"], held_out["D"]))
    return picture(lambda ax: draw_held_out(ax, held_out), "backtest", alt, words)

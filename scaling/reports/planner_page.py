"""Write the planner: inputs, numbers, a map, and one script, all inline.

What it shows first is written here, so that a page without scripts has it too; the script says and
draws the same for every other choice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.reports.language import Language, digits, power, round_off, speak
from scaling.reports.layout import read_plain, render, write_json
from scaling.reports.planner import ALIKE, BY_BUDGET, BY_HAND, Choice, Planner, tokens_of_sizes
from scaling.reports.planner_data import describe, span

N_POINTS = 33  # of the map, whole pixels apart
LEFT, TOP, WIDTH, HEIGHT = 40, 10, 352, 200
COSTS = ("training", "in", "out", "total")

# Of each input: ends of the slider and its steps; the least and the most that it may be.
SHARE = {"unit": 0.01, "lo": 0.01, "hi": 1.0, "steps": 100, "most": 1.0, "rule": "share"}
COUNT = {"lo": 1e6, "hi": 1e12, "steps": 240, "least": 0, "rule": "least", "spoken": True}
FIELDS: dict[str, dict[str, dict[str, Any]]] = {
    "model": {
        "N": {"lo": 1e7, "hi": 1e11, "steps": 200, "rule": "above", "spoken": True},
        "M": {"unit": 1, "lo": 5, "hi": 2000, "steps": 130, "rule": "above"},
        "budget": {"unit": 1, "lo": 100, "hi": 1e6, "steps": 160, "rule": "above"}
        | {"spoken": True, "in_money": True},
    },
    "demand": {
        "tokens_in": COUNT,
        "tokens_out": COUNT,
        "days": {"unit": 1, "lo": 1, "hi": 3650, "steps": 160, "least": 0, "rule": "least"},
    },
    "prices": {
        "price": {"unit": 1, "lo": 0.2, "hi": 20, "steps": 100, "rule": "above", "in_money": True},
        "peak": {"unit": 1e12, "lo": 1e14, "hi": 1e16, "steps": 100, "rule": "above"},
        "mfu_training": SHARE,
        "mfu_in": SHARE,
        "mfu_out": SHARE,
    },
}
WHEN = {"N": BY_HAND, "M": BY_HAND, "budget": BY_BUDGET}  # a row is shown


def tighten(script: str) -> Markup:
    """Leave out indents and lines of comment."""
    lines = (line.strip() for line in script.splitlines())
    return Markup("\n".join(line for line in lines if not line.startswith("//")))


def share(part: float, whole: float) -> float:
    """A share, 0 of nothing."""
    return part / whole if whole else 0.0


@dataclass(frozen=True)
class MapFrame:
    """Where the map lies, and what it shows.

    Parameters
    ----------
    N, L : tuple of float
        Ends of the axes.
    """

    N: tuple[float, float]
    L: tuple[float, float]

    @property
    def at(self) -> list[float]:
        """Sizes of the map."""
        fewest, most = self.N
        return [fewest * (most / fewest) ** (i / (N_POINTS - 1)) for i in range(N_POINTS)]

    def x(self, N: float) -> float:
        """Place of parameters."""
        fewest, most = self.N
        return float(LEFT + WIDTH * math.log(N / fewest) / math.log(most / fewest))

    def y(self, L: float) -> float:
        """Place of a loss."""
        lowest, highest = self.L
        return float(TOP + HEIGHT * (highest - L) / (highest - lowest))

    def join(self, points: Sequence[tuple[float, float]]) -> str:
        """A line through losses over parameters."""
        return " L".join(f"{self.x(N):.1f},{self.y(L):.1f}" for N, L in points)

    def decades(self) -> list[float]:
        """Powers of ten to write at the axis across, at most six."""
        first, last = (math.log10(end) for end in self.N)
        powers = range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)
        return [10.0**p for p in powers][:: 1 + len(powers) // 7]

    def heights(self) -> list[float]:
        """Round losses to write at the axis upward."""
        lowest, highest = self.L
        step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10) if (highest - lowest) / s <= 6)
        first, last = math.ceil(lowest / step), math.floor(highest / step)
        return [round(k * step, 1) for k in range(first, last + 1)]

    def describe(self) -> dict[str, Any]:
        """What a script needs of it."""
        place = {"left": LEFT, "top": TOP, "width": WIDTH, "height": HEIGHT}
        return place | {"N": self.N, "L": self.L, "at": self.at}


@dataclass(frozen=True)
class PlannerPage:
    """A planner in a language.

    Parameters
    ----------
    planner : Planner
    frame : MapFrame
        Of its map.
    language : Language
    with_origins : bool
        Whether it says where its prices come from.
    """

    planner: Planner
    frame: MapFrame
    language: Language
    with_origins: bool = True

    @cached_property
    def fields(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Inputs by group, with their words, wide enough for what is shown first."""
        return {
            group: {name: self._field(name, field) for name, field in fields.items()}
            for group, fields in FIELDS.items()
        }

    def _field(self, name: str, field: dict[str, Any]) -> dict[str, Any]:
        words, first = self.language, getattr(self.planner.first, name)
        unit = field.get("unit") or float(words(f"unit_{'N' if name == 'N' else 'tokens'}"))
        kind = "mfu" if name.startswith("mfu") else name
        lo = min(field["lo"], first / 10) if 0 < first < field["lo"] else field["lo"]
        hi = 10 * first if first > field["hi"] and "most" not in field else field["hi"]
        texts = {"label": words(f"field_{name}"), "words": words(f"spoken_{kind}")}
        rule = words(f"rule_{field['rule']}")
        return field | texts | {"unit": unit, "rule": rule, "lo": lo, "hi": hi}

    def between(self, lo: float | None, hi: float | None) -> str:
        """An interval of losses."""
        if lo is None or hi is None:
            return self.language("js_no_ends")
        return self.language("js_between", lo=f"{lo:.2f}", hi=f"{hi:.2f}")

    def percents(self, lo: float | None, hi: float | None) -> str:
        """An interval of shares."""
        if lo is None or hi is None:
            return self.language("js_no_ends")
        return self.language("js_percents", lo=f"{100 * lo:.0f}", hi=f"{100 * hi:.0f}")

    def say(self, choice: Choice, answer: dict[str, Any]) -> dict[str, str]:
        """Say in words what was computed, by the name of the place where it stands."""
        words, flops, money = self.language, answer["flops"], answer["money"]
        bet, M, doubt = self.between(answer["lo"], answer["hi"]), answer["D"] / answer["N"], ""
        if answer["doubt"]:
            doubt = words.translate(answer["doubt"]) or answer["doubt"]
        known, is_best = self.planner.sets[choice.dataset], choice.by == BY_BUDGET
        name = ("best" if is_best else "model") + ("_of" if known.label else "")
        size, alike = answer["N"], answer["alike"] or {"least": 0.0, "most": 0.0}
        if is_best:  # so flat a bowl tells two digits
            size, M_told = float(f"{size:.2g}"), float(f"{M:.2g}")
        model = words(
            f"js_{name}",
            label=known.label,
            size=words.count(size),
            budget=choice.currency + words.money(choice.budget),
            M=digits(M_told if is_best else M),
            least=words.count(float(f"{alike['least']:.2g}")),
            most=words.count(float(f"{alike['most']:.2g}")),
            share=digits(100 * ALIKE),
        )
        told = {
            "sentence": words(
                "js_sentence",
                model=model,
                promise=self._promise(choice, answer),
                cost=self._say_cost(choice, answer),
            ),
            "notes": " ".join(self._note(choice, answer, doubt)),
            "map": words("js_map_best" if is_best else "js_map_model"),
            "currency": choice.currency,
            "loss": words("js_no_ends") if doubt else f"{answer['loss']:.2f}",
            "law": self.between(answer["law_lo"], answer["law_hi"]),
            "bet": bet,
            "tokens": words.count(answer["D"]),
        }
        if "error" in answer:
            error = words("js_percent", value=f"{100 * answer['error']:.0f}")
            told["error"] = words("js_no_ends") if doubt else error
            told["error_law"] = self.percents(answer["error_law_lo"], answer["error_law_hi"])
            told["error_bet"] = self.percents(answer["error_lo"], answer["error_hi"])
        for part in COSTS:
            told[f"flops_{part}"] = power(flops[part])
            told[f"money_{part}"] = choice.currency + words.money(money[part])
            for kind, parts in (("flops", flops), ("money", money)):
                of_total = f"{100 * share(parts[part], parts['total']):.0f}"
                told[f"{kind}_share_{part}"] = words("js_percent", value=of_total)
        return told

    def _tried(self, choice: Choice, M: float) -> tuple[bool, dict[str, str]]:
        """Whether runs were fitted of so many tokens per parameter, and the ends of them."""
        least, most = self.planner.sets[choice.dataset].tried
        ends = {"least": digits(least), "most": digits(most)}
        return least <= round_off(M) <= most, ends

    def _promise(self, choice: Choice, answer: dict[str, Any]) -> str:
        """Say which loss to bet on, how surely, and what was measured."""
        words, measured = self.language, answer["measured"]
        was = "" if measured is None else words("js_measured", loss=f"{measured:.2f}")
        if answer["doubt"]:
            return words("js_no_promise") + was
        bet = self.between(answer["lo"], answer["hi"])
        is_tried, ends = self._tried(choice, answer["D"] / answer["N"])
        runs = self.planner.sets[choice.dataset].fitted
        times = answer["N"] * answer["D"] / float((runs.N * runs.D).max())
        name = "js_promise_far" if times > FARTHEST_CHECKED else "js_promise"
        if not is_tried:
            name = "js_promise_outside"
        return words(name, ends=bet, times=digits(times), **ends) + was

    def _say_cost(self, choice: Choice, answer: dict[str, Any]) -> str:
        """Say the bill, and over which range it lies by the reports."""
        words = self.language

        def write(value: float) -> str:
            return choice.currency + words.money(value)

        kind = "covers" if choice.by == BY_BUDGET else "cost"
        what = "life" if sum(choice.served) else "training"
        cost, days = write(answer["money"]["total"]), digits(choice.days)
        told = words(f"js_{kind}_{what}", cost=cost, days=days)
        least, most = (write(answer["reported"][end]) for end in ("least", "most"))
        return told if least == most else told + words("js_reports", least=least, most=most)

    def _note(self, choice: Choice, answer: dict[str, Any], doubt: str) -> list[str]:
        """Say why there is no interval, and where a model lies outside what the runs tried."""
        words, M, inside = self.language, answer["D"] / answer["N"], answer["inside"]
        notes = [words("js_why", doubt=doubt)] if doubt else []
        is_tried, ends = self._tried(choice, M)
        if not is_tried:
            notes.append(words("js_outside", **ends, M=digits(M)))
        if inside:
            bet = self.between(inside["lo"], inside["hi"])
            size = words.count(inside["N"])
            notes.append(words("js_inside", size=size, M=digits(inside["M"]), ends=bet))
        if choice.currency != self.planner.first.currency:
            notes.append(words("js_not_converted", currency=choice.currency))
        return notes

    def draw(self, choice: Choice, answer: dict[str, Any]) -> dict[str, dict[str, str]]:
        """Draw the map: attributes of its marks."""
        frame, at = self.frame, self.frame.at
        sizes = zip(at, tokens_of_sizes(choice, at), strict=True)
        predict, dataset = self.planner.predict, choice.dataset
        line = [(N, predict(dataset, N, D, with_error=False)) for N, D in sizes if D > 0]
        told = [(N, at) for N, at in line if not at["doubt"]]

        def band(lo: str, hi: str) -> str:
            there = [(N, at[hi]) for N, at in told]
            back = [(N, at[lo]) for N, at in reversed(told)]
            return f"M{frame.join(there + back)}Z" if told else ""

        fewest, most = map(frame.x, span(self.planner.sets[dataset].fitted.N))
        curve = frame.join([(N, at["loss"]) for N, at in told])
        return {
            "fitted": {"x": f"{fewest:.1f}", "width": f"{most - fewest:.1f}"},
            "bet": {"d": band("lo", "hi")},
            "law": {"d": band("law_lo", "law_hi")},
            "line": {"d": f"M{curve}" if told else ""},
            "point": {
                "cx": f"{frame.x(answer['N']):.1f}",
                "cy": f"{frame.y(answer['loss']):.1f}",
                "r": "0" if answer["doubt"] else "5",
            },
        }

    def write(self) -> Markup:
        """Write the whole planner."""
        planner, words = self.planner, self.language
        choice, answer = planner.first, planner.compute(planner.first)
        fields = [{"name": n, **f} for group in self.fields.values() for n, f in group.items()]
        data = describe(planner) | words.of_script()
        data |= {"fields": fields, "frame": self.frame.describe()}
        return render(
            "planner.html",
            t=words,
            say=self.say(choice, answer),
            marks=self.draw(choice, answer),
            answer=answer,
            planner=planner,
            frame=self.frame,
            place={"left": LEFT, "top": TOP, "width": WIDTH, "height": HEIGHT},
            fields=self.fields,
            when=WHEN,
            costs=COSTS,
            share=share,
            origins=[
                (words(f"price_{name}"), f"{getattr(planner.prices, name):.3g}", str(origin))
                for name, origin in planner.prices.origins.items()
                if name != "currency" and self.with_origins
            ],
            data=write_json(data),
            style=read_plain("planner.css"),
            script=tighten(read_plain("planner.js")),
        )


def write_planner(planner: Planner, frame: MapFrame, code: str = "en") -> Markup:
    """Write a planner in a language of `scaling.reports.language.LANGUAGES`."""
    return PlannerPage(planner, frame, speak(code)).write()

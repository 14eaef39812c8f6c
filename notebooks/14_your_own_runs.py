# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # And with my own data?
#
# *You need: what [a prediction's interval](11_intervals.ipynb) is. Reading: 15 minutes. Running: 10 seconds.*

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display

import scaling
from scaling.figures.intervals import draw_intervals
from scaling.figures.kpi import draw_kpi
from scaling.figures.style import use_style
from scaling.laws.repeated import effective_tokens
from scaling.studies.decide.own_case import (
    add_nearer,
    ask_kpi,
    hold_out,
    keep_better_half,
    list_kpis,
    predict_kpi,
    predict_losses,
    trace_kpi,
)
from scaling.studies.decide.stdlib_text import ENTRIES
from scaling.tables.datafiles import data_path
from scaling.training.plan.spec import read_spec

use_style()
OURS = data_path("results", "domain.csv")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
eight, four = hold_out(scaling.read_runs(OURS))
ten, two = add_nearer(eight, four)
from_eight, from_ten = predict_losses(eight, four), predict_losses(ten, two)
first, second = from_eight.iloc[-1], from_ten.iloc[-1]
residual = scaling.fit(eight).report()["residual_share"]
assert (len(eight), len(ten)) == (8, 10)
assert first["inside"] and second["inside"] and first["error"] < 0 and 0.02 < residual < 0.04
Markdown(
    f"""**Change one line, the path of your table, and this page is about your runs; on ours, eight tiny models predict a loss {abs(first["error"]):.1%} too low
at {first["times"]:.0f} times the compute.** It was to lie between {first["lo"]:.2f} and {first["hi"]:.2f} nats per token, and was measured at {first["measured"]:.2f}. That is
a wide interval, and rightly so: the eight runs stray {residual:.1%} from their law, near the upper end of what sound grids do (0.5 to 4%)."""
)

# %% mystnb={"image": {"alt": "Six predictions of loss as rows. From eight runs: 320K at M = 10 and at M = 40 without bars, their dots close to the crosses of the measured losses; 169K at M = 40 and 656K at M = 10 with wide bars that hold the crosses. From ten runs: 320K at M = 40 and 656K at M = 10, both crosses within the thin bar, the last one at its right end and outside the thick one."}, "figure": {"caption": "Larger runs, predicted and then looked at. A dot without bars was marked not to be used.", "name": "fig-own-losses"}}
rows = pd.concat([from_eight.assign(n=8), from_ten.assign(n=10)])
rows["label"] = [f"{label}\nfrom {n} runs" for label, n in zip(rows["label"], rows["n"], strict=True)]
figure, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
draw_intervals(ax, rows)
ax.set_title("All four bets hold, the last one barely")
figure.legend(loc="outside lower center", ncols=2);

# %% jupyter={"source_hidden": true} tags=["remove-input"]
told = rows.dropna(subset=["lo"])
untold = rows[rows["lo"].isna()]
assert told["inside"].all() and len(told) == 4 and len(untold) == 2
assert untold["error"].abs().max() < 0.01 and not second["inside_law"]
assert set(untold["label"]) == {"N = 320K, M = 10\nfrom 8 runs", "N = 320K, M = 40\nfrom 8 runs"}
Markdown(
    f"""- **Bets: {len(told)} of {len(told)} hold.** The last measured loss, {second["measured"]:.3f}, is {second["hi"] - second["measured"]:.3f} from the end of its bet, and outside the
  narrower interval that takes the law for right.
- **Two are refused**: the law left too much open. They would have been {untold["error"].abs().min():.1%} and {untold["error"].abs().max():.1%} off, which nobody could know.
- **Two more runs made it no better.** The largest is predicted {abs(second["error"]):.1%} too low from ten runs, {abs(first["error"]):.1%} from eight."""
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
case = pd.concat([eight, four])
tokens = (case["D"] / case["epochs"]).max()
Markdown(
    f"""The case is code as a company would have it: the modules of Python's own standard library, {tokens / 1e6:.1f} million tokens to train on, read by models of
{case["N"].min() / 1e3:.0f} to {case["N"].max() / 1e3:.0f} thousand parameters. `make domain` trains all {len(case)} on two cores."""
)

# %% [markdown]
# ## One line to change

# %%
TABLE = OURS  # the path of your table, as "runs.csv"

# %%
runs = scaling.read_runs(TABLE)
small, held_out = hold_out(runs)
kpis = list_kpis(runs)
target = held_out.iloc[-1] if len(held_out) else 10 * runs[["N", "D"]].max()
len(small), len(held_out), kpis

# %% [markdown]
# Held out are runs of more than a tenth of the largest compute, if at least four others are left. The target is the largest of
# them; where nothing is held out, a model of ten times the parameters and tokens. A KPI that is a share of items has two columns,
# `acc_<name>` and `items_<name>`. Sentences about our case stay away when you name another table.
#
# ## Are these runs enough?

# %% tags=["wrap"]
print(scaling.check_runs(small))

# %%
scaling.fit(small)

# %%
backtest = scaling.backtest(small).to_frame()
backtest[["run", "predicted", "lo", "hi", "actual", "relative_error"]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if TABLE == OURS:
    E = scaling.fit(small).report()["coefficients"]["E"]
    assert E["lo"] < 0 and backtest["lo"].isna().all() and len(backtest) == 3
    display(
        Markdown(
            f"""**Barely, and all three say so.** The sizes span a factor of {small["N"].max() / small["N"].min():.0f}, where 30 are asked for; larger ones
would not fit into a quarter of an hour. The irreducible loss $E$ may be anything up to {E["hi"]:.1f}. And of the three runs that can be
predicted from smaller ones none can be bet on; the worst is {backtest["relative_error"].abs().max():.1%} off. So expect wide intervals."""
        )
    )

# %% [markdown]
# ## How far do they reach?
#
# The target, as you would ask for it:

# %%
scaling.predict(small, N=target["N"], D=target["D"])

# %% [markdown]
# All that were held out, beside what was measured. The compute is over that of the largest small run; a bet is
# for nine cases in ten.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
LOSSES = {"times": "{:.1f} times", "loss": "{:.3f}", "lo": "{:.3f}", "hi": "{:.3f}", "measured": "{:.3f}", "error": "{:+.1%}"}

HEADS = {"times": "compute", "loss": "predicted", "share": "predicted", "lo": "to bet on", "at_loss": "at measured loss"}


def show(predictions: pd.DataFrame, formats: dict[str, str]):
    """Show some columns of predictions."""
    shown = predictions.set_index("label")[list(formats)].astype(object)
    for name, how in formats.items():
        shown[name] = [how.format(value) if pd.notna(value) else "not told" for value in shown[name]]
    bets = zip(shown["lo"], shown.pop("hi"), strict=True)
    shown["lo"] = [lo if lo == "not told" else f"{lo} to {hi}" for lo, hi in bets]
    return shown.rename(columns=HEADS).rename_axis(None)


show(predict_losses(small, held_out), LOSSES)

# %% [markdown]
# ## Which run next?
#
# Three times what the small runs cost may be spent:

# %%
plan = scaling.plan(small, N=target["N"], D=target["D"], budget=3 * small["C"].sum()).to_frame()
plan[["run", "N", "M", "flops", "expected_loss", "lo", "hi"]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if TABLE == OURS:
    bought, trained = plan.dropna(subset=["N"]), ten.iloc[8:]
    assert bought["M"].round().tolist() == trained["multiplier"].tolist() == [10, 40]
    assert max(abs(a / b - 1) for a, b in zip(trained["N"], bought["N"], strict=True)) < 0.06
    names = [f"{n / 1e3:.0f}K" for n in (*bought["N"], *trained["N"])]
    display(
        Markdown(
            f"""Two runs: {names[0]} parameters at 10 tokens each, and {names[1]} at 40. The nearest shapes have {names[2]} and {names[3]}. They were
trained after the large runs had been seen; what to train, this command alone had chosen. With them the rest of what was held out is told again:"""
        )
    )

# %%
enough, farther = add_nearer(small, held_out)
show(predict_losses(enough, farther), LOSSES)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if TABLE == OURS:
    fresh = [
        scaling.predict(ten, N=run["N"], D=float(effective_tokens(run["D"], run["D"] / run["epochs"])), effective_tokens=True).loss
        for run in two.to_dict("records")
    ]
    moved = (from_ten["loss"] / fresh - 1).abs().max()
    assert moved < 0.001
    half = [(told["hi"] - told["lo"]) / 2 / told["loss"] for told in (first, second)]
    assert second["error"] < first["error"] < 0 and half[1] < half[0]
    display(
        Markdown(
            f"""What had been refused can now be bet on, and is {abs(from_ten["error"].iloc[0]):.1%} off. The largest run has a bet of ±{half[1]:.0%} instead of
±{half[0]:.0%}, and its prediction is farther off. **More runs narrow an interval; they need not bring the prediction nearer.**

:::{{dropdown}} Why too low?
Not because text came again: the two largest models saw theirs {two["epochs"].min():.1f} and {two["epochs"].max():.1f} times, but by the constants of
[chapter 13](13_total_cost.ipynb) that moves neither prediction by more than {moved:.2%}. Two other causes would do it, and these runs cannot tell them apart. Tiny models learn
the first regularities of code one after the other, and their loss may fall faster meanwhile than it will later. And one rule for the learning rate was
taken for all sizes.
:::"""
        )
    )

# %% [markdown]
# ## The KPI: two legs
#
# Two KPIs for those who write code. Where a line of the held-out text ends, how often does the model hold the right *indentation* of the
# next for the likeliest? And where a *bracket* closes, the right one? `scaling grid accuracy` counts such places on any trained grid;
# a pattern picks them.
#
# The first leg is the loss, predicted as above. The second is a straight line from the loss to the logit of the KPI. An
# answer shows both, together and apart:

# %% tags=["wrap"]
if kpis:
    print(ask_kpi(enough, kpis[0], N=target["N"], D=target["D"]))

# %% [markdown]
# That is `scaling.kpi(runs, column="acc_indent", items="items_indent", higher_is_better=True, ...)`. Rates of error in columns
# `err_<task>` have a command of their own, `scaling.tasks`:

# %%
if any(name.startswith("err_") for name in runs):
    display(scaling.tasks(enough, N=target["N"], D=target["D"]))

# %% jupyter={"source_hidden": true} mystnb={"image": {"alt": "Two panels of a share against the loss, which falls to the right from 4.4 to 2.4. Indentation: ten small runs near a line from 21 to 50 per cent; two predictions with bars at 53 and 56 per cent; two measured crosses at 51 per cent, inside. Brackets: four runs near zero, the others at 23 to 42 per cent; the line is an S that runs to 87 per cent, bars from 1 to 100 per cent, measured 46 per cent."}, "figure": {"caption": "Ten small runs with their counting noise, the line through them, and two larger runs: predicted, with what to bet on in loss and share, and measured.", "name": "fig-own-kpis"}} tags=["hide-input"]
def draw_kpis(tables: dict[str, pd.DataFrame], titles: dict[str, str]) -> None:
    """Draw each KPI with the line through its runs, and the runs held out."""
    height = 3.6 * len(tables) + 0.6
    figure, axes = plt.subplots(len(tables), 1, figsize=(7, height), layout="constrained", squeeze=False)
    for ax, (name, table) in zip(axes[:, 0], tables.items(), strict=True):
        answer = ask_kpi(table, name, N=target["N"], D=target["D"])
        draw_kpi(ax, *trace_kpi(answer), predict_kpi(table, farther, name))
        ax.set(title=titles.get(name, name), ylabel=f"right {name}s")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)


TITLES = {"indent": "Indentation follows the loss", "bracket": "Brackets start at zero: the line says nothing"}
if kpis:
    draw_kpis(dict.fromkeys(kpis[:2], enough), TITLES)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if TABLE == OURS:
    indent, bracket = (predict_kpi(ten, two, name) for name in ("indent", "bracket"))
    last = indent.iloc[-1]
    assert indent["inside"].all() and not last["inside_law"] and last["at_lo"] < last["measured"] < last["at_hi"]
    assert abs(last["at_loss"] - last["measured"]) < abs(last["share"] - last["at_loss"])
    assert bracket["lo"].max() < 0.03 and bracket["hi"].min() > 0.99
    display(
        Markdown(
            f"""- **Indentation can be bet on.** For the largest run {last["lo"]:.0%} to {last["hi"]:.0%} were said, and {last["measured"]:.1%} measured. Most of the error is the first
  leg's: from the predicted loss the line gives {last["share"]:.1%}, from the measured one {last["at_loss"]:.1%}.
- **Brackets cannot.** The bet reaches from {bracket["lo"].min():.0%} to {bracket["hi"].max():.0%}, which is to say nothing, and a warning says why: the runs bend away
  from the line. The smallest models close no bracket at all, however their loss falls."""
        )
    )

# %% [markdown]
# ## When the KPI does not follow the loss
#
# A KPI that is still at zero, or at what guessing gives, does not tell where it will go. The warning proposes a line through the runs of
# lower loss alone. Here is the better half: the KPI of the other runs is left empty, their losses stay in the law.

# %%
better = {name: keep_better_half(enough, name) for name in kpis}

# %% jupyter={"source_hidden": true} tags=["hide-input"]
if kpis:
    legs = pd.concat([predict_kpi(better[name], farther, name).assign(KPI=name) for name in kpis])
    shares = dict.fromkeys(["share", "lo", "hi", "measured", "at_loss"], "{:.1%}")
    display(show(legs, {"KPI": "{}"} | shares))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if TABLE == OURS:
    by = legs.set_index("KPI")
    brace = ask_kpi(better["brace"], "brace", N=target["N"], D=target["D"]).report()
    counting, (reason,) = brace["counting"], brace["reasons"]
    assert by.loc[["bracket", "indent"], "inside"].all() and by.loc["brace", "share"].isna().all()
    assert reason["code"] == "counting_noise" and counting["items"] == 131
    off = (by.loc["bracket", "share"] - by.loc["bracket", "measured"]).abs().max()
    wide = (by.loc["bracket", "hi"] - by.loc["bracket", "lo"]).iloc[-1] / 2
    missed, held = predict_kpi(keep_better_half(eight, "bracket"), four, "bracket").dropna(subset=["lo"]).to_dict("records")
    assert held["inside"] and not missed["inside"]
    display(
        Markdown(
            f"""*At measured loss* is what the line gives there: the second leg alone.

- **Brackets can be bet on**, if only to ±{100 * wide:.0f} points; the predictions are within {100 * off:.1f}. But the half was taken after the line through all had been
  looked at, and from the better half of the first eight runs one of two bets fails: {missed["measured"]:.1%} measured, {missed["lo"]:.1%} to {missed["hi"]:.1%} said.
- **Closing braces are refused.** The held-out text has {counting["items"]:.0f} of them. Counting so few makes ±{100 * counting["noise"]:.1f} points, and the runs differ
  by {100 * counting["spread"]:.1f} (standard deviations): what is missing is items, not models."""
        )
    )

# %% jupyter={"source_hidden": true} mystnb={"image": {"alt": "Two panels of a share against the loss. Brackets: five runs from 29 to 42 per cent on a line; bars of the two predictions reach from about 25 to 75 per cent; measured 45 and 46 per cent, on the line. Braces: five runs at 54 to 58 per cent with error bars of 4 points, and no line; measured 56 and 61 per cent."}, "figure": {"caption": "The better half of the runs alone.", "name": "fig-own-better-half"}} tags=["hide-input"]
titles = {"bracket": "From the better half, a line holds", "brace": "131 places are too few to see a trend"}
if kpis:
    draw_kpis({name: better[name] for name in kpis if name != "indent"} or better, titles)

# %% [markdown]
# ## What will it cost?
#
# From all runs: a loss 5 % below the best one, for a model that reads a million tokens a day and writes a hundred thousand.

# %%
wanted = 0.95 * runs[scaling.fit(runs).selected.loss].min()
bill = scaling.cost(runs, loss=wanted, tokens_in="1M", tokens_out="100K").to_frame()
bill[["choice", "N", "M", "lo", "hi", "flops_training", "flops"]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if TABLE == OURS:
    least, usual = (bill.set_index("choice").loc[name] for name in ("least total FLOPs", "M = 20"))
    spent = runs["C"].sum()
    unique = (runs["D"] / runs["epochs"]).max()
    assert least["N"] < usual["N"] and least["D"] > 5 * unique
    display(
        Markdown(
            f"""Training and serving together cost least at {least["N"] / 1e3:.0f}K parameters and {least["M"]:.0f} tokens each. But that is {least["D"] / 1e6:.0f}M tokens, and there are {unique / 1e6:.1f}M different
ones: `scaling.cost(..., unique_tokens=...)` counts what seeing them {least["D"] / unique:.0f} times is worth. A domain runs out of text before it runs out of compute."""
        )
    )

# %% jupyter={"source_hidden": true} tags=["remove-input"]
core = read_spec(data_path("specs", "domain.yaml")).hardware
seconds = case["C_exact"].sum() / core.flops_per_second
assert seconds / 2 < 800
Markdown(
    f""":::{{dropdown}} Where the case comes from
`make domain` lists the modules of the running Python: no tests, which many installations lack, no code tables, no generated text, nothing
installed beside it. It trains a byte-level tokenizer of {ENTRIES} entries on every fourth module and holds a twentieth of the modules out, by a hash of
their text. Then it trains {len(case)} models by one recipe, each once, and counts. The stored table is Python 3.11.7's; another version has other modules.

Training takes {seconds:,.0f} seconds of a core, added up from 150 steps of each size on a busy machine: {seconds / 120:.0f} minutes on two cores, and about one more to
prepare and to count. As a whole it was not timed on a quiet one.

The eight runs and the two large ones were laid out before any of them was trained, and none was left out. The scale of the learning rate stands
between the two better of three that were tried on three small sizes. A grid on single bytes in place of tokens, small runs alone, strayed further from its law and was given up.
:::"""
)

# %% [markdown]
# ## What we learnt

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""
- One line leads from a table to check, fit, both intervals, backtest, KPI, next run and bill.
- Eight runs that warn of themselves predicted {first["times"]:.0f} times their compute to {abs(first["error"]):.1%}; every bet on a loss held, and two were not made.
- Two runs more narrowed the bet on the largest from ±{(first["hi"] - first["lo"]) / 2 / first["loss"]:.0%} to ±{(second["hi"] - second["lo"]) / 2 / second["loss"]:.0%}, and it held by {second["hi"] - second["measured"]:.3f} nats.
- A KPI goes astray on either leg: by its loss, or by its line. Look at both.
- At zero, at chance, or within counting noise a KPI has no line. Leave such runs out, or count more items.
"""
)

# %% [markdown]
# ## Exercises
#
# Work in new cells below this one.
#
# 1. Take the paper's law (`law="tied"`) for the eight small runs. What happens to the largest run, and what does the answer say of itself?
# 2. The two largest models saw their text 2.9 and 1.5 times. How many fresh tokens is that worth (`scaling.laws.repeated.effective_tokens`), and
#    how much more loss does the law of the ten runs expect for it?
# 3. How many closing braces would be needed for their counting noise to come down to the spread of the better half?
# 4. Predict the brackets from the runs that close at least a twentieth of them. Is the bet narrower than from the better half, and what does the warning
#    say?
#
# [Solutions](solutions.ipynb).

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
# # How sure are we?
#
# *You need: [the loss law](03_loss_law.ipynb). Reading: 12 minutes. Running: 10 seconds.*

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

import scaling
from scaling.costs.compute import training_flops
from scaling.figures.intervals import METHOD_LOOKS, draw_coverage, draw_intervals, draw_widths
from scaling.figures.style import DATASET_LABELS, use_style
from scaling.forecast.fitted import fit_table
from scaling.forecast.intervals import load_constants
from scaling.studies.results import load_result
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import (
    run_table,
    select_error_fit,
    select_loss_fit,
    select_small,
    select_targets,
)

use_style()
constants = load_constants()
coverage = load_result("interval_coverage").set_index(["evidence", "group", "method"]).sort_index()
planted = load_result("interval_planted").set_index(["kind", "n_runs", "method"]).sort_index()
judged = load_result("interval_targets")


# %% jupyter={"source_hidden": true} tags=["hide-input"]
def predict_targets(dataset):
    """Both large runs of a training set from the paper's five, with their intervals."""
    table = run_table(dataset)
    fitted = fit_table(select_loss_fit(table), LOSS_COLUMN)
    return [
        {
            "label": f"{DATASET_LABELS[dataset]}, {run.size}, M = {run.M}",
            "dataset": dataset,
            "measured": getattr(run, LOSS_COLUMN),
            **fitted.predict(run.N, run.D)._asdict(),
        }
        for run in select_targets(table).itertuples()
    ]


six = pd.DataFrame([row for dataset in DATASET_LABELS for row in predict_targets(dataset)])

# %% jupyter={"source_hidden": true} tags=["remove-input"]
n_inside = int(six["measured"].between(six["lo"], six["hi"]).sum())
farthest_below, farthest_above = (1 - six["lo"] / six["loss"]).max(), (six["hi"] / six["loss"] - 1).max()
near = coverage.loc["five", "near text"]
n_near = near.loc["bet", "n_predictions"]
of_six = coverage.loc["five", "C4 eval"].loc["bet"]
fit_share = np.mean(
    [
        training_flops(runs["N"], runs["D"]).sum() / training_flops(large["N"], large["D"])
        for runs, large in (
            (select_loss_fit(run_table(d)), select_targets(run_table(d)).iloc[1]) for d in DATASET_LABELS
        )
    ]
)
assert n_inside == 6 and coverage.loc[("five", "C4 eval", "percentile bootstrap"), "plain"] == 1
Markdown(
    f"""**Short answer. Nine times in ten the loss of a large run lies between {farthest_below:.0%} below its prediction and {farthest_above:.0%} above: so far reaches
the interval to bet on, and the paper's six targets lie in theirs.** Six of six shows at least {of_six["covered_lo"]:.0%}, not 90. The five small runs cost {fit_share:.1%} of the 6.9B run.
Drawing the five again at random (a bootstrap) promises nine of ten as well. It holds the six, too, but over five texts
{n_near * near.loc["percentile bootstrap", "plain"]:.0f} of {n_near} losses, where the bet holds {n_near * near.loc["bet", "plain"]:.0f}."""
)

# %% mystnb={"image": {"alt": "Six rows, two large runs of each of three training sets. In each a thin line, the interval to bet on, reaches a little beyond a thick pale bar, the interval if the law holds; a cross for the measured loss lies inside all six bars, on C4 6.9B near the upper end. The lines are about 0.3 to 0.4 nats long."}, "figure": {"caption": "Six large runs, each predicted from five small ones of its training set (loss on C4 eval, nats per token, the law that `scaling predict` takes), with both 90 % intervals. In these six cases the law's interval would have done; further down it does not.", "name": "fig-six-intervals"}} jupyter={"source_hidden": true} tags=["hide-input"]
figure, ax = plt.subplots(figsize=(7.8, 3.9))
draw_intervals(ax, six)
ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.2), ncols=4, fontsize=8.5)
ax.set_title("Five small runs bracket each of six large ones, on C4 eval");

# %% [markdown]
# Two intervals, because two questions are asked. *Where does the loss lie if the law is right?* That is **the law's
# interval**. *Where will the run land that I am about to pay for?* That is **the bet**. Most of this chapter is about why
# the first does not answer the second. Words are in the [glossary](../book/glossary.md).
#
# ## Why residuals do not tell
#
# The law passes close to the runs that it is fitted to. Everything a textbook offers takes what is left there, the residuals,
# as the size of the error and carries it outward. Where the law is true and runs are many, this works: we planted 2,000 laws, drew
# noisy runs of each, and asked every method for the largest run (top row). With five runs the two bootstraps fall short even then.
# On real runs the law's interval does, too, and where runs are many the bet itself.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
shown = list(METHOD_LOOKS)
rows = {
    "planted: the law is true, 24 runs": planted.loc["law holds", 24]["covered"],
    "planted: the law is true, five runs": planted.loc["law holds", 5]["covered"],
    "planted: the target is 2 % off, five runs": planted.loc["misfit", 5]["covered"],
    "real: five runs, text as trained on": coverage.loc["five", "near text"]["covered"],
    "real: other groups' grids, from 1/20 of the compute": coverage.loc["1/20", "other grids"]["covered"],
    "real: the same, from 1/100": coverage.loc["1/100", "other grids"]["covered"],
    "real: 27 small runs, text as trained on": coverage.loc["M >= 10", "near text"]["covered"],
    "real: other groups' grids, five at random": coverage.loc["5 random", "other grids"]["covered"],
    "real: small runs, larger from smaller (calibration)": coverage.loc["rolling", "near text"]["covered"],
}
held = pd.DataFrame(rows).T[shown]

# %% mystnb={"image": {"alt": "Nine rows, three of planted laws and six of real runs, each with five marks: the share of losses inside nominal 90 per cent intervals. The bet is the rightmost mark in every row, at 91 per cent or more in seven, at 87 with 27 small runs and at 86 with five runs at random. The law's interval falls from 93 to 59 per cent in the lower rows, the bootstraps to 50."}, "figure": {"caption": "How often a 90 % interval holds, by method; dashed: what is promised. Series count alike. (Of the runs at 1/100 most are of one grid: counted one by one, all methods hold 85 to 99 % there.) From 30 losses (five runs) to 6,000 (at random); planted rows 400 to 2,000 tables.", "name": "fig-coverage"}} jupyter={"source_hidden": true} tags=["hide-input"]
figure, ax = plt.subplots(figsize=(7.8, 5.2))
draw_coverage(ax, held)
ax.legend(loc="upper center", bbox_to_anchor=(0.25, -0.13), ncols=3, fontsize=8.5)
ax.set_title(f"Only the bet holds {int(100 * held['bet'].min())} % or more in every row", loc="left");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
near_rows = judged.query("method == 'bet' and evidence == 'five' and group == 'near text'")
large_error = (near_rows["predicted"] / near_rows["actual"] - 1).abs().mean()
tables = [select_loss_fit(run_table(dataset)) for dataset in DATASET_LABELS]
left = [abs(fit_table(runs, LOSS_COLUMN).fit.law.predict(runs["N"], runs["D"]) / runs[LOSS_COLUMN] - 1) for runs in tables]
many_near = coverage.loc["M >= 10", "near text"]["covered"]
rolling = coverage.loc["rolling", "near text"]["covered"]
at_100 = coverage.loc["1/100", "other grids"]["covered"]
Markdown(
    f"""The residuals are small because the law has room to bend: it passes within {np.max(left):.1%} of any of the five runs. What is wrong with it
shows only far away: there the error is {large_error:.1%} on average, of either sign. **No method that looks at the residuals alone can see
that coming.** Student's t comes near the promise by width alone: ±{near.loc["t(dof)", "half_width"]:.0%} where the bet takes
±{near.loc["bet", "half_width"]:.0%}.

From five runs the law's interval would nearly have done ({n_near * near.loc["law", "plain"]:.0f} of {n_near}): five runs leave it wide. The bet earns its width where
runs are many or the step is long: {rolling["law"]:.0%} become {rolling["bet"]:.0%} among small runs, {at_100["law"]:.0%} become {at_100["bet"]:.0%} at 1/100, {many_near["law"]:.0%} become
{many_near["bet"]:.0%} from 27 runs. Where the law is true it holds {planted.loc[("law holds", 5, "bet"), "covered"]:.0%}, more than it promises."""
)

# %% [markdown]
# The same as a table. Score is the interval score of the log loss: the width, plus twenty times what a measured loss lies
# outside; less is better.

# %% jupyter={"source_hidden": true} tags=["remove-input", "hide-output"]
pairs = [
    ("five", "near text"),
    ("five", "other text"),
    ("1/20", "other grids"),
    ("1/100", "other grids"),
]
real = pd.concat({pair: coverage.loc[pair] for pair in pairs}, names=["evidence", "text"])
columns = {
    "n_predictions": "predictions",
    "n_independent": "independent",
    "covered": "held",
    "half_width": "half width",
    "score": "score",
}
real[list(columns)].rename(columns=columns).round(3)

# %% [markdown]
# ## Two intervals
#
# **The law's interval** is a posterior. For one exponent $\alpha$ the law $E + A N^{-\alpha} + B D^{-\alpha}$ is linear in the rest,
# so $E$, $A$, $B$ and the noise are integrated exactly, and the exponent is summed over a grid. What is believed beforehand
# is that exponents are near those of other grids, as in [chapter 7](07_better_predictor.ipynb), and that runs lie within
# about half a per cent of a law. It works from four runs on, gives the same digits every time, and covers what it
# promises where the law is true.
#
# **The bet** adds two things: the noise of the new run, and an *allowance* $a$ for what the law gets wrong and no residual
# shows. With the median $m$ and a quantile $q$ of the posterior for a run, each end is
#
# $$
# m \exp\Bigl(\pm\sqrt{\log(q/m)^2 + a^2}\Bigr), \qquad a = a_{\max}\,\min(\Delta / \Delta_0,\, 1),
# $$ (eq-bet)
#
# where $\Delta$ is the change in loss, as a share of it, that the law predicts between the nearest run and the target. Beside a
# run that was trained there is nothing to allow for; beyond a change of $\Delta_0$ the allowance is full.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
stored = load_result("interval_constants").set_index("constant")
without = stored.loc["most", [f"without_{dataset}" for dataset in DATASET_LABELS]].astype(float)
Markdown(
    f"""The allowance is {constants.most:.0%} of the loss, full from a change of {constants.reach:.0%} on. Small runs chose its size. The rule: the
least allowance with which the bet holds nine of ten losses *among small runs*, larger predicted from smaller. With one
training set left out the rule gives {without.min():.1%} to {without.max():.1%}."""
)

# %% [markdown]
# Thirteen forms were compared. Each has one constant, the least that holds 90 % of the forecasts among small runs of the
# testbed (text near the training text) and of four other grids. Taken is a form that is nothing at a run that was trained; of those whose
# score is within two standard errors of the best, the narrowest. **The size of the allowance comes from small runs; its form was chosen by
# people who knew the large ones**, so what it did there (last three columns) is no blind test. The [log](../book/log.md) has what lost.

# %% jupyter={"source_hidden": true} tags=["remove-input", "hide-output"]
candidates = load_result("interval_candidates").set_index("form")
words = {
    "constant": "constant",
    "score": "score",
    "half_width_five_runs": "half width, five runs",
    "chosen": "chosen",
    "afterwards_five_runs": "held, five runs",
    "afterwards_grids_20": "1/20",
    "afterwards_grids_100": "1/100",
}
candidates[list(words)].rename(columns=words).sort_values("score").round(3)

# %% [markdown]
# For your own runs it is one call; in the terminal, `scaling predict runs.csv --N 6.9B --M 20`:

# %%
small = select_loss_fit(run_table("c4"))[["N", "D", LOSS_COLUMN]].rename(
    columns={LOSS_COLUMN: "loss"}
)
print(scaling.predict(small, N=6.9e9, M=20))

# %% [markdown]
# ## What widens them
#
# Distance does, and running out of runs. Each line below is the half width of the bet at $M = 20$ for growing
# targets; the dotted line is the law's.


# %% jupyter={"source_hidden": true} tags=["hide-input"]
def measure_widths(runs, C, M=20):
    """Half widths of both intervals as fractions of the loss, at targets of compute C."""
    fitted, N = fit_table(runs, LOSS_COLUMN), np.sqrt(C / (6 * M))
    ends, loss = fitted.find_intervals(N, M * N), fitted.read(N, M * N)[0]
    return pd.DataFrame(
        {
            "C": C,
            "bet": (ends.hi - ends.lo) / 2 / loss,
            "law": (ends.law_hi - ends.law_lo) / 2 / loss,
        }
    )


c4 = run_table("c4")
five = select_loss_fit(c4)
designs = {
    "four: the five without 0.411B": five[five["size"] != "0.411B"],
    "the paper's five": five,
    "all 27 small runs, M of 10 and more": select_small(c4, least_M=10),
    "the five and the 1.4B run at M = 20": select_error_fit(c4),
}
axis_C = np.geomspace(3e19, 6e21, 60)
widths = {name: measure_widths(runs, axis_C) for name, runs in designs.items()}
goal = c4[(c4["size"] == "6.9B")].iloc[0]
told = {name: fit_table(runs, LOSS_COLUMN).predict(goal["N"], goal["D"]) for name, runs in designs.items()}

# %% mystnb={"image": {"alt": "Half width of the bet over compute of the target for three sets of runs. Four runs without the largest size climb from 6 to 15 per cent, the paper's five from 2 to 8, all 27 small runs from 2 to 6, the five and a 1.4B run stay near 4 to 5. Lines bend where the allowance is full. Dotted lines of the law's interval run below."}, "figure": {"caption": "Half width of both 90 % intervals on C4 eval, at M = 20 (lines: the bet; dotted: the law's). The right end is the 6.9B run.", "name": "fig-widths"}} jupyter={"source_hidden": true} tags=["hide-input"]
figure, ax = plt.subplots(figsize=(7.8, 3.8))
for (name, lines), colour in zip(widths.items(), ("#D55E00", "#0072B2", "#117733", "#CC79A7"), strict=True):
    draw_widths(ax, lines, name, colour)
ax.legend(loc="upper left", fontsize=8.5)
ax.set_title("One larger run narrows the bet more than 22 small ones");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
half = {name: (t.hi - t.lo) / 2 / t.loss for name, t in told.items()}
four_bet, five_bet, all_bet, with_1_4B = half.values()
held_all, held_1_4B = (told[name].lo <= goal[LOSS_COLUMN] <= told[name].hi for name in list(designs)[2:])
law_1_4B = told[list(designs)[3]]
in_law = law_1_4B.law_lo <= goal[LOSS_COLUMN] <= law_1_4B.law_hi
many = coverage.loc["M >= 10", "all"].loc["bet"]
assert not held_all and held_1_4B and not in_law
fitted_five = fit_table(five, LOSS_COLUMN)
others_out = [fit_table(five.drop(index=k), LOSS_COLUMN).predict(goal["N"], goal["D"]) for k in five.index if five["size"][k] != "0.411B"]
without_one = [(t.hi - t.lo) / 2 / t.loss for t in others_out if t.hi is not None]
ladder = np.geomspace(1e8, 1e11, 400)
losses_20 = fitted_five.read(ladder, 20 * ladder)[0]
as_good_as = ladder[np.abs(losses_20 - told["the paper's five"].hi).argmin()]
run_1_4B = c4[(c4["size"] == "1.4B") & (c4["M"] == 20)].iloc[0]
Markdown(
    f"""At 6.9B the paper's five runs give ±{five_bet:.1%}. In compute that is much: the upper end is the loss that the law promises a model of
{as_good_as / 1e9:.1f}B, which costs {(as_good_as / goal["N"]) ** 2:.0%} as much. Without the largest of the five it is ±{four_bet:.1%} (without another one, {np.min(without_one):.1%} to {np.max(without_one):.1%}).

**More small runs narrow the bet, and may mislead.** All 27 give ±{all_bet:.1%}, and the 6.9B run lies *outside*, at {goal[LOSS_COLUMN]:.3f} nats where the bet
ends at {told[list(designs)[2]].hi:.3f}. From these runs of every training set the bet holds {many["plain"]:.0%} of {many["n_predictions"]:.0f} losses, below what it promises.
**One larger run does better**: with the 1.4B run at $M = 20$, for {run_1_4B["C"] / goal["C"]:.0%} of the bill of the 6.9B run, it is ±{with_1_4B:.1%}, and the run
lies inside. The law's interval alone would have missed it there."""
)

# %% [markdown]
# ## What they do not cover
#
# An interval is a promise about runs like those in the table. Three things break it.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
bets = judged.query("method == 'bet' and evidence == 'five'")
by_text = bets.groupby("loss_set")["inside"].agg(["sum", "size"])
code = judged.query("method == 'bet' and evidence == 'five' and loss_set == 'paloma_code'")
on_near, on_other = (
    coverage.loc["five", group].loc["bet", "plain"] for group in ("near text", "other text")
)
assert on_near == 1


def count_error(count):
    """Mean absolute error on Gemstones, from 1/100 of the compute, in a count of parameters."""
    rows = load_result("grids").query(
        "candidate == 'prior' and grid == 'gemstones' and fit_share == '1/100'"
    )
    return rows.loc[rows["count"] == count, "relative_error"].abs().mean()


n_plain = int(bets["inside"].sum())
Markdown(
    f"""
- **Another text.** From five runs the bet holds {n_near} of {n_near} losses on text like the training text (C4, RefinedWeb, RedPajama and OpenLM's
  own), and {on_other * 18:.0f} of 18 on code, news and German. Models trained on C4 see little code; their loss on it is
  {abs(code.query("source == 'c4'")["predicted"] / code.query("source == 'c4'")["actual"] - 1).max():.0%} off. Predict the loss you train on.
- **Another recipe.** A new tokenizer, optimiser, schedule or data mix is a new law. So are runs that end inside their warm-up, as at
  [5 tokens per parameter](04_overtraining.ipynb).
- **A wrong count of parameters.** Where the vocabulary is a large share of $N$, the count decides: on the Gemstones grid, from 1/100 of the
  compute, the mean error is {count_error("N"):.1%} with all parameters and {count_error("N_body"):.1%} without the vocabulary's."""
)

# %% [markdown]
# ## Check them on your own runs
#
# Do your own large runs lie in the intervals of your smaller ones? `backtest` asks that of every size in your table. Here the
# small C4 runs, as if they were yours:

# %%
own = select_small(c4, least_M=10)[["run", "N", "D", LOSS_COLUMN]].rename(
    columns={LOSS_COLUMN: "loss"}
)
backtest = scaling.backtest(own)
backtest.to_frame().set_index("run")[["predicted", "lo", "hi", "actual", "inside"]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
own_held = backtest.to_frame()["inside"].dropna()
Markdown(
    f"""{int(own_held.sum())} of {len(own_held)} lie inside. Far fewer than nine of ten is a reason to look for one of the three causes above before you
buy the large run. It is a weak check: small runs that pass say little of large ones."""
)

# %% [markdown]
# ## How good is the evidence?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
all_five = coverage.loc["five", "all"].loc["bet"]
others = coverage.loc["five", "all"].loc["bet, others' constants"]
share_20, share_100 = (coverage.loc[share, "other grids"].loc["bet"] for share in ("1/20", "1/100"))
random_5, random_8 = (coverage.loc[f"{n} random", "all"].loc["bet"] for n in (5, 8))
sets = {dataset: coverage.loc["five", dataset].loc["bet", "plain"] for dataset in DATASET_LABELS}
Markdown(
    f"""Over eight texts the bet holds {n_plain} of {len(bets)} losses of the six large runs ({", ".join(f"{16 * share:.0f} of 16 on {DATASET_LABELS[d]}" for d, share in sets.items())}).
That looks like {len(bets)} trials. It is nearer six: three training sets, two targets. Counted so, the 95% interval of the coverage reaches from
{all_five["covered_lo"]:.0%} to {all_five["covered_hi"]:.0%}. With constants that never saw the training set that is judged, {others["plain"] * others["n_predictions"]:.0f} are held.

Other evidence: of the large runs of four other groups' grids {share_20["plain"] * 150:.0f} of 150 from 1/20 of the compute and
{share_100["plain"] * 150:.0f} of 150 from 1/100 (five series). From five small runs *drawn at random* {random_5["plain"]:.0%}, from eight {random_8["plain"]:.0%}: badly laid
out, five runs fall short. Small runs among themselves are no evidence, since the allowance was fitted to them."""
)

# %% [markdown]
# Every kind of evidence; `independent` counts what can be taken for that: a training set and a target, or a series of runs.

# %% jupyter={"source_hidden": true} tags=["remove-input", "hide-output"]
every = coverage.xs("bet", level="method")[
    ["n_predictions", "n_independent", "covered", "covered_lo", "covered_hi", "half_width"]
]
every.round(3)

# %% [markdown]
# ## What we learnt

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""
- Two intervals answer two questions. *If the law holds* is for reading the law; *to bet on* is for signing a bill.
- Residuals do not tell. On text like the training text a bootstrap of five runs holds {n_near * near.loc["percentile bootstrap", "plain"]:.0f} of {n_near} large-run losses,
  the bet all. That is six trials, not {n_near}.
- What was missing is an allowance of {constants.most:.0%} for what the law gets wrong: its size from small runs, its form chosen by people who knew the large ones.
- More small runs narrow the bet, and on C4 the narrower bet was wrong. One run nearer the target narrows it more.
- Bet on text like the training text, on one recipe, in one count of parameters. Beyond that no interval is known to hold.
"""
)

# %% [markdown]
# ## Exercises
#
# Work in new cells below this one.
#
# 1. Leave the fifth run out of `small` (the one at $M = 320$) and predict again. Which interval grows, or is there none? Why?
# 2. Give the C4 runs half the noise they have: replace each loss by the mean of itself and the fitted law. How far
#    do the law's interval and the bet shrink at 6.9B, and why does one shrink less?
# 3. Ask for `level=0.5` on all six targets. How many of the six should lie inside, and how many do?
#
# [Solutions](solutions.ipynb).

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
# # Solutions to the exercises
#
# Each solution is a few lines that run; change them and run again.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from itertools import combinations

import numpy as np
import pandas as pd
from IPython.display import Markdown

import scaling
from scaling.costs.compute import count_parameters, hidden_width
from scaling.costs.price_tables import default_prices
from scaling.decide.purchases import SHIPPED
from scaling.figures.style import use_style
from scaling.forecast.fitted import fit_table
from scaling.forecast.rulers import predict_on_line, relative_error
from scaling.forecast.verdicts import judge_tasks
from scaling.laws.fit import fit_error_law, fit_loss_law, fit_loss_surface
from scaling.laws.law import LossSurface
from scaling.laws.prior import fit_with_prior
from scaling.laws.repeated import effective_tokens
from scaling.studies.decide.own_case import add_nearer, hold_out, keep_better_half, predict_kpi
from scaling.studies.decide.replay import buy, name_cell, open_shop
from scaling.studies.predictors.selection import GROUPS, load_scores
from scaling.studies.recipe import fit_chain
from scaling.studies.results import load_result
from scaling.studies.tasks.averages import keep_above_chance, miss_averages
from scaling.studies.tasks.error_laws import predict_tasks
from scaling.studies.tasks.traits import average_logs, estimate_effects, load_traits, size_of_misses
from scaling.tables.datafiles import data_path
from scaling.testbed.runs import (
    load_losses,
    load_tasks,
    run_table,
    select_error_fit,
    select_loss_fit,
    select_small,
    select_targets,
)
from scaling.training.grid.truth import hold_against_truth, select_fit_runs
from scaling.training.plan.spec import read_spec

use_style()
DATASETS = ("c4", "redpajama", "refinedweb")

# %% [markdown]
# ## [What was measured?](01_testbed.ipynb)
#
# **1. Parameters of the 1.4B model.** Width 2,048 and 24 layers. The feed-forward width is
# $256\lceil\lfloor 8d/3 \rfloor / 256\rceil$.

# %%
count = count_parameters(width=2048, layers=24)
hidden_width(2048), count, count.total

# %% [markdown]
# **2. Sequence against token interval.** A ratio above one means that neighbouring tokens rise and
# fall together. Where whole files of one kind stand side by side, it is large.

# %%
losses = load_losses()
ratio = (losses["loss_hi"] - losses["loss_lo"]) / (
    losses["loss_token_hi"] - losses["loss_token_lo"]
)
ratio.groupby(losses["loss_set"]).median().sort_values()

# %% [markdown]
# C4 eval is the exception, far below one. It has by far the most tokens, so its token interval should
# be the narrowest of all. It is wider than the sequence interval, so it cannot rest on all those
# tokens; the release does not say how many were drawn.
#
# The largest is that of `paloma_redpajama`, near seven: few long documents, so that the tokens of a
# sequence rise and fall together.
#
# **3. The run that C4 lacks** is 0.411B at $M = 640$. The other run in the difference is no gap: the
# over-trained 1.4B model of C4 stands at $M = 80$ instead.

# %%
grid = {(size, M) for size, M in run_table("redpajama")[["size", "M"]].itertuples(index=False)}
grid - {(size, M) for size, M in run_table("c4")[["size", "M"]].itertuples(index=False)}

# %% [markdown]
# ## [Can I train such a grid myself?](02_grid_training.ipynb)
#
# **1. Other cuts.**

# %%
spec = read_spec(data_path("specs", "walks.yaml"))
walks_grid = pd.read_csv(data_path("results", "walks.csv"))
cuts = {M: hold_against_truth(walks_grid, spec, shortest=M).set_index("source") for M in (5, 10, 20)}
by_cut = pd.concat(cuts, names=["shortest M"])
by_cut[["n_runs", "error", "inside", "rms", "alpha"]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
assert not by_cut.loc[(5, "flat"), "inside"] and by_cut.drop((5, "flat"))["inside"].all()
assert (by_cut.loc[5, "rms"] > by_cut.loc[10, "rms"]).all() and (by_cut.loc[10, "rms"] > by_cut.loc[20, "rms"]).all()

# %% [markdown]
# With the short runs the residuals grow on every text, and the interval of the flat one no longer holds the entropy. From
# $M = 20$ on they are smallest, as they would be with fewer runs anyway; $E$ is clearly nearer on the flat text alone. The cut at
# ten was fixed before these three were trained; that twenty would have been better there is known only now.
#
# **2. An exponent each.**

# %%
free = {}
for source, truth in cuts[10]["E_true"].items():
    runs = select_fit_runs(walks_grid, source)
    law = fit_loss_surface(runs["N"], runs["D"], runs["loss"]).law
    free[source] = {"error": law.E / truth - 1, "alpha": law.alpha, "beta": law.beta}
free = pd.DataFrame(free).T
free.assign(tied=cuts[10]["error"])

# %% jupyter={"source_hidden": true} tags=["remove-input"]
nearer = free["error"].abs() < cuts[10]["error"].abs()
Markdown(
    f"""It is nearer on {", ".join(nearer.index[nearer]) or "none"}, and further off on {", ".join(nearer.index[~nearer]) or "none"}. The exponent of $N$ is well above that of $D$: a
width that is too small is felt until it is large enough, and then not at all. It is further off on two of three, as
on four of the six pilots of the log; only the worst miss is smaller here ({free["error"].abs().max():.2%} for {cuts[10]["error"].abs().max():.2%})."""
)

# %% [markdown]
# **3. The mean of three seeds.**

# %%
averaged = walks_grid.groupby(["dataset", "N", "D", "multiplier"], as_index=False)["loss"].mean().assign(seed=0)
both = pd.DataFrame({
    "one seed": cuts[10]["error"],
    "three at M = 10": hold_against_truth(averaged, spec).set_index("source")["error"],
})  # fmt: skip
both.assign(moved=(both.iloc[:, 1] - both.iloc[:, 0]).abs())

# %% jupyter={"source_hidden": true} tags=["remove-input"]
moved = (both["three at M = 10"] - both["one seed"]).abs()
width_of = ((cuts[10]["hi"] - cuts[10]["lo"]) / cuts[10]["E_true"]).sort_values()
assert moved.idxmax() == width_of.index[-1]
Markdown(
    f"""It helps clearly on the flat text alone ({both.loc["flat", "one seed"]:.2%} to {both.loc["flat", "three at M = 10"]:.2%}). The {moved.idxmax()} text moves most, by {moved.max():.2%}. It is not the one whose seeds scatter most, which is the steep one at its smallest width; it is the one
whose $E$ the runs hold least: its interval is {width_of.iloc[-1]:.1%} wide, the others {width_of.iloc[0]:.1%} and {width_of.iloc[1]:.1%}."""
)

# %% [markdown]
# ## [The loss law](03_loss_law.ipynb)
#
# **1. Without the $M = 320$ run.** On one ray $D = 20N$, so $N^{-\alpha}$ and $D^{-\alpha}$ are the
# same column up to a factor: $A$ and $B$ cannot be told apart. Only $E$, the exponent and the sum
# of the two terms are fixed, and the sum is all that a prediction on the same ray needs.

# %%
redpajama = run_table("redpajama")
ray = select_loss_fit(redpajama).query("M == 20")
on_one_ray = fit_loss_law(ray["N"], ray["D"], ray["loss_c4_eval"])
targets = select_targets(redpajama)
miss = relative_error(on_one_ray.law.predict(targets["N"], targets["D"]), targets["loss_c4_eval"])
on_one_ray.status, dict(zip(targets["run"], miss, strict=True))

# %% [markdown]
# **2. Other objectives.**

# %%
five = select_loss_fit(redpajama)
large = targets.iloc[1]
{
    objective: fit_loss_law(
        five["N"], five["D"], five["loss_c4_eval"], objective=objective
    ).law.predict(large["N"], large["D"])
    for objective in ("loss", "log", "huber")
}

# %% [markdown]
# They differ by far less than the spread of the noisy copies in the chapter: which sum
# is minimised matters less than which runs are in it.
#
# **3. The multiplier of least loss.**

# %%
chains = {dataset: fit_chain(run_table(dataset)) for dataset in DATASETS}
{dataset: chain.loss_fit.law.M_opt for dataset, chain in chains.items()}

# %%
law, C = chains["redpajama"].loss_fit.law, 1e21
M = np.array([1, 3, 7, 20, 80, 320])
N = np.sqrt(C / (6 * M))
pd.Series(law.predict(N, M * N), index=pd.Index(M, name="M")).to_frame("loss at 1e21 FLOPs")

# %% [markdown]
# No. The valley is flat: from $M = 3$ to $M = 20$ the loss hardly moves. So $M^*$ is
# a fragile number, read off the flat bottom of a curve fitted to five runs, and below $M = 20$ the
# fit has no runs at all.

# %% [markdown]
# ## [Over-training](04_overtraining.ipynb)
#
# **1. Lines with another E.** A line through the centre of each multiplier's runs, with its own slope.

# %%
import matplotlib.pyplot as plt

from scaling.figures.overtraining import draw_rays
from scaling.studies.loss.slopes import compare_slopes, fit_slope
from scaling.studies.loss.warmup import load_search_steps, pair_warmups

small = redpajama[(redpajama["N"] < 1e9) & (redpajama["M"] >= 10)]


def slopes_with(E):
    rays = small.groupby("M")
    slope = {M: fit_slope(ray["C"], ray["loss_c4_eval"] - E) for M, ray in rays}
    return pd.DataFrame({"M": slope.keys(), "E": E, "slope": slope.values()})


# %% mystnb={"image": {"alt": "Two panels of reducible loss over compute with a line for each multiplier from 10 to 640, for E = 0 above and E = 2.2 nats below. In both the lines look parallel; below they are steeper."}, "figure": {"caption": "Lines of equal M, RedPajama, small runs, with E = 0 and with E = 2.2 nats.", "name": "fig-other-E"}}
figure, axes = plt.subplots(2, 1, figsize=(7, 8.5), sharex=True)
for ax, E in zip(axes, (0.0, 2.2), strict=True):
    draw_rays(ax, small, slopes_with(E)).set_title(f"E = {E}: parallel to the eye")
    ax.label_outer()

# %%
tests = {}
for E in (0.0, 1.73, 2.2):
    test = compare_slopes(small["C"], small["M"], small["loss_c4_eval"] - E)
    tests[E] = {"p": test.comparison.p_value, "rise": test.rise, "mean": slopes_with(E)["slope"].mean()}
pd.DataFrame(tests).T.rename_axis("E")

# %% [markdown]
# To the eye both sets are parallel, so the figure alone cannot tell an $E$. The numbers are sharper: with
# $E = 0$ the slope falls with $M$ and with a large $E$ it rises, and between them lies the $E$ that makes
# the lines parallel. But that is what the fit had assumed.
#
# **2. The cosine.** With $x = \eta \log(M/M^*)$ and $M^{*\eta} = \sqrt{b/a}$, $a M^\eta = \sqrt{ab}\,e^{x}$ and
# $b M^{-\eta} = \sqrt{ab}\,e^{-x}$; their sum is $2\sqrt{ab}\cosh x$, and $x = 0$ at $M^*$.

# %%
c4_law = chains["c4"].loss_fit.law
two_M = np.array([c4_law.M_opt, 640.0])
two_N = np.sqrt(1e20 / (6 * two_M))
least, reducible = c4_law.predict(two_N, two_M * two_N) - c4_law.E
reducible / least, np.cosh(c4_law.alpha / 2 * np.log(two_M[1] / two_M[0]))

# %% [markdown]
# **3. 200 against 100 steps.**

# %%
pairs = pair_warmups(load_search_steps(), shorter=100, longer=200)
parts = pd.qcut(pairs["N"], 4, labels=["smallest", "small", "large", "largest"])
pairs.groupby(parts, observed=True)["difference"].agg(["count", "median", "min"]).assign(
    longer_is_worse=(pairs["difference"] < 0).groupby(parts, observed=True).sum()
)

# %% [markdown]
# Only for small models, and by little: 200 steps are better in nearly all pairs, and every exception lies
# in the two smaller quarters, with a few hundredths of a nat at most.

# %% [markdown]
# ## [Leave sizes out](05_leave_sizes_out.ipynb)
#
# **1. Any two runs less.** All pairs of the 28 small runs of RedPajama with $M$ of 10 or more.

# %%
from scaling.studies.loss.ablation import fit_designs, is_nearer, list_subsets, miss_targets
from scaling.testbed.runs import select_large


def drop_M5(dataset):
    runs = select_small(run_table(dataset))
    return runs[runs["M"] > 5].reset_index(drop=True)


grid = {dataset: drop_M5(dataset) for dataset in DATASETS}
runs, judges = grid["redpajama"], select_large(redpajama)
without_two = miss_targets(fit_designs(runs, ~list_subsets(len(runs), 2))[0], judges)["6.9B"]
whole = miss_targets(fit_designs(runs, np.ones((1, len(runs)), dtype=bool))[0], judges)["6.9B"].item()
moved = (without_two - whole).abs()
moved.describe()[["count", "50%", "max"]], list(runs["run"][list_subsets(len(runs), 2)[moved.idxmax()]])

# %% [markdown]
# Hardly, in most cases. The worst pair moves it by nearly three per cent, and it is the two cheapest runs of all: they
# have the highest losses, and hold the far end of the curve.
#
# **2. Better than the paper's five.** All designs of five that cost no more and miss less.

# %%
def judge_fives(dataset):
    runs = grid[dataset]
    fives = list_subsets(len(runs), 5)
    laws, status = fit_designs(runs, fives)
    worst = miss_targets(laws, select_large(run_table(dataset)))["worst"]
    return worst.where(status == "converged"), fives


worst, fives = judge_fives("redpajama")
elsewhere, _ = judge_fives("refinedweb")
the_five = (fives == runs["run"].isin(select_loss_fit(redpajama)["run"]).to_numpy()).all(axis=1)
cost = fives @ runs["C"].to_numpy()
better = is_nearer(worst, worst[the_five].item()) & (cost <= cost[the_five])
sizes_held = pd.DataFrame({size: fives[:, (runs["size"] == size).to_numpy()].any(axis=1)[better] for size in runs["size"].unique()})
sizes_held.mean().to_frame("share that hold the size")

# %%
pd.DataFrame({"better on RedPajama": elsewhere[better].describe(), "the five": elsewhere[the_five].item()})

# %% [markdown]
# All hold the smallest size, and most hold three sizes or more. On RefinedWeb most of them lose to the
# paper's five: what was picked by its answer on one training set was mostly luck.
#
# **3. A rehearsal.** Predict 0.411B at $M = 20$ from the three smaller sizes, then 6.9B from the same runs.

# %%
from scaling.laws.fit import SOUND
from scaling.studies.loss.ablation import list_choices

rehearsals = []
for dataset, runs in grid.items():
    three = runs[runs["N"] < 4e8].reset_index(drop=True)
    _, choices = list_choices(three)
    laws, status = fit_designs(three, choices[choices.sum(axis=1) >= 4])
    aims = run_table(dataset).query("size in ['0.411B', '6.9B'] and M == 20")
    misses = relative_error(laws.predict(aims["N"], aims["D"]), aims["loss_c4_eval"])
    columns = ["0.411B", "6.9B"]
    rehearsals.append(pd.DataFrame(misses, columns=columns).assign(dataset=dataset)[np.isin(status, SOUND)])
rehearsal = pd.concat(rehearsals, ignore_index=True)
size_of_miss = rehearsal.assign(**rehearsal[["0.411B", "6.9B"]].abs())
size_of_miss.groupby("dataset").corr("spearman").xs("0.411B", level=1)["6.9B"]

# %% [markdown]
# It does on two training sets and less on C4. A rehearsal on the largest run one has is the best guide
# there is, and no guarantee.

# %% [markdown]
# ## [Other text](06_other_text.ipynb)
#
# **1. Penn Treebank with one run more.** Once the 1.4B run is among those that fit, the prediction at 6.9B.

# %%
from scaling.studies.loss.loss_to_loss import OTHER_SETS, compare_routes
from scaling.studies.loss.ranks import rank_errors
from scaling.testbed.labels import LOSS_SETS

c4 = run_table("c4")
at_6_9B = c4[c4["size"] == "6.9B"]
bends = {}
for name, select in (("five runs", select_loss_fit), ("with 1.4B", select_error_fit)):
    known = select(c4)
    fitted = fit_loss_law(known["N"], known["D"], known["loss_paloma_ptb"])
    predicted = fitted.law.predict(at_6_9B["N"], at_6_9B["D"])
    miss = relative_error(predicted, at_6_9B["loss_paloma_ptb"]).item()
    bends[name] = {"miss": miss, "E": fitted.law.E, "fitted - measured, 0.411B": -fitted.residuals[3]}
pd.DataFrame(bends).T

# %% [markdown]
# The miss is halved and changes its sign, $E$ falls, and the law now misses the 0.411B run that it is fitted
# to. The loss falls more between 0.411B and 1.4B than one power can say; whether the curve bends there or
# one of the two runs is off cannot be told from them.
#
# **2. All small runs to learn from**, and those of the first files only. Mean misses of the targets in per cent.

# %%
routes = {}
for files in ("all", "first"):
    for dataset in DATASETS:
        table = run_table(dataset)
        small = select_small(table[~table["other_files"]] if files == "first" else table, least_M=10)
        each = [compare_routes(small, select_targets(table), y) for y in OTHER_SETS]
        routes[files, dataset] = 100 * pd.concat(each)[["direct", "relation", "ruler"]].abs().mean()
pd.DataFrame(routes).T.round(1)

# %% [markdown]
# The direct law and the relation stay level. With all runs the ruler is lost on C4, where one of its two
# dearest runs is of another store, and on RefinedWeb, where both are and their losses on C4 eval lie so close
# together that the line carries every wobble far. Without them it is ahead on C4 and RedPajama. A ruler is
# two runs: where they stand and what they read decides.
#
# **3. One training set.**

# %%
columns = [f"loss_{name}" for name in LOSS_SETS.values()]
rng = np.random.default_rng(0)
rank_errors(run_table("redpajama"), columns, "err_avg17", rng)[["spearman", "behind", "behind_hi"]]

# %% [markdown]
# Within one training set every loss falls with scale, and so does the error: all eight give nearly the same
# order. Over all 104 models they differ by where they put one training set against another. The models
# trained on C4 are furthest behind on code, where they rank below much smaller ones of RedPajama.

# %% [markdown]
# ## [A better predictor](07_better_predictor.ipynb)
#
# **1. Another rule of choice.**

# %%
scores, candidates = load_scores(), load_result("candidates").set_index("candidate")
by_rule = {rule: scores[rule].idxmin() for rule in ("score", *GROUPS)}
outcome = candidates.loc[by_rule.values(), ["five_c4_eval", "five_all_sets", "grids_20", "grids_100"]]
outcome.set_index(pd.Index(by_rule, name="rule")).assign(chosen=by_rule.values())

# %% [markdown]
# Each rule picks another candidate. The least error on C4 eval gives the best outcome on C4 eval and the
# worst on the other grids: a rule gets what it asks for, on the data that are like those it asked.
# None can be called right after the outcome is known.
#
# **2. Without the fifth run.**

# %%
five = select_loss_fit(run_table("redpajama"))
ray, targets = five.query("M == 20"), select_targets(run_table("redpajama"))
on_ray = fit_with_prior(ray["N"], ray["D"], ray["loss_c4_eval"])
predicted = on_ray.law.predict(targets["N"], targets["D"])
on_ray.status, dict(zip(targets["run"], relative_error(predicted, targets["loss_c4_eval"]), strict=True))

# %% [markdown]
# `unidentified`: on one ray $D = 20N$, and only the sum $A N^{-\alpha} + B D^{-\alpha}$ can be seen, not how
# it is shared. The 6.9B run lies on the ray. The over-trained one does not, and a belief about the exponent is
# none about the share.
#
# **3. Until the prior no longer matters.**

# %%
fed = run_table("c4").query("N < 1e9 and M >= 10")
sizes, exponents = sorted(fed["N"].unique()), {}
for n in (2, 3, 4):
    runs = fed[fed["N"] <= sizes[n - 1]]
    N, D, loss = runs["N"], runs["D"], runs["loss_c4_eval"]
    log_loss = fit_loss_law(N, D, loss, objective="log")
    exponents[len(runs)] = {"prior": fit_with_prior(N, D, loss).law.alpha, "log": log_loss.law.alpha}
pd.DataFrame(exponents).T.rename_axis("runs")

# %% [markdown]
# From fourteen runs on, the two exponents differ by a few per cent: the table has the word.

# %% [markdown]
# ## [Other grids](08_other_grids.ipynb)
#
# **1. The two models in the other count.**

# %%
from scipy.optimize import minimize_scalar

from scaling.laws.prior import fit_with_prior
from scaling.studies.predictors.grid_study import find_twins
from scaling.studies.predictors.leverage import leave_out
from scaling.testbed.grids import load_grid, select_plain, split_by_compute

olmo = load_grid("olmo_ladder")
ladder, models = select_plain(olmo), olmo[olmo["target"] == 1]
in_both = {}
for count in ("N", "N_body"):
    for name, fitter in (("recipe", fit_loss_law), ("prior", fit_with_prior)):
        law = fitter(ladder[count], ladder["D"], ladder["loss"]).law
        in_both[count, name] = relative_error(law.predict(models[count], models["D"]), models["loss"])
pd.DataFrame(in_both, models["run"]).T

# %% [markdown]
# The recipe gets worse, `prior` hardly moves. An argument beforehand could only have been that the vocabulary
# is a large part of the small models and a small part of the large ones, so that the two counts cannot both
# follow one power law; it does not say which does, and on the ladder's own dear runs from 1/20 `N_body` was the
# nearer. A choice that is made after this table is no choice.
#
# **2. What a repeated token is worth.**

# %%
repeats = load_grid("datablations")
plain_runs = select_plain(repeats)
once = fit_loss_law(plain_runs["N"], plain_runs["D"], plain_runs["loss"]).law
twins = find_twins(repeats).query("epochs <= 16").reset_index(drop=True)


def excess_at(R):
    seen = twins["unique_tokens"] * (1 + R * (1 - np.exp(-(twins["epochs"] - 1) / R)))
    return once.predict(twins["N"], seen) / once.predict(twins["N"], twins["D"]) - 1


found = minimize_scalar(
    lambda log_R: np.sum((excess_at(np.exp(log_R)) - twins["excess"]) ** 2), bounds=(0, 6)
)
R = np.exp(found.x)
left = excess_at(R) - twins["excess"]
R, twins["excess"].abs().mean(), left.abs().mean()

# %%
fresh = pd.cut(twins["unique_tokens"] / twins["N"], [0, 0.3, 1, 3, 10])
left.groupby(fresh).agg(["size", "median", "min", "max"])

# %% [markdown]
# Some seventeen repetitions are worth something. The mean distance falls by a third only, and what is left
# depends on different tokens per parameter: with very few the excess is predicted too high, with one to three
# too low. One $R$ is not enough; the authors discount parameters too.
#
# **3. Without the odd shape.**

# %%
gemstones = load_grid("gemstones")
odd = gemstones["shape"] == "768x3"
cheap, dear = split_by_compute(gemstones, 1 / 20)
leave_out(gemstones, {"768x3": odd}), (cheap["shape"] == "768x3").sum(), (dear["shape"] == "768x3").sum()

# %% [markdown]
# The residual falls, and both errors rise, that from 1/100 by nearly a half, though the shape has one of the
# sixteen runs there. None of the shape was judged: the errors changed through the fit alone. Whether a run
# looks odd and whether it helps a prediction are two questions.

# %% [markdown]
# ## [The error law](09_error_law.ipynb)
#
# **1. Without the 1.4B run.**


# %%
def miss_at_6_9B(dataset, with_1_4B):
    table = run_table(dataset)
    runs = (select_error_fit if with_1_4B else select_loss_fit)(table)
    law = fit_error_law(runs["loss_c4_eval"], runs["err_avg17"]).law
    target = select_targets(table).iloc[1]
    loss = chains[dataset].predict_loss(target["N"], target["D"])
    return relative_error(law.predict(loss), target["err_avg17"])


at_6_9B = pd.DataFrame(
    {name: {d: miss_at_6_9B(d, kept) for d in DATASETS} for name, kept in
     [("with 1.4B", True), ("without", False)]}
)  # fmt: skip
assert at_6_9B["without"].abs().idxmin() == "c4" and (at_6_9B["without"].abs() > 0.1).sum() == 2
at_6_9B

# %% [markdown]
# C4 suffers least, and not by merit: its two misses cancel ([the error law](09_error_law.ipynb)), and
# they go on cancelling. On the other two the miss grows to more than a tenth.
#
# **2. The best reachable error.**

# %%
{dataset: chain.error_fit.law.predict(chain.loss_fit.law.E) for dataset, chain in chains.items()}

# %% [markdown]
# Nothing to believe: the law was fitted to errors of more than a half and is asked far outside, at an
# $E$ that itself wanders when the noise is drawn again. It would need nearly all seventeen tasks close
# to solved, those included on which the largest run is barely above chance.
#
# **3. The ruler in loss, fed the truth.**


# %%
def line_and_law(dataset, task="err_avg17"):
    table = run_table(dataset)
    six, targets = select_error_fit(table), select_targets(table)
    line = predict_on_line(six, targets["loss_c4_eval"], ("loss_c4_eval", "err_avg17"))
    law = chains[dataset].error_fit.law.predict(targets["loss_c4_eval"])
    return pd.DataFrame(
        {
            "line": relative_error(line, targets[task]),
            "law": relative_error(law, targets[task]),
        },
        index=targets["run"],
    )


fed_truth = pd.concat(map(line_and_law, DATASETS))
line_wins = fed_truth["line"].abs() < fed_truth["law"].abs()
assert line_wins.sum() == 3
fed_truth.assign(line_wins=line_wins)

# %% [markdown]
# Three wins each: fed the true loss, the ruler and the law are level too.

# %% [markdown]
# ## [Why is one task hard to predict?](10_task_noise.ipynb)
#
# **1. Items needed.**

# %%
tasks_46 = load_tasks().set_index("task")
before, after = (
    run_table("redpajama").query(f"size == '{size}' and M == 20")[[f"err_{task}" for task in tasks_46.index]]
    .iloc[0].to_numpy(float)
    for size in ("1.4B", "6.9B")
)  # fmt: skip
change = np.where(after == before, np.nan, after - before)
items_needed = 1.96**2 * (before * (1 - before) + after * (1 - after)) / change**2
needed_46 = tasks_46[["label", "n_items"]].assign(needed=items_needed, times=items_needed / tasks_46["n_items"])
assert (needed_46["times"] > 10).sum() == 13 and (needed_46["times"] <= 1).sum() == 17
assert needed_46["times"].isna().sum() == 1
needed_46.sort_values("times").iloc[[0, 1, 2, 11, 23, 34, -3, -2, -1]]

# %% [markdown]
# Seventeen of the other 45 have items enough. Thirteen would need more than ten times what they have. Most of these did
# not change because they stand at chance: more items would only show that.
#
# **2. The traits again, at 1.4B.**

# %%
predictions_46 = predict_tasks()
effects_by_size = {
    size: estimate_effects(load_traits(), average_logs(size_of_misses(predictions_46, size)[["law", "no change", "ruler in loss"]]))
    for size in ("6.9B", "1.4B")
}  # fmt: skip
leaves_out_1 = pd.DataFrame({size: (e["lo"] > 1) | (e["hi"] < 1) for size, e in effects_by_size.items()})
ratios = pd.DataFrame({f"ratio, {size}": e["ratio"] for size, e in effects_by_size.items()})
assert leaves_out_1.sum().to_list() == [12, 9] and leaves_out_1.all(axis=1).sum() == 8
leaves_out_1.join(ratios)[leaves_out_1.any(axis=1)]

# %% [markdown]
# Eight of twelve: all that concern the baselines, but for the category *safety* (four tasks). The law's three do not
# come again. That no change misses more where small runs are above chance is a finding; that the law does
# rests on one target.
#
# **3. Two tasks less.**

# %%
places_17 = np.flatnonzero(keep_above_chance([0.10])[0])
pairs = list(combinations(places_17, 2))
without_two = np.array([np.isin(np.arange(len(tasks_46)), np.setdiff1d(places_17, pair)) for pair in pairs])
miss_without_two = pd.Series(miss_averages(run_table("redpajama"), without_two)["law"][:, 1])
moved_by = {tasks_46["label"].iloc[k]: miss_without_two[[k in pair for pair in pairs]].mean() for k in places_17}
assert (miss_without_two.abs() < 0.0005).sum() == 2 and (miss_without_two.abs() < 0.01).sum() == 51
pd.Series(moved_by, name="mean miss without it").sort_values()

# %% [markdown]
# Two of 136 come within 0.05%, and 51 within 1%. Computer-science algorithms and Wikidata QA of BIG-bench move it most, by some three per
# cent each, in opposite directions: with all seventeen they cancel.
#
# **4. Six runs, and all.**

# %%
redpajama = run_table("redpajama")
six_runs = select_error_fit(redpajama)
no_dearer = redpajama[(redpajama["C"] <= six_runs["C"].max()) & (redpajama["M"] >= 10)]
judged = {
    f"{len(runs)} runs": judge_tasks(
        runs[["N", "D", "loss_c4_eval", *(f"err_{task}" for task in tasks_46.index)]],
        "loss_c4_eval", items=load_tasks(), target=(6.9e9, 138e9),
    ).set_index("task")
    for runs in (six_runs, no_dearer)
}  # fmt: skip
called = pd.DataFrame({name: rows["verdict"] for name, rows in judged.items()})
assert (called == "predictable").sum().to_list() == [6, 6] and called.loc["copa"].nunique() == 2
called[(called == "predictable").any(axis=1)]

# %% [markdown]
# Six either way, but not the same: with all runs COPA is lost, and Dyck languages, whose dearest run had failed its check,
# is won. Why COPA?

# %%
copa = {name: rows.loc["copa", ["predicted", "lo", "hi", "no_change", "residual_std", "check"]] for name, rows in judged.items()}
assert copa["27 runs"]["hi"] > copa["27 runs"]["no_change"] > copa["6 runs"]["hi"]
pd.DataFrame(copa)

# %% [markdown]
# On a hundred items the direction was never sure: the upper end of the interval lies close to today's error,
# below it with six runs and above it with all.

# %% [markdown]
# ## [How sure are we?](11_intervals.ipynb)
#
# **1. Without the fifth run.** All four runs then have 20 tokens per parameter.

# %%
five_c4 = select_loss_fit(run_table("c4"))[["N", "D", "loss_c4_eval"]].rename(
    columns={"loss_c4_eval": "loss"}
)
four_c4 = five_c4.iloc[:-1]
on_line, off_line = (scaling.predict(four_c4, N=6.9e9, M=M) for M in (20, 80))
assert on_line.hi > on_line.loss > on_line.lo and off_line.hi is None
print(on_line, off_line, sep="\n\n")

# %% [markdown]
# At 20 tokens per parameter the target lies on the line of the runs, and both intervals hardly change. At 80 there is no
# interval: nothing in the table says what more tokens per parameter bring.
#
# **2. Half the noise.**

# %%
fitted_c4 = scaling.fit(five_c4).fit.law.predict(five_c4["N"], five_c4["D"])
told = {
    name: scaling.predict(runs, N=6.9e9, M=20)
    for name, runs in {
        "as measured": five_c4,
        "half the noise": five_c4.assign(loss=(five_c4["loss"] + fitted_c4) / 2),
    }.items()
}
halves = {
    name: {"law": 50 * (a.law_hi - a.law_lo) / a.loss, "bet": 50 * (a.hi - a.lo) / a.loss}
    for name, a in told.items()
}
half_widths = pd.DataFrame(halves).T  # per cent of the loss
assert (
    half_widths["law"].iloc[1] / half_widths["law"].iloc[0]
    < half_widths["bet"].iloc[1] / half_widths["bet"].iloc[0]
    < 1
)
half_widths

# %% [markdown]
# The law's interval shrinks by a fifth only: one degree of freedom says little about the noise, and the belief in half a per
# cent fills in. The bet shrinks less, because its allowance does not hang on the residuals.
#
# **3. Even odds.**

# %%
inside_half = []
for dataset in ("c4", "redpajama", "refinedweb"):
    own = run_table(dataset)
    fitted = fit_table(select_loss_fit(own), "loss_c4_eval", law="tied")
    for run in select_targets(own).itertuples():
        forecast = fitted.predict(run.N, run.D, level=0.5)
        inside_half.append(forecast.lo <= run.loss_c4_eval <= forecast.hi)
assert sum(inside_half) == 5
sum(inside_half)

# %% [markdown]
# Three are due, five of six lie inside. With six that are not independent this says little; over all evidence the bet errs on the
# wide side where text is like the training text.

# %% [markdown]
# ## [Which run should I buy next?](12_next_run.ipynb)
#
# **1. The over-trained run on RefinedWeb.**

# %%
refinedweb_five = select_loss_fit(run_table("refinedweb"))
plan_refinedweb = scaling.plan(refinedweb_five, loss_set="c4_eval", N="1.44B", M=320, budget="2.4e20")
assert plan_refinedweb.plan.stop == "misfit"
assert sum(run.C for run in plan_refinedweb.plan.purchases) < 0.001 * 2.4e20
assert plan_refinedweb.plan.before.lo < 2.53 < plan_refinedweb.plan.before.hi
plan_refinedweb

# %% [markdown]
# Next to nothing: one run of a few cents, and the law holds the target as closely as laws have held real runs. What is worth money is a run
# nearer the target. The run was measured at 2.53, inside the interval to bet on. A plan that must spend its budget, as in the replay, went on buying.
#
# **2. A price of ten thousand.**

# %%
redpajama_five = select_loss_fit(run_table("redpajama"))
plan_dollars = scaling.plan(redpajama_five, loss_set="c4_eval", N="6.9B", M=20, budget="2.4e20")
price_an_hour = 10_000 / default_prices().training_hours(plan_dollars.plan.nearer.C)
dearer = scaling.plan(redpajama_five, loss_set="c4_eval", N="6.9B", M=20, budget="2.4e20", prices={"price_training": price_an_hour})
assert (dearer.cells.N == plan_dollars.cells.N).all()
assert 4.5 < price_an_hour < 5.5
round(price_an_hour, 2)

# %% [markdown]
# About five dollars an hour. The order does not change: a gain is held against FLOPs, and money is in proportion to them.
#
# **3. Gain alone, and gain per FLOP.**

# %%
shop_c4 = open_shop("c4")
target_c4 = (6_889_410_560.0, 20 * 6_889_410_560.0)
by_kappa = {}
for kappa in (0.0, 0.4, 1.0):
    bought_c4 = buy(shop_c4, "loss_c4_eval", target_c4, SHIPPED._replace(kappa=kappa))
    names_c4 = " ".join(name_cell(shop_c4, place) for place in bought_c4[3:])
    by_kappa[kappa] = {"error": abs(shop_c4.miss(bought_c4, "loss_c4_eval")[1]), "bought": names_c4}
assert by_kappa[0.0]["bought"].startswith("0.411B-M20")
assert by_kappa[1.0]["error"] > 1.5 * by_kappa[0.4]["error"]
pd.DataFrame(by_kappa).T

# %% [markdown]
# Gain alone buys the largest run that it can pay, then spends the rest on the smallest. Gain per FLOP begins with the cheapest runs,
# and has spent its budget before the ladder stands: its error is twice as large.

# %% [markdown]
# ## [Train longer or serve larger?](13_total_cost.ipynb)
#
# **1. Chinchilla from printed constants.**

# %%
two_digits, four_digits = (LossSurface(1.69, 406.4, 410.7, *pair) for pair in ((0.34, 0.28), (0.3392, 0.2849)))
chinchilla = {name: law.optimal_allocation(5.76e23) for name, law in (("printed", two_digits), ("more digits", four_digits))}
chinchilla = pd.DataFrame(chinchilla, index=["N", "D"]).T.assign(M=lambda t: t["D"] / t["N"])
assert (chinchilla["N"] < 0.6 * 70e9).all()
chinchilla

# %% [markdown]
# Neither gives 70B on 1.4T. The optimum is a ratio of two large powers, so a digit in an exponent moves it by tens of per cent:
# printed exponents need more digits than they seem to. (The paper chose 70B by two other methods.)
#
# **2. Only read from.**

# %%
asked_cost = {"loss": 2.4, "loss_set": "c4_eval"}
five_of_c4 = select_loss_fit(run_table("c4"))
read_only = scaling.cost(five_of_c4, tokens_in="2.5B", tokens_out=0, **asked_cost).to_frame().set_index("choice")
assert np.isclose(read_only["N"]["least money"], read_only["N"]["least total FLOPs"])
read_only[["N", "D", "M", "flops", "money"]]

# %% [markdown]
# The two agree: reading and training have the same price and the same utilisation, 40 %, so a FLOP costs the same in both, and
# least money is least FLOPs.
#
# **3. The demand behind 100 tokens per parameter.**

# %%
law_c4 = scaling.fit(five_of_c4, loss_set="c4_eval").fit.law
at_100 = law_c4.solve_N(100, 2.4)
told_100 = scaling.cost(five_of_c4, N=at_100, M=100, loss_set="c4_eval")
a_day = told_100.found.break_even / 365
again_100 = scaling.cost(five_of_c4, tokens_in=a_day, tokens_out=0, **asked_cost).to_frame().set_index("choice")
assert np.isclose(again_100["M"]["least total FLOPs"], 100)
Markdown(
    f"""{told_100.found.break_even / 1e9:,.0f}B tokens, {a_day / 1e9:.1f}B a day for a year; asked at that demand, the cheapest model has 100 tokens per parameter again."""
)

# %% [markdown]
# ## [And with my own data?](14_your_own_runs.ipynb)
#
# **1. The paper's law.**

# %%
own_runs = scaling.read_runs(data_path("results", "domain.csv")).drop(columns="loss_std_held_out")
own_small, own_large = hold_out(own_runs)
largest_run = own_large.iloc[-1]
by_tied = scaling.predict(own_small, N=largest_run["N"], D=largest_run["D"], law="tied")
assert not by_tied.to_frame()["usable"].any()
assert by_tied.loss < 0.85 * largest_run["loss_held_out"]
by_tied

# %% [markdown]
# It falls far below what was measured, and is marked: the exponent stands at the end of its range and $E$ is negative. Eight runs that see no end of
# the fall leave everything to the belief about $\alpha$, and this law has none.
#
# **2. Tokens seen again.**

# %%
own_ten, own_two = add_nearer(own_small, own_large)
worth = pd.DataFrame(
    {
        run["run"]: {
            "worth": (fresh := float(effective_tokens(run["D"], run["D"] / run["epochs"]))) / run["D"],
            "as fresh": scaling.predict(own_ten, N=run["N"], D=run["D"]).loss,
            "as seen": scaling.predict(own_ten, N=run["N"], D=fresh).loss,
        }
        for run in own_two.to_dict("records")
    }
).T
assert (worth["as seen"] / worth["as fresh"] - 1).max() < 0.005
worth

# %% [markdown]
# At 2.9 epochs the tokens are worth 96 % of fresh ones, which is worth little here: the largest run was predicted 6.9 % too low, and repeats do not
# explain it.
#
# **3. Braces enough.**

# %%
braces = keep_better_half(own_ten, "brace")["acc_brace"].dropna()
items_needed = (braces * (1 - braces)).mean() / braces.var()
assert 600 < items_needed < 900
round(items_needed)

# %% [markdown]
# Some six times the 131 that there are, if the runs went on to differ as much. But most of their spread is counting noise itself, so it would take more.
#
# **4. Brackets above a twentieth.**

# %%
enough_brackets = own_ten.assign(acc_bracket=own_ten["acc_bracket"].where(own_ten["acc_bracket"] >= 0.05))
of_seven = predict_kpi(enough_brackets, own_two, "bracket")
of_half = predict_kpi(keep_better_half(own_ten, "bracket"), own_two, "bracket")
assert enough_brackets["acc_bracket"].notna().sum() == 7
assert of_seven["inside"].all()
assert ((of_seven["share"] - of_seven["measured"]).abs() > (of_half["share"] - of_half["measured"]).abs()).all()
assert ((of_seven["hi"] - of_seven["lo"]) > (of_half["hi"] - of_half["lo"])).all()
pd.concat({"seven runs": of_seven, "better half": of_half})[["label", "share", "lo", "hi", "measured"]]

# %% [markdown]
# No: it is wider, and the prediction farther off. The warning still says that the runs bend away from the line; two of the seven have only begun to close
# brackets. Where to cut is a choice, which is why the bet must allow for it.

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
# # How far past compute-optimal does the law hold, and why does M = 5 break it?
#
# *You need: [the loss law](03_loss_law.ipynb). Reading: 26 minutes. Running: 8 seconds.*

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from scaling.figures.overtraining import (
    draw_M_opt,
    draw_miss_over_warmup,
    draw_pairs,
    draw_penalty,
    draw_rays,
    draw_residuals,
    draw_slopes,
)
from scaling.figures.style import DATASET_COLOURS, DATASET_LABELS, INK, use_style
from scaling.forecast.rulers import relative_error
from scaling.laws.fit import fit_loss_law, fit_loss_surface
from scaling.studies.loss.overtraining import (
    FIT_SETS,
    judge_far,
    keep_fits,
    list_designs,
    penalty,
    read_at_compute,
    split_parts,
)
from scaling.studies.loss.slopes import compare_fits, compare_slopes, find_E, slope_range
from scaling.studies.loss.warmup import (
    compare_batches,
    correlate_miss,
    load_search_steps,
    pair_warmups,
    summarise_pairs,
)
from scaling.studies.results import load_result
from scaling.testbed.runs import run_table, select_small

use_style()
tables = {dataset: run_table(dataset) for dataset in DATASET_LABELS}
grids = {dataset: select_small(table, least_M=10) for dataset, table in tables.items()}
slopes, residuals = load_result("slopes"), load_result("residuals")
other_files = run_table().set_index("run")["other_files"]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
fitted_E = [slope_range(slopes, E_from, sizes) for E_from in ("recipe", "grid") for sizes in ("small", "all")]
lo, hi = min(least for least, _ in fitted_E), max(most for _, most in fitted_E)
foreseen = residuals.query("fit_set == 'near' and N < 1e9 and M > 160")
foreseen = foreseen[~foreseen["run"].map(other_files)]
assert (foreseen["relative_error"] < 0).all() and set(foreseen["size"]) == {"0.011B", "0.079B", "0.154B"}
assert residuals.query("M == 5 and warmup_share > 1")["size"].nunique() == 2
pairs = pair_warmups(load_search_steps(), shorter=400, longer=2000)
cost_beyond_1 = -pairs.loc[pairs["share"] > 1, "difference"].median()
part = cost_beyond_1 / residuals.query("fit_set == 'grid_20' and M == 5 and size == '0.079B'")["residual"].mean()
by_design = [
    fit_loss_law(runs["N"], runs["D"], runs["loss_c4_eval"], weights=list_designs(runs))
    for runs in grids.values()
]
by_name = [
    fit_loss_law(runs["N"], runs["D"], runs["loss_c4_eval"]).law.M_opt
    for runs in (select(table) for select in FIT_SETS.values() for table in tables.values())
]
middle = [np.quantile(f.law.M_opt[f.status == "converged"], (0.025, 0.975)) for f in by_design]
M_opt_lo, M_opt_hi = min(*by_name, np.min(middle)), max(*by_name, np.max(middle))
Markdown(
    f"""**Short answer.** As far as these runs go: from 10 to 640 tokens per parameter the lines of log
reducible loss over log compute, one for each $M$, are nearly parallel (slopes of {lo:.2f} to {hi:.2f} with a
fitted $E$; without any $E$ they look as flat). $M^*$, the multiplier of least loss, is only known to lie between
{M_opt_lo:.1f} and {M_opt_hi:.0f}. Fitted up to $M = 80$, the law is too low for all {len(foreseen)} small runs at 320 and 640 that read the same training files as the
paper's five, by {foreseen["relative_error"].abs().mean():.1%} on average; none of them is above 0.154B. At $M = 5$
two of four sizes end inside their warm-up: it could account for what one of the four misses, and for
{part:.0%} of what another does."""
)

# %% [markdown]
# A model that will serve many requests is trained on far more tokens than is compute-optimal. What that
# costs rests on one claim of the law: lines of equal $M = D/N$ are parallel. This chapter tests the claim,
# asks how far it carries beyond the known multipliers, and looks for the reason why the lowest multiplier
# does not obey.
#
# One sign holds throughout: a miss is predicted minus measured, so it is positive where the law
# predicts too much.

# %% [markdown]
# ## Lines of equal M
#
# At a fixed $M$ the law says $\log(L - E) = \mathrm{const} - \eta \log C$, with one $\eta$ for every
# $M$. To draw that, one needs $E$. Here it is that of the paper's five runs. Each line is fitted to its
# own runs alone, at most four sizes.

# %% mystnb={"image": {"alt": "Reducible loss over training compute, both logarithmic, for the 32 small RedPajama runs, with a straight line through the runs of each of eight multipliers. Seven lines fall side by side, nearly parallel. The line of M = 5 is flatter, and its 0.079B run lies far above it."}, "figure": {"caption": "Runs of 0.411B parameters and less, trained on RedPajama, with the E of the paper's five runs. Each line is fitted to the runs of one multiplier.", "name": "fig-rays"}}
recipe = slopes.query("E_from == 'recipe' and sizes == 'small'")
redpajama = recipe.query("dataset == 'redpajama'")
figure, ax = plt.subplots(figsize=(7, 4.8))
table = tables["redpajama"]
draw_rays(ax, table[table["N"] < 1e9], redpajama)
ax.set_title("From M = 10 on the lines run side by side; points of M = 5 stand off");

# %% [markdown]
# ## Slope against M
#
# The paper's Fig. 17 shows slopes roughly flat between 0.11 and 0.15. Which $E$ and which runs stand
# behind it we do not know. So the stored table `slopes.csv` has every slope for the small runs and for
# all, and for three choices of $E$:
#
# - `recipe`: $E$ of the law fitted to the paper's five runs;
# - `grid`: $E$ of the law fitted to all small runs of $M \ge 10$;
# - `none`: $E = 0$, a line of $\log L$, the baseline.

# %%
printed = (0.11, 0.15)
choices = [(E_from, sizes) for E_from in ("recipe", "grid", "none") for sizes in ("small", "all")]
ranges = pd.DataFrame(
    {
        (E_from, sizes): [*slope_range(slopes, E_from, sizes), *slope_range(slopes, E_from, sizes, 5)]
        for E_from, sizes in choices
    },
    index=pd.MultiIndex.from_product([["M of 10 and more", "with M = 5"], ["min", "max"]]),
).T
ranges

# %% jupyter={"source_hidden": true} tags=["remove-input"]
assert (ranges["with M = 5"]["min"] <= ranges["M of 10 and more"]["min"]).all()
used = slopes[slopes["E_from"] != "none"].drop_duplicates(["dataset", "E_from", "M", "slope"])
outside = used[~used["slope"].round(2).between(*printed)]
names = "; ".join(
    f"{DATASET_LABELS[r.dataset]} at M = {r.M} ({r.slope:.3f}, E of the {r.E_from}, {r.sizes} sizes)"
    for r in outside.itertuples()
)
Markdown(
    f"""With an $E$ of either fit the slopes of $M \\ge 10$ lie between {lo:.3f} and
{hi:.3f}. Rounded to two digits, as the figure can be read, {len(used) - len(outside)} of the
{len(used)} different slopes with either $E$ lie in the printed range. The others: {names}. The baseline looks
as flat: with $E = 0$ the slopes lie between {slope_range(slopes, "none")[0]:.3f} and
{slope_range(slopes, "none")[1]:.3f}. So a flat picture says little for an irreducible loss. With $M = 5$ the range reaches
lower, and not by much: the break shows in the misses further down, not in the slope."""
)

# %% mystnb={"image": {"alt": "Six panels of slope over multiplier with 95 per cent error bars: a row for each training set, E of the recipe on the left and E of the small grid on the right. Slopes of M = 10 and more lie between about 0.11 and 0.14, inside or at the edge of the shaded printed range; at M = 5 they are lower, with the longest bars. On the right a shaded band that refits E is wider than most bars."}, "figure": {"caption": "Slope of log(L − E) against log C for each multiplier, small runs. Left: E of the paper's five runs. Right: E of all small runs with M of 10 and more. Bars resample the runs of a line with E held; the shaded band resamples the whole grid within each M and fits E again.", "name": "fig-slopes"}}
figure, axes = plt.subplots(3, 2, figsize=(7, 8), sharex=True, sharey=True)
for column, E_from in zip(axes.T, ("recipe", "grid"), strict=True):
    for ax, (dataset, label) in zip(column, DATASET_LABELS.items(), strict=True):
        own = slopes.query("E_from == @E_from and sizes == 'small' and dataset == @dataset")
        draw_slopes(ax, own, dataset, printed, refit=E_from == "grid").label_outer()
        ax.set_title(f"{label}, E of the {E_from}", fontsize=10)
for ax in axes[:, 1]:
    ax.legend(loc="upper right", fontsize=8)
figure.suptitle("From M = 10 on slopes are flat, within wide bands", fontweight="bold");

# %% [markdown]
# A bar resamples the runs of one line and holds $E$. Of four runs that says little: the ends of the bar
# are the least and the greatest slope through two of them. The band resamples the whole grid within each
# $M$ and fits $E$ again each time. The recipe has no band: with one of its five runs left out, as many
# coefficients as runs remain.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
grid = slopes.query("E_from == 'grid' and sizes == 'small' and M >= 10")
ratio = ((grid["hi_refit"] - grid["lo_refit"]) / (grid["hi"] - grid["lo"])).median()
at_20 = slopes.query("sizes == 'small' and M == 20").set_index(["E_from", "dataset"])
change = at_20.loc["recipe", ["E", "slope"]] - at_20.loc["grid", ["E", "slope"]]
move = change["slope"] / change["E"]
Markdown(
    f"""In the median the band is {ratio:.1f} times as wide as the bar. A tenth of a nat more in $E$ lifts the
slope at $M = 20$ by {0.1 * move.min():.4f} to {0.1 * move.max():.4f}. All slopes of a training set rise and fall
with $E$, so it moves their level far more than their flatness."""
)

# %% [markdown]
# ## Is one slope enough?
#
# Two tests. The first takes $E$ as known and compares one slope for all $M \ge 10$ with a slope for each.
# It also lets the slope change linearly in $\log M$ and says by how much it rises (`rise`) from $M = 10$ to
# $M = 640$. The second takes nothing as known: equal slopes mean one exponent, so it compares the tied
# law with the free law, which has an exponent for $N$ and one for $D$.


# %%
def try_one_slope(dataset, E_from):
    runs = grids[dataset]
    E = find_E(tables[dataset], E_from)
    (F, _, p), rise, lo, hi = compare_slopes(runs["C"], runs["M"], runs["loss_c4_eval"] - E)
    return {"F": F, "p": p, "rise": rise, "rise_lo": lo, "rise_hi": hi}


lines = pd.DataFrame(
    {(d, E_from): try_one_slope(d, E_from) for E_from in ("recipe", "grid", "none") for d in grids}
).T
lines


# %%
def try_one_exponent(runs):
    tied, free = (
        fit(runs["N"], runs["D"], runs["loss_c4_eval"])
        for fit in (fit_loss_law, fit_loss_surface)
    )
    F, dof, p = compare_fits((tied.cost, free.cost), (tied.dof, free.dof))
    return {"F": F, "dof": dof[1], "p": p, "alpha": free.law.alpha, "beta": free.law.beta}


exponents = pd.DataFrame({dataset: try_one_exponent(runs) for dataset, runs in grids.items()}).T
exponents

# %% jupyter={"source_hidden": true} tags=["remove-input"]
held, no_E = lines.drop(index="none", level=1), lines.xs("none", level=1)
least = exponents["p"].idxmin()
usual = recipe.query("M >= 10")["slope"].mean()
assert held["p"].min() > 0.05 and (held["rise_lo"] < 0).all() and (held["rise_hi"] > 0).all()
assert (no_E["rise"] < 0).all() and (no_E["rise_hi"] < 0).sum() == 2
Markdown(
    f"""With an $E$ of either fit no test asks for a second slope (least $p$ {held["p"].min():.2f}). The
slope rises by {held["rise"].min():.3f} to {held["rise"].max():.3f}, and the
95% intervals leave room for {held["rise_lo"].min() / usual:+.0%} to {held["rise_hi"].max() / usual:+.0%}
of a mean slope of {usual:.3f}. With $E = 0$ the slope falls with $M$, and the interval excludes zero on
{(no_E["rise_hi"] < 0).sum()} of {len(no_E)} training sets: that is what $E$ buys here.

But the first test takes for granted an $E$ that was fitted under equal slopes. The second does not, and on
{DATASET_LABELS[least]} the free law beats the tied one ($p$ = {exponents["p"][least]:.3f};
$\\alpha$ = {exponents["alpha"][least]:.2f}, $\\beta$ = {exponents["beta"][least]:.2f}); on the other two
$p$ is {exponents["p"].drop(least).min():.2f} and {exponents["p"].drop(least).max():.2f}. Equal slopes are a
good approximation, not a fact. Both tests take residuals for independent noise, and the next section
shows that they are not."""
)

# %% [markdown]
# ## What is left over
#
# Now the law is fitted to all small runs with $M \ge 10$ of a training set and asked about every run.
# (The stored table `residuals.csv` has four other choices of fit runs besides.)

# %% mystnb={"image": {"alt": "Three panels, one per training set, of predicted minus measured loss in per cent over the multiplier, a line per size. From M = 10 on all small runs are within 3 per cent; at M = 5 the hollow points fall to minus 1 or 2 per cent for 0.011B, minus 4 to 7 for 0.154B and 0.411B, and minus 12 to 14 for 0.079B. The C4 6.9B run is at minus 7 per cent."}, "figure": {"caption": "Miss of the law fitted to the filled points: small runs with M of 10 and more. Hollow points were not fitted.", "name": "fig-residuals"}}
figure, axes = plt.subplots(3, 1, figsize=(7, 8.5), sharex=True, sharey=True)
for ax, (dataset, label) in zip(axes, DATASET_LABELS.items(), strict=True):
    own = residuals[(residuals["fit_set"] == "grid") & (residuals["dataset"] == dataset)]
    draw_residuals(ax, own).label_outer()
    ax.set_title(label, fontsize=10)
figure.suptitle("What the law leaves is much alike on each training set", fontweight="bold");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
c4_7B = residuals[residuals["run"] == "c4-6.9B-M20"].set_index("fit_set")["relative_error"]
assert c4_7B["grid"] < c4_7B["recipe"] < 0
Markdown(
    f"""The 6.9B run of C4 stands off: from all these runs it comes out {-c4_7B["grid"]:.1%} too low, from the paper's
five {-c4_7B["recipe"]:.1%} ([which runs matter](05_leave_sizes_out.ipynb) asks why)."""
)

# %% [markdown]
# No cell of size and $M$ was trained twice, but each was trained on three texts. If what is left were
# noise, the three would not agree. The next table gives the least and the greatest correlation between
# two sets, and splits the misses: `shared` is the standard deviation of what the three sets have in
# common, `own` that of what one set has alone, both as fractions of the loss.
#
# Two things could blur or make an agreement. Some runs read other training files than the rest
# ([other text](06_other_text.ipynb) tells which), and the law ties its two exponents. So the runs of other
# files are left out, of the fit too, and the free law is fitted beside.


# %%
def leave_over(fit, files):
    parts = []
    for grid in grids.values():
        runs = grid[~grid["other_files"]] if files == "same files" else grid
        law = fit(runs["N"], runs["D"], runs["loss_c4_eval"]).law
        miss = relative_error(law.predict(runs["N"], runs["D"]), runs["loss_c4_eval"])
        parts.append(runs.assign(miss=miss))
    return pd.concat(parts).pivot(index=["size", "M"], columns="dataset", values="miss")


parts = {
    (law, files): split_parts(leave_over(fit, files))
    for law, fit in {"tied": fit_loss_law, "free": fit_loss_surface}.items()
    for files in ("all runs", "same files")
}
parts = pd.DataFrame(parts).T
parts

# %% jupyter={"source_hidden": true} tags=["remove-input"]
whole, same = parts.loc[("tied", "all runs")], parts.loc[("tied", "same files")]
free_part = parts.loc[("free", "all runs")]
misses = residuals.assign(
    column=np.where(residuals["M"] == 5, "M = 5", "elsewhere"), square=residuals["residual"] ** 2
)
rms = misses.pivot_table(index="fit_set", columns="column", values="square") ** 0.5
Markdown(
    f"""The misses of the {whole["n_cells"]:.0f} common cells correlate with {whole["least_r"]:.2f} to
{whole["greatest_r"]:.2f} between training sets; the shared part is {whole["shared"]:.2%} of the loss, the own part
{whole["own"]:.2%}. Without the runs of other files the sets agree better ({same["least_r"]:.2f} to
{same["greatest_r"]:.2f}), and the shared part stays ({same["shared"]:.2%}). It stays under the free law too
({free_part["shared"]:.2%}), so the tied exponent is not what makes it.

So most of what the law leaves is not independent noise. It is a misfit that both forms of the law have,
or something in how a cell was trained, or the luck of a seed that all share (the release's argument lists
name the same one). More runs of the same kind would not average it away.

Fitting $M = 5$ as well does not mend it: the root mean square miss at $M = 5$ falls from
{rms["M = 5"]["grid"]:.2f} to {rms["M = 5"]["all"]:.2f} nats, and everywhere else it rises from
{rms["elsewhere"]["grid"]:.3f} to {rms["elsewhere"]["all"]:.3f}."""
)

# %% [markdown]
# ## How far past compute-optimal?
#
# Give the law the small runs from $M = 10$ to 80 and ask it for the rest; then those up to $M = 160$. As a
# control the runs at $M = 10$, which the next section finds suspect, are left out. The runs that are judged
# stand apart by their training files: `first` are those of the paper's five. Beside the law stand
# the free law and two baselines without $E$ on the same runs: `plane`, $\log L$ linear in $\log N$ and
# $\log D$, and `line`, $\log L$ linear in $\log D$ through the last two known runs of the same size.

# %%
known_ranges = {"M 10 to 80": (10, 80), "M 20 to 80": (20, 80), "M 10 to 160": (10, 160)}
far = pd.concat(
    judge_far(table, most_M, least_M).assign(known=known)
    for known, (least_M, most_M) in known_ranges.items()
    for table in tables.values()
)
far["files"] = np.where(far["run"].map(other_files), "other", "first")
beyond = far[(far["N"] < 1e9) & (far["M"] > 160)]
rivals = ["law", "free law", "plane", "line"]
by_files = beyond.groupby(["known", "files"], sort=False)
of_law = by_files["law"].agg(runs="size", too_low=lambda miss: (miss < 0).sum(), mean="mean")
of_rivals = by_files[rivals].agg(lambda e: e.abs().mean())
pd.concat({"law": of_law, "mean absolute": of_rivals}, axis=1)

# %% [markdown]
# And the over-trained 1.4B runs from the same small runs (that of C4 stands at $M = 80$, and is not among
# them):

# %%
large = far[far["N"] > 1e9].set_index(["known", "run"])[["files", *rivals[:3]]]
large

# %% jupyter={"source_hidden": true} tags=["remove-input"]
near, no_10, to_160 = (beyond[beyond["known"] == known] for known in known_ranges)
near_large, no_10_large = large["law"].loc["M 10 to 80"], large["law"].loc["M 20 to 80"]


def mean_miss(runs, rival="law"):
    return f"{runs[rival].abs().mean():.1%}"


first, other = ({known: of_law.loc[(known, files)] for known in known_ranges} for files in ("first", "other"))
n_first, n_other = first["M 10 to 80"]["runs"], other["M 10 to 80"]["runs"]
assert (of_law["too_low"] == of_law["runs"]).xs("first", level="files").all()
assert far.loc[far["size"].isin(["0.411B", "1.4B"]) & (far["M"] > 160), "files"].eq("other").all()
assert abs(to_160["law"].abs().mean() - to_160["line"].abs().mean()) < 1e-3
by_known = of_rivals.loc[("M 10 to 160", "first")]
assert by_known["line"] < by_known["law"]
Markdown(
    f"""From $10 \\le M \\le 80$ the law misses the {len(near)} small runs at $M = 320$ and 640 by
{mean_miss(near)} on average, the free law by {mean_miss(near, "free law")}, the plane by
{mean_miss(near, "plane")} and the lines by {mean_miss(near, "line")}. All {n_first:.0f} runs of the first files come out
too low, by {-first["M 10 to 80"]["mean"]:.1%} on average; without $M = 10$ in the fit all of them again, by
{-first["M 20 to 80"]["mean"]:.1%}. The {n_other:.0f} of other files average {other["M 10 to 80"]["mean"]:+.1%} and
{other["M 20 to 80"]["mean"]:+.1%}, with {other["M 10 to 80"]["too_low"]:.0f} and {other["M 20 to 80"]["too_low"]:.0f} too low. The two
1.4B runs, of other files too, come out {near_large.max():+.1%} and {near_large.min():+.1%}, and without $M = 10$
{no_10_large.min():+.1%} and {no_10_large.max():+.1%}.

So part of the miss comes from the column at $M = 10$. And no run of the first files at 0.411B or above is
judged here: whether the law does better at large sizes, or lower losses come with those files, these runs
cannot say.

Known up to $M = 160$, the law misses by {mean_miss(to_160)} and the lines by {mean_miss(to_160, "line")}:
there the ruler is level with the law, on the first files even nearer ({by_known["line"]:.1%} against
{by_known["law"]:.1%}), but it needs two runs of the very size and says nothing of another.
The {len(near)} runs are four sizes on three training sets with one recipe, far from {len(near)}
independent tests."""
)

# %% [markdown]
# So on the first files over-training costs models of 0.154B and less more than the law foresees, whichever
# runs it is fitted to. To call the column at $M = 10$ suspect was a choice made after seeing it, so both
# fits stand here. {cite}`sardana2024` too report fits that promise too much, at far larger multipliers.
#
# ## Why does M = 5 break it?
#
# A run at $M = 5$ is short, and its size fixes the number of warm-up steps. To judge both low columns,
# the law is now fitted to $M \ge 20$ only, and the free law beside it. The misses, predicted minus
# measured, in nats:


# %%
def miss_of_free_law(table):
    known = FIT_SETS["grid_20"](table)
    law = fit_loss_surface(known["N"], known["D"], known["loss_c4_eval"]).law
    return (law.predict(table["N"], table["D"]) - table["loss_c4_eval"]).set_axis(table["run"])


judged = residuals.query("fit_set == 'grid_20'").assign(miss=lambda t: t["predicted"] - t["actual"])
judged["free"] = judged["run"].map(pd.concat([miss_of_free_law(table) for table in tables.values()]))
low = judged[judged["M"] <= 10].pivot_table(["miss", "free"], ["M", "size"], "dataset", sort=False)
low = low.rename(columns={"miss": "tied law", "free": "free law"}).sort_index(level="M", sort_remaining=False)
planned = judged.groupby(["M", "size"])[["steps", "warmup_share"]].first()
low["run", "steps"], low["run", "warm-up share"] = planned["steps"], planned["warmup_share"]
low

# %% jupyter={"source_hidden": true} tags=["remove-input"]
at_5 = low.loc[5]
change = (at_5["free law"] - at_5["tied law"]).abs()
tied_5, free_5 = at_5["tied law"].loc["0.011B"], at_5["free law"].loc["0.011B"]
assert (at_5["tied law"].idxmin() == "0.079B").all() and (tied_5 < free_5).all()
Markdown(
    f"""At $M = 5$ the run with the largest share of warm-up misses most. The miss of 0.011B is partly the
form of the law: with two exponents it shrinks from {tied_5["redpajama"]:.2f} to {free_5["redpajama"]:.2f} on
RedPajama, from {tied_5["refinedweb"]:.2f} to {free_5["refinedweb"]:.2f} on RefinedWeb and from {tied_5["c4"]:.2f} to
{free_5["c4"]:.2f} on C4, while the other sizes move by {change.drop(index="0.011B").max().max():.2f} at most. At
$M = 10$ the 0.411B runs spend half of their steps warming up, the 0.079B runs too, and the shorter of the two
misses by more. Here are the rank correlations of five explanations with how far a run lies above each law:"""
)

# %%
ranks = {
    (law, columns): correlate_miss(judged[judged["M"] <= most_M].assign(residual=-judged[miss]))
    for law, miss in {"tied law": "miss", "free law": "free"}.items()
    for columns, most_M in {"M = 5": 5, "M = 5 and 10": 10}.items()
}
ranks = pd.DataFrame(ranks)
ranks

# %% jupyter={"source_hidden": true} tags=["remove-input"]
short, both = (ranks.xs(columns, axis=1, level=1) for columns in ("M = 5", "M = 5 and 10"))
assert (short.idxmax() == "warm-up share").all() and (both.idxmax() == "few steps after warm-up").all()
little = ranks.loc[["few tokens", "large model"]].abs().max().max()
share, left = both.loc["warm-up share"], both.loc["few steps after warm-up"]
Markdown(
    f"""Within $M = 5$ (12 runs) the warm-up share ranks the misses best by either law
({short.loc["warm-up share"].min():.2f} and {short.loc["warm-up share"].max():.2f}), over both columns (24) the steps left after
the warm-up do ({left["tied law"]:.2f} and {left["free law"]:.2f}, the share {share["tied law"]:.2f} and
{share["free law"]:.2f}). Few tokens and model size explain little (at most {little:.2f} in size). This is correlation, and
thin: the twelve runs at $M = 5$ are four recipes, so the best that a rank test over recipes can say is one in
24; and the explanations were compared after the data were seen."""
)

# %% [markdown]
# ## The configuration search: the same run with another warm-up
#
# Before the grid the authors searched for good settings at $M = 20$: 435 runs, among them many
# that differ in the warm-up alone. That is an intervention, if not a randomised one. First a
# question of units: the search (`batch`) and the grid (`batch_sequences`) name different batches for the same shapes.

# %%
batches = compare_batches()
assert (batches["batch_sequences"] == 8 * batches["batch"]).all()
batches

# %% [markdown]
# In all four the grid's batch is eight times as large. We read the search's number as the batch of one of
# eight devices. The release does not say so: the factor is an inference. The figure below supports it:
# with it the loss jumps where the warm-up is as long as the run; without it the jump would stand at an
# eighth of the run, for no reason that we know.
#
# Each pair is a run with 400 warm-up steps and one with 2,000. `difference` is the loss with the shorter
# minus the loss with the longer, so below zero the longer warm-up is the worse one, as below zero a run
# is worse than the law. Pairs that differ in heads alone count as one shape.

# %%
search = load_search_steps()
shorter, longer = 400, 2000
pairs = pair_warmups(search, shorter=shorter, longer=longer)
doses = summarise_pairs(pairs, [0, 0.4, 0.6, 0.75, 0.95, 1, 1.2])
doses

# %% mystnb={"image": {"alt": "Two panels that share both axes, nats per token over warm-up steps divided by all steps, from 0.1 above zero down to 0.8 below. Left: misses of all 104 runs; most lie near zero at small shares, the runs of M = 5 lie below all others of their share, lowest those of 0.079B, which end inside their warm-up. Right: 69 pairs of the search; the difference is slightly positive below a share of 0.5, falls slowly, and drops where the share reaches one."}, "figure": {"caption": "Left: the law fitted to M of 20 and more, minus the measured loss, all 104 runs. Right: pairs of search runs with the same shape, batch, learning rate and data; loss with 400 warm-up steps minus loss with 2,000. Below zero is worse in both. Dashed: the run ends with its warm-up.", "name": "fig-warmup-cost"}}
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 4.6), sharex=True, sharey=True)
draw_miss_over_warmup(left, judged).set_title("The grid against the law")
draw_pairs(right, pairs, f"{shorter} against {longer:,} steps").set_title("The warm-up alone changed");

# %% [markdown]
# How much of that hangs on where a bin begins, and on the 400 steps? Here stand the same 2,000 steps against
# each of three shorter warm-ups, with the bin begun at four places.

# %%
edges = [0.4, 0.5, 0.6, 0.95]
arms = {w: pair_warmups(search, shorter=w, longer=2000) for w in (100, 200, 400)}
above = pd.concat(
    {w: pd.concat([summarise_pairs(p, [edge, 1.2]) for edge in edges]) for w, p in arms.items()},
    names=["shorter"],
)
above[["n_pairs", "n_shapes", "n_worse", "p_value", "median"]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
below = summarise_pairs(pairs, [0, 0.6]).iloc[0]
short = summarise_pairs(pair_warmups(search, shorter=100, longer=400), [0, 1]).iloc[0]
inside, beyond_1 = doses.iloc[-2], doses.iloc[-1]
longest = pairs[pairs["share"] > 1]
sign = {(w, edge): above.loc[w].iloc[k] for w in arms for k, edge in enumerate(edges)}


def count_worse(row):
    return f"{row['n_worse']:.0f} of {row['n_shapes']:.0f} ($p$ = {row['p_value']:.1g})"


top = [-sign[w, 0.95]["median"] for w in arms]
Markdown(
    f"""A warm-up of more than 0.95 of the run is worse in every shape, whichever arm it is held against:
{count_worse(sign[400, 0.95])} against 400 steps, by {min(top):.2f} to {max(top):.2f} nats in the median.
But few runs stand behind the top of the curve. Beyond a share of one there are {beyond_1["n_pairs"]:.0f} pairs of
{beyond_1["n_shapes"]:.0f} shapes, with {longest["N"].min() / 1e9:.2f}B to {longest["N"].max() / 1e9:.2f}B parameters: the
longer warm-up costs {-beyond_1["median"]:.2f} nats in the median (sign test of these alone: $p$ = {beyond_1["p_value"]:.2f}).
Just below one it costs {-inside["median"]:.2f}.

From where on the longer warm-up is worse is less sure. Above 0.6 it loses to 400 steps in
{count_worse(sign[400, 0.6])}, to 200 in {count_worse(sign[200, 0.6])}, but to 100 only in
{count_worse(sign[100, 0.6])}. And 0.6 was set where the sign turns: above 0.5 it is
{count_worse(sign[400, 0.5])} against 400 steps, above 0.4 {count_worse(sign[400, 0.4])}. Up to 0.6 it
costs nothing (median difference {below["median"]:+.3f} nats). A warm-up can also be too short: 400 steps beat 100 in
{short["n_shapes"] - short["n_worse"]:.0f} of {short["n_shapes"]:.0f} shapes, once by {short["max"]:.1f} nats."""
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
m5 = judged[judged["M"] == 5].assign(above=-judged["miss"]).groupby("size")
above_law, share_of = m5["above"], m5["warmup_share"].first()
mean = above_law.mean()
Markdown(
    f"""What does that explain? The 0.411B runs at $M = 5$ end at a share of {share_of["0.411B"]:.2f} and lie
{above_law.min()["0.411B"]:.2f} to {above_law.max()["0.411B"]:.2f} nats above the law; beyond one the longer warm-up costs
{-beyond_1["max"]:.2f} to {-beyond_1["min"]:.2f}: as much. The 0.079B runs (share {share_of["0.079B"]:.2f}) lie
{mean["0.079B"]:.2f} above it, {mean["0.079B"] / -beyond_1["median"]:.0f} times as much. The 0.154B runs
({mean["0.154B"]:.2f}, share {share_of["0.154B"]:.2f}) and the 0.011B runs ({mean["0.011B"]:.2f}, share {share_of["0.011B"]:.2f}) lie
where the search finds no cost at all. So a learning rate that was never brought down could account for one size, for
{part:.0%} of a second, and for none of the other two. The miss of 0.011B is partly the form of the law. What 0.079B and
0.154B share, and 0.411B does not, is fewer than a thousand steps in all; it fits the ranks above, and no pair of
runs here tests it."""
)

# %% [markdown]
# The search is at $M = 20$, on other text, with one run per setting. It does not show what the same warm-up
# would cost at $M = 5$. Nor can the grid say what the law would do at $M = 5$ with well-trained runs, for
# it has none. To leave the column out of a fit is sound for the two sizes that end inside their warm-up:
# they were trained in another way than the rest. For the other two it is a choice made after seeing them
# miss, and by the same light the short runs at $M = 10$ are suspect as well.
#
# ## What M* is, and why it is fragile
#
# At a fixed compute the law has a valley in $M$. Its bottom is where the two terms are equal (Eq. 10 of
# the paper), and around it the reducible loss rises as a hyperbolic cosine:
#
# $$
# M^* = \left(\frac{b}{a}\right)^{1/(2\eta)}, \qquad
# \frac{L(C, M) - E}{L(C, M^*) - E} = \cosh\left(\eta\,\log\frac{M}{M^*}\right)
# $$ (eq-valley)
#
# A factor of ten off $M^*$ adds under five per cent to the reducible loss at $\eta = 0.13$. A valley that
# flat has no sharp bottom. To see how far the bottom wanders, the law is fitted to every reasonable design,
# that is, choice of small runs with $M \ge 10$: sizes over a factor of 30 and multipliers over a factor of 8,
# the width that `scaling fit` asks for. Beside that, all runs are resampled 2,000 times (`bootstrap`).


# %%
def fit_designs(runs):
    fits = fit_loss_law(runs["N"], runs["D"], runs["loss_c4_eval"], weights=list_designs(runs))
    return keep_fits(fits.law, fits.status == "converged")


laws = {dataset: fit_designs(runs) for dataset, runs in grids.items()}


# %%
def draw_again(runs, rng):
    draws = rng.multinomial(len(runs), np.full(len(runs), 1 / len(runs)), 2000)
    return fit_loss_law(runs["N"], runs["D"], runs["loss_c4_eval"], weights=draws).law.M_opt


rng = np.random.default_rng(4)
ends = [0.025, 0.5, 0.975]
optima = {d: {"designs": laws[d].M_opt, "bootstrap": draw_again(grids[d], rng)} for d in laws}
fragile = pd.DataFrame(
    {(d, way): np.quantile(M, ends) for d, ways in optima.items() for way, M in ways.items()},
    index=["2.5%", "median", "97.5%"],
).T
fragile

# %% [markdown]
# And $M^*$ of the law fitted to five choices of runs that have names: `recipe` and `grid` as above; `grid_20`,
# the small runs of $M \ge 20$; `near`, those of $M$ from 10 to 80; `all`, every run.


# %%
def fit_to(dataset, fit_set):
    runs = FIT_SETS[fit_set](tables[dataset])
    return fit_loss_law(runs["N"], runs["D"], runs["loss_c4_eval"]).law


named = pd.DataFrame({d: {s: fit_to(d, s).M_opt for s in FIT_SETS} for d in tables})
named.rename(columns=DATASET_LABELS)

# %% [markdown]
# What is flat can still be known. Compare not with $M^*$ but with $M = 20$, at one compute $C$ that the runs
# of every multiplier straddle. The dots of the figure do without the law's $a$ and $b$: each is read between
# two measured runs of one multiplier, neighbours in compute, with the $E$ of the grid.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
spans = residuals.query("fit_set == 'grid' and N < 1e9").groupby(["dataset", "M"])["C"].agg(["min", "max"])
least_C, most_C = (f"`{end:.2e}`".replace("+", "") for end in (spans["min"].max(), spans["max"].min()))
Markdown(f"The next cell chooses one; any $C$ from {least_C} to {most_C} FLOPs may be tried.")

# %%
C, M = 2e18, np.geomspace(5, 640, 50)
columns = [5, 10, 40, 80, 160, 320, 640]


def read_cost(dataset, E):
    runs = tables[dataset]
    loss = read_at_compute(runs[runs["N"] < 1e9], C, E)
    return loss - loss[20]


costs = {}
for dataset, law in laws.items():
    band = np.quantile(penalty(law, columns, C, 20), ends, axis=0)
    costs[dataset] = pd.DataFrame(band.T, columns, ["2.5%", "median", "97.5%"])
    costs[dataset]["measured"] = read_cost(dataset, float(find_E(tables[dataset], "grid")))

# %% mystnb={"image": {"alt": "Left: loss above that at M = 20 over M from 5 to 640 at 2e18 FLOPs for RedPajama; the band of designs is near zero from 5 to 20 and rises beyond; measured dots above 20 lie between its median and its upper edge, and those at 5 and 10 above the band. Right: cumulative share of designs over M-star, logarithmic, for the three training sets; the curves spread over more than a factor of ten."}, "figure": {"caption": "Left: cost of a multiplier at 2e18 FLOPs against M = 20, RedPajama; dots are read between measured runs. Right: best multiplier of each design.", "name": "fig-valley"}}
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 4))
law, cost = laws["redpajama"], costs["redpajama"]
draw_penalty(left, M, penalty(law, M, C, 20), f"{len(law.E)} designs", DATASET_COLOURS["redpajama"])
left.plot(cost.index, cost["measured"], "o", color=INK, label="measured")
left.legend(loc="upper left")
left.set_title(f"M = 640 costs {cost['2.5%'][640]:.1f} to {cost['97.5%'][640]:.1f} nats")
draw_M_opt(right, {d: law.M_opt for d, law in laws.items()}).set_title("The best M is hardly known");

# %% [markdown]
# The runs around a dot at $M = 640$ lie far apart, so there it hangs on $E$: read once with no $E$ and once
# with a large one it is

# %%
by_E = pd.DataFrame({E: {d: read_cost(d, E)[640] for d in tables} for E in (0.0, 2.2)})
by_E.rename_axis(columns="E")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
def cost_share(law, C=1e21):
    N = np.sqrt(C / (6 * 20))
    return np.quantile(penalty(law, [640], C, 20)[:, 0] / law.predict(N, 20 * N), ends)


dearer = pd.concat(costs)
ray640, ray5 = dearer.xs(640, level=1), dearer.xs(5, level=1)
wide = pd.DataFrame({d: cost_share(law) for d, law in laws.items()}, ray640.columns[:3]).T
mantissa, power = f"{C:.0e}".split("e+")
assert np.isclose(M_opt_lo, min(fragile["2.5%"].min(), named.min().min()))
assert np.isclose(M_opt_hi, max(fragile["97.5%"].max(), named.max().max()))
half = ((ray640["97.5%"] - ray640["2.5%"]) / 2 / ray640["median"]).max()
Markdown(
    f"""$M^*$ runs from {fragile["2.5%"].min():.1f} to {fragile["97.5%"].max():.0f} over the designs and
resamples (95% of each), and from {named.min().min():.1f} to {named.max().max():.0f} over the five named choices of
runs. The cost of going from $M = 20$ to $M = 640$ is better known: at ${mantissa}\\times10^{{{power}}}$ FLOPs
{ray640["2.5%"].min():.2f} to {ray640["97.5%"].max():.2f} nats by the designs (medians
{ray640["median"].min():.2f} to {ray640["median"].max():.2f}), {ray640["measured"].min():.2f} to
{ray640["measured"].max():.2f} measured ({by_E.min().min():.2f} to {by_E.max().max():.2f} with any $E$ from 0 to
2.2), {"above" if (by_E.min(axis=1) > ray640["median"]).all() else "not always above"} the median of every
training set. Extrapolated to $10^{{21}}$ FLOPs it is
{wide["2.5%"].min():.0%} to {wide["97.5%"].max():.0%} of the loss, medians {wide["median"].min():.1%} to
{wide["median"].max():.1%}. At $M = 5$ the law expects {ray5["median"].min():+.2f} to
{ray5["median"].max():+.2f} nats and {ray5["measured"].min():.2f} to {ray5["measured"].max():.2f} were
measured: the law's valley goes on to the left, the training did not."""
)

# %% [markdown]
# ## What we learnt

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""
- From $M = 10$ to 640 equal slopes are a good approximation: {lo:.2f} to {hi:.2f} with an $E$ of either fit, and
  without any as flat to the eye. The level hangs on $E$; with $E$ refitted the bands are
  {ratio:.1f} times as wide. On {DATASET_LABELS[least]} the free law speaks against them
  ($p$ = {exponents["p"][least]:.3f}), on the other two it does not.
- What the law leaves is mostly shared by the three training sets, {whole["shared"]:.1%} of the loss: not
  independent noise. With two free exponents it is nearly as large.
- From $10 \\le M \\le 80$ the law is too low for all {n_first:.0f} small runs of the first files at $M = 320$ and 640,
  by {-first["M 10 to 80"]["mean"]:.1%} on average ({-first["M 20 to 80"]["mean"]:.1%} without $M = 10$). The {n_other:.0f} of other
  files average {other["M 10 to 80"]["mean"]:+.1%} ({other["M 20 to 80"]["mean"]:+.1%}). All that is judged at 0.411B and above is of other
  files, so size and files cannot be told apart.
- At $M = 5$ two of the four sizes end inside their warm-up. In the search a warm-up longer than the run costs
  {-beyond_1["median"]:.2f} nats ({beyond_1["n_pairs"]:.0f} pairs, {beyond_1["n_shapes"]:.0f} shapes), as much as the
  0.411B runs miss and {part:.0%} of what the 0.079B runs miss. The miss of 0.011B is partly the form of the law; the
  rest goes with few steps left after the warm-up, which is correlation. To leave these two sizes out is a choice
  made after the fact.
- $M^*$ is anything between {M_opt_lo:.1f} and {M_opt_hi:.0f}. What $M = 640$ costs
  against $M = 20$ is known to ±{half:.0%} over the designs; read between runs it lies above their median on every set.
"""
)

# %% [markdown]
# ## Exercises
#
# Work in new cells below this one.
#
# 1. Draw the lines of equal $M$ with $E = 0$ and with $E = 2.2$ for the small RedPajama runs with $M \ge 10$,
#    which are `grids["redpajama"]`. `draw_rays` takes the runs and a table with a row for each of their
#    multipliers: columns `M`, `E` and `slope`. `fit_slope(C, reducible_loss)` in `scaling.studies.loss.slopes` gives one
#    slope. Do the lines stay parallel? What does that say about reading an $E$ off such a figure?
# 2. Derive the cosine formula of *What M\* is* from the over-training form of
#    [the loss law](03_loss_law.ipynb), $L = E + (a M^{\eta} + b M^{-\eta}) C^{-\eta}$ with $\eta = \alpha/2$, and
#    check it at $M = 640$ on the law `fit_to("c4", "recipe")` (it has `E`, `alpha`, `M_opt` and
#    `predict(N, D)`).
# 3. Pair 200 against 100 warm-up steps in the search. Does the sign of `difference` depend on the
#    size of the model? Hint: `pairs["N"]`.
#
# [Solutions](solutions.ipynb).

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

# %% [markdown] slideshow={"slide_type": "slide"}
# # What do small runs tell of a large one?

# %% [markdown] slideshow={"slide_type": "skip"}
# *The story of this book in eleven slides: <a href="../_static/slides/index.html">show them</a>, or write them anew with `make slides`. Running: 10 seconds.*

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown

from scaling.costs.price_tables import default_prices
from scaling.figures.intervals import draw_intervals
from scaling.figures.laws import draw_error_against_loss, draw_loss_against_compute, draw_miss_map
from scaling.figures.overtraining import draw_miss_over_warmup
from scaling.figures.plan import draw_errors
from scaling.figures.style import DATASET_LABELS, use_style
from scaling.figures.tasks import draw_shares
from scaling.figures.testbed import draw_design
from scaling.forecast.fitted import fit_table
from scaling.forecast.rulers import relative_error
from scaling.studies.decide.board_evidence import label_six, predict_six
from scaling.studies.decide.replay import FIVE, LARGEST, PLAN, RANDOM, RANDOM_HELD, sum_up
from scaling.studies.headline import bet_on_average, draw_baselines
from scaling.studies.loss.transfer import predict_sets
from scaling.studies.recipe import fit_chain, miss_beside_chain
from scaling.studies.results import load_result
from scaling.studies.tasks.error_laws import predict_tasks
from scaling.testbed.labels import ERROR_COLUMN, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_error_fit, select_loss_fit, select_targets

use_style()
plt.rcParams["figure.figsize"] = 9.6, 4.4
TABLES = {dataset: run_table(dataset) for dataset in DATASET_LABELS}
redpajama = TABLES["redpajama"]
five, six, large = select_loss_fit(redpajama), select_error_fit(redpajama), select_targets(redpajama)
chain = fit_chain(redpajama)
misses = pd.concat(
    table.assign(miss=relative_error(fit_chain(table).predict_loss(table["N"], table["D"]), table[LOSS_COLUMN]))
    for table in TABLES.values()
)
targets = misses[misses["run"].isin(pd.concat(map(select_targets, TABLES.values()))["run"])]

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true} tags=["remove-input"]
ratio = targets["C"] / five["C"].sum()
Markdown(
    f"""**A large run is bought before anybody knows how good it will be.**

Gadre et al. published {len(misses)} models of 0.011 to 6.9 billion parameters on three training sets. Here five small runs of each predict two
large ones that cost {ratio.min():.0f} to {ratio.max():.0f} times as much as the five together.

Every number and figure is computed from their tables when these slides are made."""
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five small runs, and a grid to hold them against

# %% slideshow={"slide_type": "-"} mystnb={"image": {"alt": "Training tokens over parameters of the 35 RedPajama runs, both logarithmic, with lines of equal tokens per parameter. Five small runs are ringed: four sizes at 20 tokens per parameter and the smallest also at 320."}, "figure": {"caption": "The 35 RedPajama runs; rings mark the five that fit the law.", "name": "fig-slide-runs"}} jupyter={"source_hidden": true} tags=["remove-input"]
figure, ax = plt.subplots()
draw_design(ax, redpajama, five)
ax.set_title("Four sizes at 20 tokens per parameter, one run over-trained");

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(f"""The five have at most {five["N"].max() / 1e9:.2f}B parameters and take {five["C"].sum() / misses["C"].sum():.2%} of the testbed's compute.""")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A law with four numbers
#
# $$
# L(N, D) = E + A\,N^{-\alpha} + B\,D^{-\alpha}
# $$
#
# $N$ parameters, $D$ training tokens, $L$ loss in nats per token, $E$ what is left when both are endless.

# %% slideshow={"slide_type": "-"} mystnb={"image": {"alt": "Loss over training compute for the RedPajama runs of at most 0.41B parameters. Lines of the law run through the points of equal tokens per parameter, but the points of 5 tokens per parameter lie above their line."}, "figure": {"caption": "The law through the five ringed runs, beside the other small ones.", "name": "fig-slide-law"}} jupyter={"source_hidden": true} tags=["remove-input"]
small = redpajama[redpajama["N"] < 1e9]
figure, ax = plt.subplots(figsize=(9.6, 3.5))
draw_loss_against_compute(ax, small, chain.loss_fit.law, five, small.nlargest(2, "C"))
ax.set_title("Five runs fix it; the other small runs lie near, but for M = 5");

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two held-out runs

# %% slideshow={"slide_type": "-"} mystnb={"image": {"alt": "Loss over training compute for the 35 RedPajama runs. Dashed lines of the law reach two large runs at 1e22 FLOPs, which lie inside bands of 90 per cent intervals where the prediction is off by 0.7 per cent each."}, "figure": {"caption": "RedPajama. Dots are measured, dashed lines extrapolated; bands are 90 % intervals to bet on.", "name": "fig-slide-prediction"}} jupyter={"source_hidden": true} tags=["remove-input"]
fitted = fit_table(five, LOSS_COLUMN, law="tied")
figure, ax = plt.subplots()
draw_loss_against_compute(ax, redpajama, chain.loss_fit.law, five, large, lambda N, D: fitted.find_intervals(N, D)[:2])
ax.set_title("Five runs predict the loss of two far larger ones");

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true} tags=["remove-input"]
own = targets[targets["dataset"] == "redpajama"]["miss"].abs()
Markdown(f"""Off by {own.min():.1%} and {own.max():.1%}. RedPajama is the best of the three training sets.""")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far to trust it

# %% slideshow={"slide_type": "-"} mystnb={"image": {"alt": "Six rows, two large runs of each training set. A thin line, the interval to bet on, reaches a little beyond a thick bar, the interval if the law holds; the cross of the measured loss lies inside all six."}, "figure": {"caption": "Six large runs, each predicted from five small ones of its training set.", "name": "fig-slide-intervals"}} jupyter={"source_hidden": true} tags=["remove-input"]
bets = label_six(predict_six())
figure, ax = plt.subplots(figsize=(9.6, 4))
draw_intervals(ax, bets)
ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.16), ncols=4)
ax.set_title("All six measured losses lie in the interval to bet on");

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true} tags=["remove-input"]
inside = bets["measured"].between(bets["lo"], bets["hi"])
assert inside.all() and len(inside) == 6
Markdown(
    f"""The law is off by {targets["miss"].abs().mean():.1%} on average, {targets["miss"].abs().max():.1%} at most. The interval reaches from
{(1 - bets["lo"] / bets["loss"]).max():.0%} below to {(bets["hi"] / bets["loss"] - 1).max():.0%} above. Six of six shows a coverage of at least {0.025 ** (1 / 6):.0%}, not of 90%."""
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Over-training

# %% slideshow={"slide_type": "-"} mystnb={"image": {"alt": "Heat map of the signed relative error of the predicted loss on RedPajama; sizes from 0.011B to 6.9B down, tokens per parameter from 5 to 640 across. All cells are within three per cent but those at 5 tokens per parameter, which are up to 14 per cent too low."}, "figure": {"caption": "Predicted minus measured loss, in per cent, RedPajama.", "name": "fig-slide-map"}} jupyter={"source_hidden": true} tags=["remove-input"]
cells = misses[misses["dataset"] == "redpajama"].pivot_table(values="miss", index="size", columns="M", sort=False).sort_index(axis=1)
used = pd.DataFrame(False, cells.index, cells.columns)
for run in five.itertuples():
    used.loc[run.size, run.M] = True
figure, ax = plt.subplots()
draw_miss_map(ax, cells, used).set_title("From 10 to 640 tokens per parameter one law holds; at 5 it does not")
figure.supxlabel("* fits the law", x=0.01, ha="left", fontsize=9);

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true} tags=["remove-input"]
held = misses[(misses["M"] > 5) & ~misses["run"].isin(pd.concat(map(select_loss_fit, TABLES.values()))["run"])]
Markdown(f"""Over all three training sets the error at 10 to 640 tokens per parameter is {held["miss"].abs().max():.1%} at most.""")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## From loss to error

# %% slideshow={"slide_type": "-"} mystnb={"image": {"alt": "Mean error of 17 tasks over loss for the RedPajama runs. Points follow one rising curve through six ringed runs; the predictions for the two large runs at its dashed lower end are off by 3.6 and 0.05 per cent. A dash-dotted two-point line nearly coincides with the curve; the last-run baseline lies far above."}, "figure": {"caption": "Mean error of 17 tasks over loss, RedPajama, with the two baselines.", "name": "fig-slide-error"}} jupyter={"source_hidden": true} tags=["remove-input"]
figure, ax = plt.subplots(figsize=(9.6, 4.2))
predicted = chain.predict_error(large["N"], large["D"])
draw_error_against_loss(ax, redpajama, chain.error_fit.law, six, large, predicted, bet=bet_on_average(six))
draw_baselines(ax, six, ERROR_COLUMN)
ax.set_title("Six runs predict an average error; so does a line through two");

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true} tags=["remove-input"]
beside = pd.concat([miss_beside_chain(table, ERROR_COLUMN) for table in TABLES.values()]).abs().mean()
Markdown(
    f"""Mean over six large runs: both laws {beside["chain"]:.1%}, the two-point line {beside["ruler in loss"]:.1%}, the error of the last run
{beside["no change"]:.0%}."""
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A single task stays noisy

# %% slideshow={"slide_type": "-"} mystnb={"image": {"alt": "Three panels, one per training set: share of 46 tasks predicted within a relative error. In each the lines of the last-run baseline and of the two-point line run left of and above the line of the law."}, "figure": {"caption": "Share of 46 tasks within a relative error at 6.9B. Further left and higher is better.", "name": "fig-slide-tasks"}} jupyter={"source_hidden": true} tags=["remove-input"]
of_tasks = predict_tasks().query("size == '6.9B' and loss_from == 'predicted'")
of_tasks = of_tasks.assign(error=of_tasks["relative_error"].abs())
by_task = of_tasks.pivot_table(index=["dataset", "task"], columns="method", values="error", sort=False)
by_task = by_task[["law", "no change", "ruler in loss"]]
figure, axes = plt.subplots(1, 3, sharey=True, figsize=(9.6, 3.6))
for ax, (dataset, label) in zip(axes, DATASET_LABELS.items(), strict=True):
    draw_shares(ax, by_task.loc[dataset])
    ax.set_title(label)
axes[0].legend(loc="upper left", fontsize=8)
figure.suptitle("Both baselines predict more tasks well than the error law does", weight="bold", size=11);

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true} tags=["remove-input"]
middle = by_task.groupby("dataset").median()
Markdown(
    f"""Median error on one task: the law {middle["law"].min():.0%} to {middle["law"].max():.0%} by training set, the last run {middle["no change"].min():.0%} to
{middle["no change"].max():.0%}, the two-point line {middle["ruler in loss"].min():.0%} to {middle["ruler in loss"].max():.0%}. Promise averages."""
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What breaks it

# %% slideshow={"slide_type": "-"} mystnb={"image": {"alt": "Predicted minus measured loss of all 104 runs over the share of their steps that the warm-up takes. Most lie near zero; runs of 5 tokens per parameter lie below, lowest those that end inside their warm-up, by up to 0.8 nats."}, "figure": {"caption": "All 104 runs. Dashed: the run ends with its warm-up. Law fitted to 20 tokens per parameter and more.", "name": "fig-slide-warmup"}} jupyter={"source_hidden": true} tags=["remove-input"]
judged = load_result("residuals").query("fit_set == 'grid_20'").assign(miss=lambda t: t["predicted"] - t["actual"])
figure, ax = plt.subplots(figsize=(9.6, 3.4))
draw_miss_over_warmup(ax, judged).set_title("Runs that end inside their warm-up lie off the law");

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true} tags=["remove-input"]
texts = predict_sets(n_draws=10).query("role == 'target'")
texts = texts.assign(error=texts["relative_error"].abs()).groupby("loss_set")["error"].mean().sort_values()
Markdown(
    f"""- **Another text.** On English web text within {texts.iloc[:3].max():.0%} on average; on five others {texts.iloc[3:].min():.1%} to {texts.iloc[3:].max():.0%}.
- **The wrong five.** One value of $M$ says nothing of over-training.
- **Another recipe, tokenizer or count of $N$.** No interval is known to hold."""
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which run next

# %% slideshow={"slide_type": "-"} mystnb={"image": {"alt": "Five rows of signed errors. Random plans scatter from minus 10 to 10 per cent; random plans that hold the largest run, the paper's five, the largest affordable run and the plan have their middle half within 4 per cent of zero."}, "figure": {"caption": "Errors at the large runs, 30 cases a row, 200 times as many for random plans; all plans have the budget of the paper's five.", "name": "fig-slide-plans"}} jupyter={"source_hidden": true} tags=["remove-input"]
replays = load_result("replays")
plans = [RANDOM, RANDOM_HELD, FIVE, LARGEST, PLAN]
figure, ax = plt.subplots(figsize=(9.6, 3.9))
draw_errors(ax, replays[replays["plan"].isin(plans)], plans)
ax.set_title("Buy the largest run that you can afford, then the next")
figure.legend(loc="outside lower center", ncols=6);

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true} tags=["remove-input"]
errors, prices = sum_up(replays)["error"], default_prices()
Markdown(
    f"""Errors: {errors[LARGEST]:.1%}, against {errors[RANDOM]:.1%} for random plans. By the formula the five take {prices.training_money(float(five["C"].sum())):.0f} dollars of GPU time,
the 6.9B run {prices.training_money(float(large["C"].iloc[-1])):,.0f}."""
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On Monday
#
# ```console
# $ scaling template > runs.csv                 # one row for each finished run
# $ scaling check runs.csv                      # is it sound?
# $ scaling predict runs.csv --N 6.9B --M 20    # with the interval to bet on
# $ scaling plan runs.csv --N 6.9B --M 20 --budget 2.4e20
# $ scaling report runs.csv --N 6.9B --M 20 -o report.html      # one page to send round
# ```
#
# - Train five small runs: four sizes at the target's tokens per parameter, the smallest also far from it.
# - Say the interval, and what a line through the last two runs says.
# - Promise an average over tasks, not one task.

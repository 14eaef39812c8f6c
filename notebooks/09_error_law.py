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
# # From loss to average task error: what does the second law add?
#
# *You need: [the loss law](03_loss_law.ipynb). Reading: 15 minutes. Running: 7 seconds.*

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown
from myst_nb import glue

from scaling.figures.laws import draw_error_against_loss, draw_legs
from scaling.figures.style import DATASET_LABELS, use_style
from scaling.forecast.rulers import relative_error
from scaling.studies.headline import draw_baselines, make_headline
from scaling.studies.recipe import (
    AUTHORS,
    Recipe,
    fit_chain,
    miss_beside_chain,
    predict_beside_chain,
)
from scaling.testbed.runs import (
    load_tasks,
    run_table,
    select_error_fit,
    select_large,
    select_targets,
)

use_style()
TABLES = {dataset: run_table(dataset) for dataset in DATASET_LABELS}
tasks = load_tasks()
in_17 = tasks[tasks["in_17"]]


def compare(task="err_avg17", recipe=AUTHORS):
    """Signed misses of the chain and of three baselines at the two targets of each training set."""
    return pd.concat([miss_beside_chain(table, task, recipe) for table in TABLES.values()])


def compare_at_6_9B(names):
    return pd.concat({name: compare(f"err_{name}").filter(like="6.9B", axis=0) for name in names})


def keep_tasks(run):
    """The ten-point rule, on one run."""
    accuracy = 1 - run[[f"err_{task}" for task in tasks["task"]]].to_numpy(float)
    return tasks["task"][accuracy - tasks["chance"] >= 0.10 - 1e-9]


def compare_own_average(table):
    kept = keep_tasks(table.query("size == '0.154B' and M == 20").iloc[0])
    table = table.assign(err_own=table[[f"err_{task}" for task in kept]].mean(axis=1))
    return miss_beside_chain(table, "err_own").assign(n_tasks=len(kept))


comparison, own = compare(), pd.concat(map(compare_own_average, TABLES.values()))
all_17 = compare_at_6_9B(in_17["task"])
averages = {
    "17 tasks": comparison,
    "17 tasks, sixth run in the loss law": compare(recipe=Recipe("six", select_error_fit, select_error_fit)),
    "tasks that one run keeps": own.drop(columns="n_tasks"),
    "all 46 tasks": compare("err_avg46"),
}
means = pd.DataFrame({name: misses.abs().mean() for name, misses in averages.items()}).T
mean, sixth, mean_own, mean_46 = (means.loc[name] for name in averages)
median_17, mean_17 = all_17.abs().median(), all_17.abs().mean()

# %% jupyter={"source_hidden": true} tags=["remove-input"]
ruler_nearer = int((all_17["ruler in loss"].abs() < all_17["chain"].abs()).sum())
assert f"{mean['chain']:.1%}" == f"{mean['ruler in loss']:.1%}"
assert mean_own.idxmin() == "chain"
assert mean_46.idxmin() == "ruler in compute"
assert median_17["ruler in loss"] < median_17["chain"] < median_17["no change"] < mean_17["chain"]
assert ruler_nearer > 0.7 * len(all_17)
Markdown(
    f"""**Short answer.** Over a ruler through two runs, read at the predicted loss, nothing firm. The law, chained to the
loss law, misses the average error over 17 tasks of six large runs by {mean["chain"]:.1%} on average
({comparison["chain"].abs().max():.1%} at most), the ruler by {mean["ruler in loss"]:.1%}, no change by {mean["no change"]:.0%}.
The order depends on the average: on the {own["n_tasks"].min()} to {own["n_tasks"].max()} tasks that one small run would keep the
law leads, {mean_own["chain"]:.1%} against {mean_own["ruler in loss"]:.1%}; on all {len(tasks)} a ruler in compute does,
{mean_46["ruler in compute"]:.1%} against {mean_46["chain"]:.1%}. On single tasks at 6.9B the ruler is nearer on {ruler_nearer} of
{len(all_17)}; it misses by {median_17["ruler in loss"]:.0%} in the median ({mean_17["ruler in loss"]:.0%} in the mean), the law by
{median_17["chain"]:.0%} ({mean_17["chain"]:.0%}), no change by {median_17["no change"]:.0%} ({mean_17["no change"]:.0%})."""
)

# %% [markdown]
# A loss in nats is not what a model is bought for. People ask how often it is wrong. This chapter
# adds a second law, from loss to the average error over many tasks, and chains it to the first.
# Then it takes the chain apart, each link alone. Everywhere it is held against baselines that do without
# the error law, or without any law.
#
# ## The law
#
# Error falls with loss, from near chance at high loss. Write $L$ for the loss on C4 eval and
# assume that the average top-1 error approaches a ceiling $\epsilon$ exponentially:
#
# $$
# \mathrm{Err}(L) = \epsilon - k\,e^{-\gamma L}
# $$ (eq-error-law)
#
# With the perplexity $e^L$ this is a power law again, $\epsilon - k\,\mathrm{PP}^{-\gamma}$. At
# the irreducible loss it gives the best error that any amount of compute can buy,
# $\epsilon - k\,e^{-\gamma E}$ {cite}`gadre2024`.
#
# ## Which average?
#
# The testbed has 46 tasks. On many of them every small model guesses, and a guess says nothing
# about scaling. The paper keeps a task if any 0.154B model is at least ten points above chance.

# %%
tasks.groupby(["in_17", "type"])["task"].count().unstack(fill_value=0)

# %%
tasks.loc[tasks["in_17"], ["label", "type", "shots", "n_items", "chance"]].sort_values("label")

# %% [markdown]
# Seventeen tasks pass; HellaSwag is in twice, zero-shot and 10-shot. The rule looks at 24 runs (0.154B,
# three training sets, every multiplier), and they are not free:

# %% jupyter={"source_hidden": true} tags=["remove-input"]
eighteen = pd.concat(map(select_error_fit, TABLES.values()))
evidence = run_table().query("size == '0.154B'")
further = evidence[~evidence["run"].isin(eighteen["run"])]
assert (len(eighteen), len(evidence), len(further)) == (18, 24, 21)
Markdown(
    f"""Three of the 24 are among the {len(eighteen)} runs, six per training set, that fit the laws below. The other
{len(further)} cost {further["C"].sum() / eighteen["C"].sum():.0%} of what those {len(eighteen)} cost."""
)

# %% [markdown]
# What if one may look only at the 0.154B run that fits the law? The ten-point rule then keeps fewer
# tasks; their average is predicted too.
#
# ## Six runs
#
# The error law is fitted to measured losses and measured errors: the five runs of the loss law and
# one more, 1.4B at $M = 20$.

# %%
redpajama = TABLES["redpajama"]
six = select_error_fit(redpajama)
six[["run", "C", "loss_c4_eval", "err_avg17"]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(f"The last costs {six['C'].max() / six['C'].nsmallest(5).sum():.0f} times the other five together.")

# %%
chain = fit_chain(redpajama)
chain.error_fit.law

# %%
pd.DataFrame(
    {"ours": vars(chain.error_fit.law), "printed": {"epsilon": 0.857, "k": 2.21, "gamma": 0.715}}
)

# %% [markdown]
# The fit is sound, and six runs less three parameters leave three degrees of freedom:

# %%
chain.error_fit.status, chain.error_fit.dof

# %% [markdown]
# ## What a law has to beat
#
# What would somebody predict who does without the error law? Three answers, all from the same six
# runs; they stand beside every prediction below (`scaling.forecast.rulers`):
#
# - **no change**: the error of the 1.4B run, the dearest of the six;
# - **a ruler in loss**: the straight line through the last two runs, 0.411B and 1.4B at $M = 20$, read
#   at the loss that the loss law predicts;
# - **a ruler in compute**: the straight line in $\log C$ through the same two. No law at all.
#
# Now both laws together: compute gives loss, loss gives error.

# %% mystnb={"image": {"alt": "Two panels for RedPajama. Top: loss over compute with lines of equal tokens per parameter, dashed beyond the five ringed fit runs; the two large runs are missed by 0.71 and 0.73 per cent. Bottom: mean error of 17 tasks over loss; points follow one rising curve through six ringed runs, and the two large runs at its dashed lower end are missed by 3.6 and 0.046 per cent. There a dash-dotted ruler through the last two fit runs nearly coincides with the curve; a dotted level, no change, lies far above."}, "figure": {"caption": "The headline of the book, re-executed: five runs predict the loss of two large runs (top), six predict their average error (bottom). Per cents are predicted minus measured.", "name": "fig-headline"}}
headline_figure = make_headline("redpajama")
glue("headline_figure", headline_figure, display=False);

# %%
targets = select_targets(redpajama)
headline = targets[["run", "err_avg17"]].assign(
    predicted=chain.predict_error(targets["N"], targets["D"])
)
headline.set_index("run").join(comparison)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""For the 6.9B run the chain misses the average error by
{abs(comparison.loc["redpajama-6.9B-M20", "chain"]):.2%}, for the over-trained 1.4B run by
{comparison.loc["redpajama-1.4B-M640", "chain"]:.1%}. The paper prints 0.05% and 3.6%. The ruler in loss misses them by
{abs(comparison.loc["redpajama-6.9B-M20", "ruler in loss"]):.2%} and
{comparison.loc["redpajama-1.4B-M640", "ruler in loss"]:.1%}."""
)

# %% [markdown]
# How well is that average known at all? Each task has $n$ items, so its error $p$ has a standard error
# of $\sqrt{p(1-p)/n}$, and the mean of seventeen has

# %%
p = redpajama.query("size == '6.9B'")[[f"err_{t}" for t in in_17["task"]]].to_numpy().ravel()
variance = p * (1 - p) / in_17["n_items"]
standard_error = np.sqrt(variance.sum()) / len(in_17)
float(standard_error), float(standard_error / p.mean())

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""The counting noise of the average is {standard_error / p.mean():.1%} of it, far more than the
miss of {abs(comparison.loc["redpajama-6.9B-M20", "chain"]):.2%} (its two smallest tasks, of 32 and 100 items, make
{variance.nlargest(2).sum() / variance.sum():.0%} of that variance). A miss that small is luck; the next section shows of what kind."""
)

# %% [markdown]
# ## The two legs apart
#
# The chain's miss is a sum. Let $\hat L$ be the predicted and $L$ the measured loss:
#
# $$
# \underbrace{\mathrm{Err}(\hat L) - \mathrm{Err}}_{\text{chain}} =
# \underbrace{\mathrm{Err}(L) - \mathrm{Err}}_{\text{error law alone}} +
# \underbrace{\mathrm{Err}(\hat L) - \mathrm{Err}(L)}_{\text{the loss law's miss, carried on}}
# $$ (eq-legs)
#
# The first term feeds the error law the true loss; the second is what the loss law adds.


# %%
def take_apart(dataset, task="err_avg17"):
    table = TABLES[dataset]
    chain, runs = fit_chain(table, error_column=task), select_targets(table)
    fed_truth = chain.error_fit.law.predict(runs["loss_c4_eval"])
    predicted = chain.predict_error(runs["N"], runs["D"])
    return runs[["run", task]].assign(
        label=DATASET_LABELS[dataset] + " " + runs["size"],
        loss_miss=relative_error(chain.predict_loss(runs["N"], runs["D"]), runs["loss_c4_eval"]),
        error_law=relative_error(fed_truth, runs[task]),
        loss_law=(predicted - fed_truth) / runs[task],
        chain=relative_error(predicted, runs[task]),
    )


legs = pd.concat([take_apart(dataset) for dataset in DATASET_LABELS], ignore_index=True)
legs.drop(columns=["label", "err_avg17", "chain"]).set_index("run").join(comparison)

# %% mystnb={"image": {"alt": "Six pairs of horizontal bars, one pair per target run. For C4 at 6.9B a bar of plus 5.6 per cent from the error law and a bar of minus 5.8 per cent from the loss law cancel to minus 0.1 per cent. For RefinedWeb at 6.9B plus 5.4 and minus 2.5 add to plus 2.9. For RedPajama at 6.9B minus 1.0 and plus 1.0 per cent cancel as well; the 1.4B targets have bars of equal sign or one bar only. A tick for the ruler in loss stands within 3.3 points of each diamond; a cross for no change stands far right, at plus 15 to 21 per cent."}, "figure": {"caption": "Each prediction of the average error, taken apart: the error law's own miss, then what the loss law's miss adds. The diamond is the sum; beside it the two baselines.", "name": "fig-legs"}}
figure, ax = plt.subplots(figsize=(7, 4.6))
draw_legs(ax, legs)
rows = np.arange(len(legs))[::-1]
for name, marker, colour in (("ruler in loss", "|", "#AA4499"), ("no change", "x", "#777777")):
    ax.scatter(comparison.loc[legs["run"], name], rows, s=90, marker=marker, color=colour, zorder=4, label=name)
ax.legend(loc="upper center", bbox_to_anchor=(0.42, -0.14), ncols=2)
ax.set_title("At 6.9B the links cancel on two sets, by half on the third");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
c4 = legs.set_index("run").loc["c4-6.9B-M20"]
redpajama_6_9B = legs.set_index("run").loc["redpajama-6.9B-M20"]
Markdown(
    f"""On C4 the 6.9B run is predicted within {abs(c4["chain"]):.2%}, the paper's 0.14%. It is a
cancellation. The loss is predicted {abs(c4["loss_miss"]):.1%} too low, which alone would put the
error {abs(c4["loss_law"]):.1%} too low; the error law, fed the true loss, puts it
{c4["error_law"]:.1%} too high. RedPajama's headline of {abs(redpajama_6_9B["chain"]):.2%} is a
cancellation too, of {redpajama_6_9B["error_law"]:+.1%} and {redpajama_6_9B["loss_law"]:+.1%}. Averaged
over the six targets the chain misses by {legs["chain"].abs().mean():.1%} and the error law alone by
{legs["error_law"].abs().mean():.1%}: on these six targets a perfect loss law would have made it worse, mostly
because of the one on C4."""
)

# %% [markdown]
# ## Which average decides the order
#
# The mean size of the six misses: of the average over 17 tasks, of the same with the 1.4B run let into
# the loss law too, of the average over the tasks that the 0.154B run alone would keep, and over all 46;
# then the third of these run by run.

# %%
means

# %%
own

# %% jupyter={"source_hidden": true} tags=["remove-input"]
nearer = [int((m["chain"].abs() < m["ruler in loss"].abs()).sum()) for m in averages.values()]
without = {name: m.drop("c4-6.9B-M20").abs().mean() for name, m in averages.items()}
assert all(without[name]["ruler in loss"] < without[name]["chain"] for name in ("17 tasks", "all 46 tasks"))
assert mean_46["chain"] < mean_46["ruler in loss"] and (sixth > mean)[["chain", "ruler in loss"]].all()
lost = own.filter(like="redpajama", axis=0).abs()
assert all((lost[name] > lost["no change"]).all() for name in ("chain", "ruler in loss", "ruler in compute"))
Markdown(
    f"""On 17 tasks law and ruler in loss are level; on the few that one run keeps the law leads, though on RedPajama
*no change* beats everything ({" and ".join(f"{miss:.1%}" for miss in lost["no change"])}; the law
{" and ".join(f"{miss:.1%}" for miss in lost["chain"])}); on {len(tasks)} the ruler in compute, which knows no law, is nearest. One by one the
law beats the ruler in loss on {nearer[0]}, {nearer[2]} and {nearer[3]} of six; without the C4 run whose links cancel the ruler leads on
17 ({without["17 tasks"]["ruler in loss"]:.1%} against {without["17 tasks"]["chain"]:.1%}) and, barely, on {len(tasks)}
({without["all 46 tasks"]["ruler in loss"]:.1%} against {without["all 46 tasks"]["chain"]:.1%}).

A sixth run in the loss law makes law and ruler worse, {sixth["chain"]:.1%} and {sixth["ruler in loss"]:.1%}: part of the
{mean["chain"]:.1%} is cancellation."""
)

# %% [markdown]
# ## Ranks
#
# Does the chain at least put models in order? Rank correlations over the nine runs of 1.4B and more,
# trained on three different sets, and over the six that no law has seen; `compute` ranks by $C$ alone.

# %%
predicted = pd.concat([predict_beside_chain(t, select=select_large) for t in TABLES.values()])
predicted["compute"] = -run_table().set_index("run")["C"]
unseen = predicted[~predicted.index.isin(eighteen["run"])]
ranks = pd.DataFrame(
    {name: runs.corr("spearman")["measured"] for name, runs in [("nine", predicted), ("six", unseen)]}
).drop("measured")
ranks.T

# %% jupyter={"source_hidden": true} tags=["remove-input"]
nine, six_only = ranks["nine"], ranks["six"]
assert f"{nine['chain']:.2f}" == "0.88"  # printed
assert nine["ruler in loss"] > nine["chain"]
assert six_only["no change"] > six_only["chain"] > six_only["compute"]
Markdown(
    f"""The chain orders the nine with {nine["chain"]:.2f}, as the paper prints, the ruler in loss with
{nine["ruler in loss"]:.2f}. On the six it is {six_only["chain"]:.2f} against {six_only["ruler in loss"]:.2f}; no change, which
knows the training set alone, has {six_only["no change"]:.2f}. Six points are a weak test."""
)

# %% [markdown]
# ## One task
#
# Averages hide what single tasks do. Four of them at 6.9B, as the paper prints them, with the
# baselines beside.

# %%
single = compare_at_6_9B(["arc_easy", "lambada_openai", "openbook_qa", "hellaswag_zeroshot"])
single

# %% [markdown]
# Four tasks are a selection. All seventeen at 6.9B, on the three training sets, and how their fits ended:

# %%
all_17.abs().agg(["count", "mean", "median", "max"])

# %%
status = pd.Series(
    [fit_chain(t, error_column=f"err_{name}").error_fit.status for name in in_17["task"] for t in TABLES.values()],
    index=all_17.index,
)
status.value_counts()

# %% jupyter={"source_hidden": true} tags=["remove-input"]
negative = all_17["chain"][all_17["chain"] < -1]
squad = ((1 + all_17.loc["squad", "chain"]) * run_table().set_index("run")["err_squad"]).dropna()
clipped = all_17["chain"].clip(lower=-1).abs().mean()
assert (squad < 0).all() and (status[negative.index] == "converged").all()
chain_nearer = int((all_17["chain"].abs() < all_17["no change"].abs()).sum())
Markdown(
    f"""Mean and median disagree. {len(negative)} of the {len(all_17)} predictions are negative errors, SQuAD's three
({", ".join(f"{error:.0%}" for error in sorted(squad))}) among them; counted as zero the law's mean miss is {clipped:.0%} instead of
{mean_17["chain"]:.0%}. All {len(negative)} come from fits that converged: no status warns of them. Counted one by one the law is nearer than
no change on {chain_nearer} of {len(all_17)}, the ruler in loss nearer than the law on {ruler_nearer}."""
)

# %% mystnb={"image": {"alt": "Error over loss for HellaSwag zero-shot on RedPajama. The points stay flat near 75 per cent down to a loss of 3.5 and then drop; the fitted exponential through six ringed runs falls too steeply at its dashed low end, 26 per cent below the measured error of the 6.9B run; on the other two training sets it is 80 and 82 per cent below. The ruler through the last two runs lies above it, 22 per cent too high at the 6.9B run, and no change, a level line, 54 per cent."}, "figure": {"caption": "One task instead of seventeen: HellaSwag, zero-shot, models trained on RedPajama, the mildest of the three cases. Per cents are predicted minus measured.", "name": "fig-hellaswag"}}
figure, ax = plt.subplots(figsize=(7, 4.4))
columns = ("loss_c4_eval", "err_hellaswag_zeroshot")
law = fit_chain(redpajama, error_column=columns[1]).error_fit.law
draw_error_against_loss(ax, redpajama, law, six, columns=columns)
ax.set(title="On HellaSwag the exponential falls too fast", ylabel="Err, HellaSwag top-1 error")
draw_baselines(ax, six, columns[1])
at_6_9B = all_17.loc[("hellaswag_zeroshot", "redpajama-6.9B-M20")]
text = f"6.9B\nlaw {at_6_9B['chain']:+.0%}\nruler {at_6_9B['ruler in loss']:+.0%}"
point = tuple(redpajama.set_index("run").loc["redpajama-6.9B-M20", list(columns)])
ax.annotate(text, point, (40, -30), textcoords="offset points", fontsize=8.5, arrowprops={"arrowstyle": "-"});

# %% jupyter={"source_hidden": true} tags=["remove-input"]
by_task = all_17["ruler in loss"].abs().groupby(level=0).mean().sort_values().mul(100)
by_task = by_task.rename(in_17.set_index("task")["label"])
assert (all_17.loc["hellaswag_zeroshot", "chain"] < -0.2).all()
Markdown(
    f"""Of the twelve above (the paper's Table 2, [to the printed digit](scorecard.ipynb))
{(single["chain"].abs() < 0.08).sum()} are within 8%, the worst misses by {single["chain"].abs().max():.0%}. On HellaSwag the exponential, bent by the flat part near chance, bends too far. A single task
is predicted reliably by none of these; the ruler in loss does some well,
{", ".join(f"{label} {miss:.0f}%" for label, miss in by_task.head(4).items())}, others not, {by_task.index[-1]} {by_task.max():.0f}%."""
)

# %% [markdown]
# ## What we learnt

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""
- {len(eighteen)} runs, six per training set, and {len(further)} more to choose the tasks predict the 17-task error of six large
  runs within {comparison["chain"].abs().max():.1%}, {mean["chain"]:.1%} on average; no change misses by {mean["no change"]:.0%}.
- Which method is nearest depends on the average: on 17 tasks law and ruler in loss are level, on the tasks that
  one run keeps the law leads ({mean_own["chain"]:.1%} against {mean_own["ruler in loss"]:.1%}), on {len(tasks)} a ruler in compute
  ({mean_46["ruler in compute"]:.1%} against {mean_46["chain"]:.1%}).
- The smallest misses, {comparison["chain"].abs().min():.2%} and {abs(c4["chain"]):.2%}, are cancellations
  below the counting noise of {standard_error / p.mean():.1%}.
- On single tasks at 6.9B the law misses by {median_17["chain"]:.0%} in the median and {mean_17["chain"]:.0%} in the mean, the ruler
  by {median_17["ruler in loss"]:.0%} and {mean_17["ruler in loss"]:.0%}; {len(negative)} of its {len(all_17)} predictions are negative.
"""
)

# %% [markdown]
# ## Exercises
#
# Work in new cells below this one.
#
# 1. Fit the error law without the 1.4B run (`fit_error_law` of `scaling.laws.fit`, on the five runs of
#    `select_loss_fit` of `scaling.testbed.runs`). Which of the three training sets suffers least, and is that a
#    merit of the law?
# 2. Put the irreducible loss $E$ of each training set into {eq}`eq-error-law`. Which tasks of the seventeen
#    would have to be solved for that error to be reached, and do you believe it?
# 3. Feed the ruler in loss (`predict_on_line`) the measured loss instead of the predicted one. Does it beat
#    the error law fed the same?
#
# [Solutions](solutions.ipynb).

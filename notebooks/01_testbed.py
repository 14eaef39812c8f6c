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
# # What was measured?
#
# *You need: nothing. Reading: 11 minutes. Running: 4 seconds.*

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from scaling.costs.compute import count_flops_per_token, count_parameters
from scaling.costs.steps import warmup_share
from scaling.figures.style import use_style
from scaling.figures.testbed import draw_curves, draw_design, draw_intervals, draw_warmup
from scaling.testbed.runs import load_losses, load_runs, load_tasks, run_table, select_loss_fit

use_style()

# %% jupyter={"source_hidden": true} tags=["remove-input"]
models, questions = load_runs(), load_tasks()
Markdown(
    f"""**Short answer.** The loss on {load_losses()["loss_set"].nunique()} texts and the error on {len(questions)} tasks
of {len(models)} models from {models["N"].min() / 1e9:.3f} to {models["N"].max() / 1e9:.1f} billion parameters, on
{models["dataset"].nunique()} training sets. None was trained twice, so how far another seed would move them is unknown;
{(models["flags"] != "").sum()} runs and {(questions["flags"] != "").sum()} tasks are flagged as odd."""
)

# %% [markdown]
# Every claim about the testbed rests on the same 104 language models, trained and released by
# {cite}`gadre2024`: six sizes, eight amounts of data per parameter, three training sets. Before anything
# is fitted, this chapter looks at what they are, how precisely they were measured, and which of them
# deserve suspicion.

# %% [markdown]
# ## 104 runs
#
# The tables lie in `data/testbed/`, one row per run, with a README that names source and licence.

# %%
runs = load_runs()
runs.groupby(["dataset", "size"], sort=False)["run"].count().unstack(0)

# %% [markdown]
# Four small sizes were trained at every multiplier $M = D/N$ from 5 to 640 tokens per parameter
# (C4 lacks one run), the two large sizes at $M = 20$, and 1.4B once more over-trained.

# %% mystnb={"image": {"alt": "Map of the 35 RedPajama runs, parameters across from 1e7 to 7e9 and training tokens up from 5e7 to 1e12, both logarithmic. Runs of equal tokens per parameter lie on eight parallel lines. Five small runs that fit the loss law are ringed; the 1.4B run at M = 640 and the 6.9B run lie far to the upper right."}, "figure": {"caption": "The runs trained on RedPajama. A line holds the models with equal tokens per parameter.", "name": "fig-design"}}
redpajama = run_table("redpajama")
figure, ax = plt.subplots(figsize=(7, 4.8))
draw_design(ax, redpajama, select_loss_fit(redpajama))
ax.set_title("Six sizes, eight multipliers, and five cheap runs among them");

# %%
C = redpajama["C"].sort_values()
pd.Series(
    {
        "cheapest run": C.iloc[0],
        "dearest run": C.iloc[-1],
        "the five that fit the law": select_loss_fit(redpajama)["C"].sum(),
        "all 104": runs["C"].sum(),
    }
).to_frame("FLOPs")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""From the cheapest run to the dearest, training compute spans a factor of
{C.iloc[-1] / C.iloc[0]:,.0f}. The five ringed runs together are
{select_loss_fit(redpajama)["C"].sum() / C.iloc[-1]:.2%} of the dearest. All 104 cost
{runs["C"].sum():.2e} FLOPs."""
)

# %% [markdown]
# ## What is a parameter?
#
# $N$ counts both vocabulary matrices, although the input embedding is looked up and not multiplied, and
# $C = 6ND$ is the convention of the paper. Neither is innocent when models are small. The last column
# sets $6N$ against a count of the multiplications: three forward passes, causal attention over 2,048
# tokens (each token sees half of them), the output head, no input embedding.

# %%
shapes = runs.drop_duplicates("size").set_index("size")
counts = {
    size: count_parameters(shape["width"], shape["layers"]) for size, shape in shapes.iterrows()
}
pd.DataFrame(
    {
        "width": shapes["width"],
        "layers": shapes["layers"],
        "total": {size: count.total for size, count in counts.items()},
        "body": {size: count.body for size, count in counts.items()},
        "vocabulary share": {size: 1 - c.body / c.total for size, c in counts.items()},
        "6N / counted FLOPs": {
            size: 6 * counts[size].total / count_flops_per_token(shape["width"], shape["layers"])
            for size, shape in shapes.iterrows()
        },
    }
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
small = counts["0.011B"]
Markdown(
    f"""Of the smallest model {1 - small.body / small.total:.0%} is vocabulary. For the two
smallest sizes $6N$ overstates that count by up to
{6 * small.total / count_flops_per_token(96, 8) - 1:.0%}; from 0.154B on the two agree within
1%, because the embedding that $6N$ adds and the attention that it leaves out cancel. The law is fitted in the paper's $N$; other counts carry other names (`N_body`)."""
)

# %% [markdown]
# ## How the loss falls
#
# Two cuts through the grid: along $N$ at $M = 20$, and along $D$ at $N = 0.079$B.

# %% mystnb={"image": {"alt": "Two panels of C4-eval loss for the three training sets. Left: loss over parameters at M = 20 falls from about 5.3 at 1e7 to about 2.4 at 7e9. Right: loss of the 0.079B model over tokens falls from about 5.0 to 3.4 and flattens; the first point, M = 5, lies above the curve, most of all for RedPajama. C4-trained models are lowest or level throughout."}, "figure": {"caption": "Loss on C4 eval. Left: sizes at 20 tokens per parameter. Right: one size, more and more data.", "name": "fig-curves"}}
table = run_table()
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.8), sharey=True)
draw_curves(left, table[table["M"] == 20], "N").set_title("Larger models are better")
draw_curves(right, table[table["size"] == "0.079B"], "D").set_title("More data helps less and less");

# %% [markdown]
# Models trained on C4 are best on C4 eval, as they should be: training text and loss set match.
#
# ## How precisely was it measured?
#
# The release gives two 95% intervals for each loss: one that resamples whole sequences, one that
# resamples tokens. Neighbouring tokens share a text, so the first should be the wider one. It is, but
# for C4 eval: there the token interval is the wider, though it has 174 million tokens to draw from, so
# it cannot have used them all.

# %%
losses = load_losses()
at_6_9B = losses[losses["run"].str.contains("6.9B")]
half = pd.DataFrame(
    {
        "sequences": (at_6_9B["loss_hi"] - at_6_9B["loss_lo"]) / 2 / at_6_9B["loss"],
        "tokens": (at_6_9B["loss_token_hi"] - at_6_9B["loss_token_lo"]) / 2 / at_6_9B["loss"],
    }
)
widths = half.groupby(at_6_9B["loss_set"]).mean().sort_values("sequences")
widths.join(at_6_9B.groupby("loss_set")["n_sequences"].first())

# %% mystnb={"image": {"alt": "For each of eight loss sets two dots on a logarithmic axis: half the 95 per cent interval over the loss, by sequences and by tokens. C4 eval is at about 0.1 per cent by sequences; the other sets lie between 1 and 3 per cent, OpenLM eval and Paloma RedPajama widest. Intervals over tokens are two to six times narrower, except for C4 eval, where they are wider."}, "figure": {"caption": "Half width of the 95% evaluation interval at 6.9B, mean of the three training sets.", "name": "fig-intervals"}}
figure, ax = plt.subplots(figsize=(7, 3.6))
draw_intervals(ax, widths).set_title("By sequences, C4 eval is measured ten times better than the rest");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
c4_eval, widest = widths["sequences"]["c4_eval"], widths["sequences"].idxmax()
Markdown(
    f"""C4 eval is known to ±{c4_eval:.2%}, {widest} only to ±{widths["sequences"].max():.1%}. The
interval says what another sample of text would give; models that are scored on the same sequences
share most of that. And no interval here knows about the other half of the noise: no cell of the grid
was trained twice, so what another seed would give is not in the data."""
)

# %% [markdown]
# ## Which runs deserve suspicion?
#
# Nothing was dropped from the release. Where something is odd, `flags` says so.

# %%
flagged = runs.loc[runs["flags"] != "", ["run", "flags"]]
reasons = flagged.groupby("flags")["run"].agg(", ".join)
Markdown("\n".join(f"- {names}: {reason}." for reason, names in reasons.items()))

# %% [markdown]
# The argument lists named there are what the release says was typed; its table of hyper-parameters
# disagrees with them for five runs, and fits the checkpoints, so the tables follow it. One oddity
# matters for the law. Each size has a fixed number of warm-up steps, and a run at
# $M = 5$ is short.

# %% mystnb={"image": {"alt": "Warm-up steps over all steps against the multiplier, both logarithmic, one line per size. Every line falls as one over M. At M = 5 the 0.079B and 0.411B runs lie just above one, so they end before the warm-up does; 0.154B is near 0.55 and 0.011B near 0.25. From M = 40 on all small sizes are below 0.15."}, "figure": {"caption": "Share of each run that its warm-up takes (RedPajama; the other sets are alike).", "name": "fig-warmup"}}
share = redpajama.assign(warmup_share=warmup_share(redpajama["warmup_steps"], redpajama["steps"]))
figure, ax = plt.subplots(figsize=(7, 4))
draw_warmup(ax, share).set_title("Two of the four M = 5 runs end while still warming up");

# %%
share.loc[share["M"] == 5, ["run", "steps", "warmup_steps", "warmup_share"]]

# %% [markdown]
# The learning rate of those two runs never reached its peak, let alone came down. Their losses lie
# far above the law of [the loss law](03_loss_law.ipynb). That is a correlation, and a plausible cause; the testbed
# alone cannot prove it.
#
# ## 46 tasks
#
# Each run also answers 46 tasks; the error is one minus top-1 accuracy. The tasks differ in what a
# guess is worth and in how many items there are to count.

# %%
tasks = load_tasks()
tasks.groupby("category")[["n_items", "chance"]].agg(["count", "min", "max"])

# %%
smallest, largest = tasks.loc[tasks["n_items"].idxmin()], tasks.loc[tasks["n_items"].idxmax()]
one_item = np.sqrt(0.25 / tasks["n_items"])
pd.Series(one_item.to_numpy(), tasks["label"]).describe()[["min", "50%", "max"]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""From {smallest["n_items"]:,} items ({smallest["label"]}) to {largest["n_items"]:,}
({largest["label"]}). With $n$ items an error near one half has a standard error of
$\\sqrt{{0.25/n}}$: {one_item.max():.1%} for the smallest task, {one_item.median():.1%} for the
median one; an error near 0.9 has 0.6 of that. A prediction that comes closer is lucky."""
)

# %%
odd = tasks.loc[tasks["flags"] != "", ["label", "flags"]].itertuples(index=False)
Markdown("\n".join(f"- {label}: {reason}." for label, reason in odd))

# %% [markdown]
# The item counts were checked against the accuracies, which must be whole multiples of $1/n$. For
# five tasks the stated count cannot be right, or the accuracy is a mean over sub-tasks.
#
# ## What we learnt

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""
- {len(runs)} runs, {runs["size"].nunique()} sizes, {runs["dataset"].nunique()} training sets,
  {runs["C"].sum():.2e} FLOPs; the five that fit the law are
  {select_loss_fit(redpajama)["C"].sum() / runs["C"].sum():.2%} of that.
- C4 eval is known to ±{c4_eval:.1%}; other loss sets to ±{widths["sequences"].median():.1%} (median)
  and worse. No run was repeated, so the scatter between seeds is unknown.
- {(runs["flags"] != "").sum()} runs and {(tasks["flags"] != "").sum()} tasks carry a flag. Two
  M = 5 runs of each training set end inside their warm-up.
"""
)

# %% [markdown]
# ## Exercises
#
# 1. The 1.4B model has width $d = 2048$ and 24 layers. A layer holds $4d^2$ attention weights, three
#    feed-forward matrices of $d \times f$ with $f$ the next multiple of 256 from $8d/3$, and $2d$
#    gains; beside the layers there are two vocabulary matrices of $50432\,d$ and $d$ gains. Find $f$
#    and $N$ by hand, then ask `count_parameters`.
# 2. Which loss set has the largest ratio between its sequence interval and its token interval?
#    What does that say about how its text is cut?
# 3. Draw the warm-up figure for C4. Which run is missing?
#
# [Solutions](solutions.ipynb).

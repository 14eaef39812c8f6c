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
# *You need: nothing. Reading: 6 minutes. Running: 4 seconds.*

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
runs, tasks, losses = load_runs(), load_tasks(), load_losses()
redpajama = run_table("redpajama")
five = select_loss_fit(redpajama)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
C = redpajama["C"].sort_values()
at_6_9B = losses[losses["run"].str.contains("6.9B")]
half = pd.DataFrame(
    {
        "sequences": (at_6_9B["loss_hi"] - at_6_9B["loss_lo"]) / 2 / at_6_9B["loss"],
        "tokens": (at_6_9B["loss_token_hi"] - at_6_9B["loss_token_lo"]) / 2 / at_6_9B["loss"],
    }
)
widths = half.groupby(at_6_9B["loss_set"]).mean().sort_values("sequences")
c4_eval, other_sets = widths["sequences"]["c4_eval"], widths["sequences"].drop("c4_eval")
Markdown(
    f""":::{{admonition}} In short
:class: tip
**{len(runs)} language models from {runs["N"].min() / 1e9:.3f}B to {runs["N"].max() / 1e9:.1f}B parameters: their loss on {losses["loss_set"].nunique()} texts and their error on {len(tasks)} tasks.**
The five small runs of a training set that later chapters fit cost {five["C"].sum() / C.iloc[-1]:.1%} of the largest run.

- The loss on C4 eval is known to ±{c4_eval:.1%}, on the other texts to ±{other_sets.min():.0%} to ±{other_sets.max():.0%}.
- No run was trained twice, so the effect of another seed is unknown.
- {(runs["flags"] != "").sum()} runs and {(tasks["flags"] != "").sum()} tasks are flagged as odd.
:::"""
)

# %% mystnb={"image": {"alt": "Map of the 35 RedPajama runs, parameters across from 1e7 to 7e9 and training tokens up from 5e7 to 1e12, both logarithmic. Runs of equal tokens per parameter lie on eight parallel lines. Five small runs that fit the loss law are ringed; the 1.4B run at M = 640 and the 6.9B run lie far to the upper right."}, "figure": {"caption": "The runs trained on RedPajama. A line holds the models with equal tokens per parameter. Five small runs will predict the two at the upper right.", "name": "fig-design"}} jupyter={"source_hidden": true} tags=["hide-input"]
figure, ax = plt.subplots(figsize=(7, 4.8))
draw_design(ax, redpajama, five)
ax.set_title("Six sizes, eight multipliers, and five small runs that fit the law");

# %% [markdown]
# Every claim about the testbed rests on the same 104 models, trained and released by {cite}`gadre2024`. Before anything
# is fitted, this chapter looks at what they are, how precisely they were measured, and which of them
# deserve suspicion.
#
# ## 104 runs
#
# The tables are in `data/testbed/`, one row per run, with a README that names source and licence.

# %%
runs.groupby(["dataset", "size"], sort=False)["run"].count().unstack(0)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
total = f"{runs['C'].sum():.1e}".replace("e+", "e")
Markdown(
    f"""Four small sizes were trained at every multiplier $M = D/N$ from 5 to 640 tokens per parameter; C4 lacks one run. The two
large sizes were trained at $M = 20$, and 1.4B once more on far more tokens. From the smallest run to the largest, compute grows by a factor of
{C.iloc[-1] / C.iloc[0] / 1e6:.1f} million. All {len(runs)} cost {total} FLOPs."""
)

# %% [markdown]
# ## What is a parameter?
#
# $N$ counts both vocabulary matrices, although the input embedding is looked up and not multiplied. $C = 6ND$ is the convention of the
# paper. Both matter when models are small. The last column divides $6N$ by a count of the multiplications per token: forward and
# backward pass, causal attention over 2,048 tokens, the output head, no input embedding.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
shapes = runs.drop_duplicates("size").set_index("size")
counts = {
    size: count_parameters(shape["width"], shape["layers"]) for size, shape in shapes.iterrows()
}
pd.DataFrame(
    {
        "width": shapes["width"],
        "layers": shapes["layers"],
        "N, millions": {size: count.total / 1e6 for size, count in counts.items()},
        "without vocabulary": {size: count.body / 1e6 for size, count in counts.items()},
        "vocabulary, %": {size: 100 * (1 - c.body / c.total) for size, c in counts.items()},
        "6N over count": {
            size: 6 * counts[size].total / count_flops_per_token(shape["width"], shape["layers"])
            for size, shape in shapes.iterrows()
        },
    }
).infer_objects()

# %% jupyter={"source_hidden": true} tags=["remove-input"]
small = counts["0.011B"]
Markdown(
    f"""The smallest model is {1 - small.body / small.total:.0%} vocabulary. For the two smallest sizes $6N$ is too large by up to
{6 * small.total / count_flops_per_token(96, 8) - 1:.0%}. From 0.154B on the two agree within 1%, because the embedding that $6N$ adds and the attention that it leaves
out cancel. The law is fitted in the paper's $N$; other counts have other names (`N_body`)."""
)

# %% [markdown]
# ## How the loss falls
#
# Two cuts through the grid: along $N$ at $M = 20$, and along $D$ at $N = 0.079$B.

# %% mystnb={"image": {"alt": "Two panels of C4-eval loss for the three training sets. Left: loss over parameters at M = 20 falls from about 5.3 at 1e7 to about 2.4 at 7e9. Right: loss of the 0.079B model over tokens falls from about 5.0 to 3.4 and flattens; the first point, M = 5, lies above the curve, most of all for RedPajama. C4-trained models are lowest or level throughout."}, "figure": {"caption": "Loss on C4 eval. Left: sizes at 20 tokens per parameter. Right: one size, more and more data.", "name": "fig-curves"}} jupyter={"source_hidden": true} tags=["hide-input"]
table = run_table()
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.8), sharey=True)
draw_curves(left, table[table["M"] == 20], "N").set_title("Larger models are better")
draw_curves(right, table[table["size"] == "0.079B"], "D").set_title("More data helps less and less");

# %% [markdown]
# Models trained on C4 are best on C4 eval, as they should be: training text and loss set match.
#
# ## How precisely was it measured?
#
# The release gives two 95% intervals for each loss. One resamples whole sequences, the other tokens. Neighbouring tokens share
# a text, so the first should be the wider one.

# %% mystnb={"image": {"alt": "For each of eight loss sets two dots on a logarithmic axis: half the 95 per cent interval over the loss, by sequences and by tokens. C4 eval is at about 0.1 per cent by sequences; the other sets lie between 1 and 3 per cent, OpenLM eval and Paloma RedPajama widest. Intervals over tokens are two to six times narrower, except for C4 eval, where they are wider."}, "figure": {"caption": "Half width of the 95% interval of a loss at 6.9B, mean of the three training sets.", "name": "fig-intervals"}} jupyter={"source_hidden": true} tags=["hide-input"]
figure, ax = plt.subplots(figsize=(7, 3.6))
draw_intervals(ax, widths).set_title("By sequences, C4 eval is measured ten times better than the rest");

# %% jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Table: half widths and numbers of sequences", "code_prompt_hide": "Hide"} tags=["hide-cell"]
(100 * widths).round(2).add_suffix(", %").assign(n_sequences=at_6_9B.groupby("loss_set")["n_sequences"].first()).rename(
    columns={"n_sequences": "number of sequences"}
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
assert (widths["tokens"] < widths["sequences"]).sum() == len(widths) - 1 and widths["tokens"]["c4_eval"] > c4_eval
Markdown(
    f"""**C4 eval is known to ±{c4_eval:.2%}, {widths["sequences"].idxmax()} only to ±{widths["sequences"].max():.1%}.** The interval says what another sample of text would give;
models that are scored on the same sequences share most of that. It does not say what another seed would give: no cell of the grid was trained twice.

:::{{dropdown}} One interval is too wide
For C4 eval the interval over tokens is the wider one. It has 174 million tokens to draw from, so it cannot have used them all.
:::"""
)

# %% [markdown]
# ## Which runs deserve suspicion?
#
# Nothing was dropped from the release. Where something is odd, the column `flags` says so. One oddity matters for the law: each size
# has a fixed number of warm-up steps, and a run at $M = 5$ is short.

# %% mystnb={"image": {"alt": "Warm-up steps over all steps against the multiplier, both logarithmic, one line per size. Every line falls as one over M. At M = 5 the 0.079B and 0.411B runs lie just above one, so they end before the warm-up does; 0.154B is near 0.55 and 0.011B near 0.25. From M = 40 on all small sizes are below 0.15."}, "figure": {"caption": "Share of each run that its warm-up takes (RedPajama; the other sets are alike).", "name": "fig-warmup"}} jupyter={"source_hidden": true} tags=["hide-input"]
share = redpajama.assign(warmup_share=warmup_share(redpajama["warmup_steps"], redpajama["steps"]))
figure, ax = plt.subplots(figsize=(7, 4))
draw_warmup(ax, share).set_title("Two of the four M = 5 runs end while still warming up");

# %% jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Table: warm-up at M = 5", "code_prompt_hide": "Hide"} tags=["hide-cell"]
short = share.loc[share["M"] == 5].set_index("run")[["steps", "warmup_steps", "warmup_share"]]
short.rename(columns={"warmup_steps": "warm-up steps", "warmup_share": "warm-up over steps"})

# %% jupyter={"source_hidden": true} tags=["remove-input"]
reasons = runs[runs["flags"] != ""].groupby("flags")["run"].agg(", ".join)
listed = "\n".join(f"- {names}: {reason}." for reason, names in reasons.items())
assert (short["warmup_share"] > 1).sum() == 2
Markdown(
    f"""The learning rate of those two runs never reached its peak, let alone came down. Their losses are far above
[the loss law](03_loss_law.ipynb). That is a correlation with a plausible cause; the testbed alone cannot prove it.

:::{{dropdown}} The {(runs["flags"] != "").sum()} flagged runs
{listed}

The arguments named there (`open_lm_args`) are what the release says was typed. Its table of hyper-parameters disagrees with them for five runs
and fits the checkpoints, so our tables follow it.
:::"""
)

# %% [markdown]
# ## 46 tasks
#
# Each model also does 46 tasks; the error is one minus top-1 accuracy. The tasks differ in how often a guess is right and in
# how many items they have.

# %%
by_category = tasks.assign(chance=100 * tasks["chance"]).groupby("category")
by_category.agg(
    **{
        "tasks": ("task", "count"),
        "fewest items": ("n_items", "min"),
        "most items": ("n_items", "max"),
        "lowest chance, %": ("chance", "min"),
        "highest chance, %": ("chance", "max"),
    }
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
smallest, largest = tasks.loc[tasks["n_items"].idxmin()], tasks.loc[tasks["n_items"].idxmax()]
one_item = np.sqrt(0.25 / tasks["n_items"])
odd = tasks.loc[tasks["flags"] != "", ["label", "flags"]].itertuples(index=False)
odd_tasks = "\n".join(f"- {label}: {reason}." for label, reason in odd)
Markdown(
    f"""{smallest["label"]} has {smallest["n_items"]:,} items, {largest["label"]} {largest["n_items"]:,}. With $n$ items an error near one half has a standard error of
$\\sqrt{{0.25/n}}$: {one_item.max():.1%} for the smallest task, {one_item.median():.1%} for the median one. **A prediction that comes closer is lucky.**

:::{{dropdown}} The {(tasks["flags"] != "").sum()} flagged tasks
{odd_tasks}

Accuracies must be whole multiples of $1/n$. For these tasks the stated count cannot be right, or the accuracy is a mean over sub-tasks.
:::"""
)

# %% [markdown]
# ## What we learnt

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""
- The testbed has {len(runs)} runs, {runs["size"].nunique()} sizes and {runs["dataset"].nunique()} training sets; the five runs that fit the law on one set are {five["C"].sum() / runs["C"].sum():.2%} of its compute.
- C4 eval is known to ±{c4_eval:.1%}, the median of the eight loss sets to ±{widths["sequences"].median():.0%}.
- No run was repeated, so the scatter between seeds is unknown.
- Two $M = 5$ runs of each training set end inside their warm-up.
- A task of few items has an error that is known to a few points only.

These runs cannot be repeated by a reader; [can I train such a grid myself?](02_grid_training.ipynb)
"""
)

# %% [markdown]
# ## Exercises
#
# Write down what you expect before you compute.

# %% tags=["given"]
import pandas as pd

from scaling.costs.compute import count_parameters
from scaling.testbed.runs import load_losses, run_table

intervals = load_losses()  # loss_lo, loss_hi over sequences; loss_token_lo, loss_token_hi over tokens
grids = {dataset: run_table(dataset) for dataset in ("c4", "redpajama")}

# %% [markdown] tags=["exercise"]
# ### Exercise 1: parameters of the 1.4B model
#
# It has width $d = 2048$ and 24 layers. A layer holds $4d^2$ attention weights, three matrices of $d \times f$ with $f$ the next multiple of 256 from $8d/3$, and
# $2d$ gains. Beside the layers there are two vocabulary matrices of $50432\,d$ and $d$ gains. Find $f$ and $N$ by hand, then call `count_parameters(width, layers)`.

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution", "hide-cell"]
d, n_layers = 2048, 24
f = 256 * -(-(8 * d // 3) // 256)
by_hand = n_layers * (4 * d**2 + 3 * d * f + 2 * d) + 2 * 50432 * d + d
assert f == 5632 and by_hand == count_parameters(d, n_layers).total
f, by_hand, count_parameters(d, n_layers)

# %% [markdown] tags=["solution"]
# :::{dropdown} What comes out
# $f = 5632$, since $8d/3$ is between 21 and 22 times 256. The count by hand is that of `count_parameters`, to the parameter.
# :::

# %% [markdown] tags=["exercise"]
# ### Exercise 2: sequences against tokens
#
# For each loss set, take the ratio between the width of the sequence interval and that of the token interval; the median over models is enough.
# *Before you compute: which text has the largest ratio, and what does a large ratio say about how it is cut?*

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution", "hide-cell"]
over_sequences = intervals["loss_hi"] - intervals["loss_lo"]
over_tokens = intervals["loss_token_hi"] - intervals["loss_token_lo"]
ratio = (over_sequences / over_tokens).groupby(intervals["loss_set"]).median().sort_values()
assert ratio.idxmax() == "paloma_redpajama" and 6 < ratio.max() < 7.5
assert ratio.idxmin() == "c4_eval" and (ratio < 1).sum() == 1
ratio

# %% [markdown] tags=["solution"]
# :::{dropdown} What comes out
# The largest is that of `paloma_redpajama`, near seven: few long documents, so that the tokens of a sequence rise and fall together. C4 eval alone is below one. Its token interval
# cannot rest on all of its tokens; the release does not say how many were drawn.
# :::

# %% [markdown] tags=["exercise"]
# ### Exercise 3: the missing run
#
# Which cells of size and $M$ does RedPajama have and C4 not (`grids`, columns `size` and `M`)? *Before you compute: how many of them are gaps?*

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution", "hide-cell"]
cells = {dataset: set(grid[["size", "M"]].itertuples(index=False, name=None)) for dataset, grid in grids.items()}
assert cells["redpajama"] - cells["c4"] == {("0.411B", 640), ("1.4B", 640)}
assert cells["c4"] - cells["redpajama"] == {("1.4B", 80)}
pd.Series({"c4 alone": cells["c4"] - cells["redpajama"], "redpajama alone": cells["redpajama"] - cells["c4"]})

# %% [markdown] tags=["solution"]
# :::{dropdown} What comes out
# Two cells, and one gap: 0.411B at $M = 640$. The other is no gap, because the over-trained 1.4B model of C4 has $M = 80$ instead.
# :::

# %% [markdown] tags=["exercise"]
# ### Exercise 4: what would you repeat?
#
# You may train three of the 104 runs again, each with another seed. Which three, what would you learn from them, and what would stay unknown?

# %% [markdown] tags=["solution"]
# :::{dropdown} What a good answer contains
# - Runs that are cheap and matter to a fit, such as some of the five ringed ones: the scatter between seeds enters every prediction there.
# - What is learnt: three differences give a rough size of that scatter, to be compared with the sampling error and with the residuals of the law.
# - What stays unknown: whether the scatter is the same at 6.9B, on other texts, and for single tasks.
# :::

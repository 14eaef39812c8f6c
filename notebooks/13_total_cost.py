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
# # Train longer or serve larger?
#
# *You need: [the loss law](03_loss_law.ipynb); intervals, from [chapter 11](11_intervals.ipynb). Reading: 10 minutes. Running: 10 seconds.*

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

import scaling
from scaling.costs.total import Model, least_total, over_training_cost, tokens_needed
from scaling.figures.costs import (
    draw_cost_map,
    draw_over_training,
    draw_paths,
    draw_split,
    draw_totals,
)
from scaling.figures.style import DATASET_LABELS, look_of, use_style
from scaling.laws.draws import draw_laws
from scaling.laws.repeated import R_D, effective_tokens
from scaling.studies.decide.published_costs import (
    SARDANA_PRICES,
    compare_money,
    huber_of_decay,
    load_refit_runs,
    refit_decay,
)
from scaling.studies.decide.savings import read_ends, size_at, spread_over_laws
from scaling.studies.scorecard import as_table, make_scorecard
from scaling.testbed.runs import run_table, select_loss_fit, select_targets

use_style()
five = {name: select_loss_fit(run_table(name)) for name in DATASET_LABELS}  # the paper's, of each training set
large = {name: select_targets(run_table(name)) for name in DATASET_LABELS}  # its two large runs
runs = five["c4"]
OPTIONS = {"loss_set": "c4_eval"}
WANTED, DAYS = 2.4, 365  # nats per token
DEMANDS = {"0.1B": 1e8, "2.5B": 2.5e9, "25B": 25e9}  # tokens a day, one in five of them written


# %% jupyter={"source_hidden": true} tags=["hide-input"]
def ask(a_day=2.5e9, table=runs, **other):
    """The answer for the wanted loss at a demand."""
    demand = {"tokens_in": 0.8 * a_day, "tokens_out": 0.2 * a_day, "days": DAYS}
    return scaling.cost(table, **({"loss": WANTED} | demand | OPTIONS | other))


def billions(value):
    """Parameters or tokens, to three digits."""
    return f"{value / 1e9:,.3g}B" if value < 1e12 else f"{value / 1e12:.3g}T"


def power(value):
    """FLOPs, to three digits."""
    return f"{value:.2e}".replace("e+", "e")


answers = {name: ask(a_day) for name, a_day in DEMANDS.items()}
tables = {name: each.to_frame().set_index("choice") for name, each in answers.items()}
middle, law = tables["2.5B"], answers["2.5B"].case.supply.law
best, usual, cheapest = (middle.loc[name] for name in ("least total FLOPs", "M = 20", "least money"))


def find_saved(answer):
    """Shares of FLOPs and of money that the cheapest model saves against M = 20."""
    table = answer.to_frame().set_index("choice")
    least_flops, least_money, at_20 = (table.loc[each] for each in ("least total FLOPs", "least money", "M = 20"))
    return 1 - least_flops["flops"] / at_20["flops"], 1 - least_money["money"] / at_20["money"]


spread = spread_over_laws(answers["2.5B"])  # the laws that fit the five runs
ends_N, ends_D, ends_saved, ends_fixed = (
    read_ends(each) for each in (*spread.cheapest, spread.saved, spread.saved_if_fixed)
)
loses = (spread.saved_if_fixed < 0).mean()

asked = {law: {name: ask(table=table, law=law) for name, table in five.items()} for law in ("prior", "tied")}
from_five = np.array([find_saved(each) for by_set in asked.values() for each in by_set.values()])
spreads = [spread_over_laws(each) for by_set in asked.values() for each in by_set.values()]
in_money = [spread_over_laws(each, in_money=True) for each in asked["prior"].values()]
ends_saved_money, ends_fixed_money = (read_ends(each) for each in (in_money[0].saved, in_money[0].saved_if_fixed))
loses_elsewhere = max((each.saved_if_fixed < 0).mean() for each in spreads)
saved, saved_money = find_saved(answers["2.5B"])

# %% jupyter={"source_hidden": true} tags=["remove-cell"]
# As README and the figures' words have them.
assert np.allclose([saved, saved_money, best["M"]], [0.18, 0.33, 87], atol=[0.005, 0.005, 0.5])
assert np.allclose(ends_saved, [0.08, 0.36], atol=0.01)
assert np.allclose([from_five.min(axis=0), from_five.max(axis=0)], [[0.11, 0.26], [0.22, 0.37]], atol=0.01)
assert np.allclose([loses, loses_elsewhere], [1 / 8, 0.3], atol=0.01)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
low, low_money, low_usual = (tables["0.1B"].loc[name] for name in ("least total FLOPs", "least money", "M = 20"))
more_at_20 = max(low_usual["flops"] / low["flops"], low_usual["money"] / low_money["money"]) - 1
assert ends_fixed[0] < 0 < ends_fixed[1] and ends_fixed_money[0] < 0 < ends_fixed_money[1]
Markdown(
    f""":::{{admonition}} In short
:class: tip
**Train longer: a model that serves 2.5B tokens a day for a year then takes {saved:.0%} fewer FLOPs in all.**
The baseline is the usual 20 tokens per parameter at the same loss. Nine in ten of the laws that fit the five runs put the saving between {ends_saved[0]:.0%} and {ends_saved[1]:.0%}.

- The cheapest model has {best["M"]:.0f} tokens per parameter; in money {cheapest["M"]:.0f}, which saves {saved_money:.0%}.
- A size fixed beforehand can lose: by one in {1 / loses:.0f} of these laws the usual size takes fewer FLOPs. So train until the loss is reached.
- For a twenty-fifth of that demand 20 are enough, within {more_at_20:.0%}.
:::"""
)

# %% jupyter={"source_hidden": true} tags=["hide-input"]
N = np.geomspace(0.9e9, 1.2e10, 400)
line = Model(N, tokens_needed(law, N, WANTED))
totals = pd.DataFrame(
    {f"{name} tokens a day": line.total_flops(a_day * DAYS) for name, a_day in DEMANDS.items()}
)
middle_totals = totals["2.5B tokens a day"].to_numpy()
above, below = np.interp([4 / 3 * best["N"], 2 / 3 * best["N"]], N, middle_totals / middle_totals.min() - 1)
assert np.allclose([above, below], [0.07, 0.27], atol=0.005)  # in the caption
in_alt = [table.loc["least total FLOPs", "N"] / 1e9 for table in tables.values()]
assert np.allclose(in_alt, [6.9, 2.8, 1.7], atol=0.06)

# %% mystnb={"image": {"alt": "Three bowl-shaped curves of total FLOPs, relative to the least of each, over the number of parameters from 0.9 to 12 billion. The minimum lies at 6.9 billion parameters for 0.1 billion tokens a day, at 2.8 for 2.5 and 1.7 for 25. Each bowl is flat near its minimum and steep far from it."}, "figure": {"caption": "Total FLOPs at a loss of 2.4, by the C4 law from five runs. The mark is the cheapest. At 2.5B a day a model a third larger costs 7 per cent more, one a third smaller 27.", "name": "fig-total-cost"}} jupyter={"source_hidden": true} tags=["hide-input"]
figure, ax = plt.subplots(figsize=(6.4, 4.2))
draw_totals(ax, N, totals / totals.min())
ax.set_ylim(0.97, 6)
ax.legend()
ax.set_title("The more a model serves, the smaller the cheapest one");

# %% [markdown]
# ## One decision
#
# A product serves 2.5B tokens a day for a year: 2B read, 0.5B written. It needs a loss of 2.4 on C4 eval, about that of the testbed's
# 6.9B model. Five runs of at most 0.41B parameters are done. Which model should be trained?

# %%
demand = {"tokens_in": "2B", "tokens_out": "500M", "days": 365}
answer = scaling.cost(runs, loss=2.4, **demand, loss_set="c4_eval")
sizes_and_bills = answer.to_frame().set_index("choice")

# %% jupyter={"source_hidden": true} tags=["hide-input"]
pd.DataFrame(
    {
        "N": sizes_and_bills["N"].map(billions),
        "D": sizes_and_bills["D"].map(billions),
        "tokens per parameter": sizes_and_bills["M"].map("{:.3g}".format),
        "total FLOPs": sizes_and_bills["flops"].map(power),
        "of which serving, %": (100 * sizes_and_bills["flops_serving"] / sizes_and_bills["flops"]).map("{:.0f}".format),
        "bill, thousand $": sizes_and_bills["money"].div(1e3).map("{:.3g}".format),
    }
).rename_axis(None)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
optimum, long = middle.loc["compute-optimal"], middle.loc["M = 640"]
served = DEMANDS["2.5B"] * DAYS
tenth = float(least_total(law, WANTED - 0.1, served).total_flops(served)) / best["flops"]
M_runs = runs["D"] / runs["N"]
assert optimum["M"] < M_runs.min()
Markdown(
    f"""These five reach the same loss. In a terminal it is `scaling cost runs.csv --loss 2.4 --tokens-in 2B --tokens-out 500M`, in the browser
[the planner](../book/planner.md).

- **Serving decides**: at 20 tokens per parameter it takes {usual["flops_serving"] / usual["flops"]:.0%} of all FLOPs.
- **The compute-optimal model is the most expensive**, {optimum["flops"] / best["flops"]:.1f} times the least total. It is also the least certain: its {optimum["M"]:.1f} tokens per
  parameter lie below all runs, which had {M_runs.min():.0f} and more.
- **640 tokens per parameter, the paper's longest, cost {long["flops"] / best["flops"] - 1:.0%} more FLOPs than the least**, and {long["money"] / cheapest["money"] - 1:.0%} more money.
- **A loss lower by a tenth of a nat** would take {tenth:.1f} times the least total."""
)

# %% [markdown]
# ## Why a smaller model is cheaper
#
# Training costs $6ND$ FLOPs, serving $T$ tokens $2NT$. Among the models of one loss, $L(N, D) = \ell$, the total is least where
#
# $$
# \frac{\alpha A N^{-\alpha}}{\beta B D^{-\beta}} = 1 + \frac{T}{3D}.
# $$ (eq-least-total)
#
# The left side compares a relative step in $N$ with one in $D$ by their effect on the loss. With nothing to serve the two are equal:
# compute-optimal. Each served token makes parameters more expensive and leaves training tokens as they are, so the balance moves to
# fewer parameters. The smallest model that can reach the loss at all has $(A/(\ell - E))^{1/\alpha}$.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
grid = np.geomspace(1.5e8, 3e10, 160), np.geomspace(5e9, 3e12, 160)
mesh = Model(*np.meshgrid(*grid))
loss_on_grid = law.predict(mesh.N.ravel(), mesh.D.ravel()).reshape(mesh.N.shape)
losses = np.linspace(2.2, 3.1, 40)
paths = {
    "cheapest, nothing served": least_total(law, losses),
    "2.5B tokens a day": least_total(law, losses, DEMANDS["2.5B"] * DAYS),
    "25B tokens a day": least_total(law, losses, DEMANDS["25B"] * DAYS),
}

# %% mystnb={"image": {"alt": "A map with parameters from 0.15 to 30 billion across and training tokens from 5 billion to 3 trillion up. Solid curves of equal loss fall to the right; dashed curves of equal total FLOPs run down, and turn vertical where tokens are few. Three thick lines rise to the right: compute-optimal models below the ray of 20 tokens per parameter, those cheapest for 2.5 billion tokens a day above it and nearer to it the larger they are, those for 25 billion across the ray of 640 near 2 billion parameters."}, "figure": {"caption": "Lines of equal loss, and of equal total FLOPs for 2.5B tokens a day, by the C4 law. Where a dashed line touches a solid one lies the cheapest model of that loss; thick lines join these points.", "name": "fig-cost-map"}} jupyter={"source_hidden": true} tags=["hide-input"]
figure, ax = plt.subplots(figsize=(6.6, 5.4))
total_on_grid = mesh.total_flops(DEMANDS["2.5B"] * DAYS)
levels = [2.2, 2.3, 2.4, 2.5, 2.6, 2.8, 3.0], [1e21, 3e21, 1e22, 3e22, 1e23]
draw_cost_map(ax, grid, loss_on_grid, total_on_grid, levels)
draw_paths(ax, paths, [20, 640])
ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.12), ncols=3)
ax.set_title("Demand pulls the cheapest model up and to the left");

# %% [markdown]
# ## Three demands
#
# The cheapest model at a loss of 2.4, by FLOPs and by money, and what it saves against 20 tokens per parameter:

# %% jupyter={"source_hidden": true} tags=["hide-input"]
rows = {}
for name, table in tables.items():
    flops, money, at_20 = (table.loc[each] for each in ("least total FLOPs", "least money", "M = 20"))
    rows[f"{name} a day"] = {
        ("least total FLOPs", "N"): billions(flops["N"]),
        ("least total FLOPs", "M"): f"{flops['M']:,.0f}",
        ("least total FLOPs", "saved, %"): f"{100 - 100 * flops['flops'] / at_20['flops']:.0f}",
        ("least money", "N"): billions(money["N"]),
        ("least money", "M"): f"{money['M']:,.0f}",
        ("least money", "saved, %"): f"{100 - 100 * money['money'] / at_20['money']:.0f}",
    }
pd.DataFrame(rows).T

# %% jupyter={"source_hidden": true} tags=["remove-input"]
larger = scaling.cost(runs, N=6.9e9, M=20, **OPTIONS)
break_even = larger.found.break_even
few, many = tables["0.1B"].loc["least money"], tables["25B"].loc["least money"]
assert few["M"] < 20 < 640 < many["M"]
Markdown(
    f"""The reverse question has an answer too: a 6.9B model at 20 tokens per parameter is the cheapest of its loss if it serves
{billions(break_even)} tokens in its life, {break_even / 365 / 1e9:.1f}B a day for a year (`scaling cost runs.csv --N 6.9B --M 20`). Beyond that a smaller model, trained longer,
is cheaper."""
)

# %% [markdown]
# ## In money
#
# FLOPs do not all cost the same. Training keeps an accelerator busy; writing one token at a time leaves it waiting for its
# memory. The bill is
#
# $$
# p_{\text{train}}\,\frac{6ND}{P\,u_{\text{train}}} + p_{\text{serve}}\,\frac{2N}{P}\left(\frac{T_{\text{in}}}{u_{\text{in}}} + \frac{T_{\text{out}}}{u_{\text{out}}}\right),
# $$ (eq-bill)
#
# with prices $p$ per accelerator-second, the peak $P$ in FLOP/s and the utilisation $u$, the share of the peak that is
# reached (MFU). All of them are **inputs**; below they are the shipped ones, which the fold lists with source and date. **Not in the
# bill:** staff, failed or restarted runs, idle hardware, data.

# %% tags=["hide-cell"]
prices = answer.case.prices
pd.DataFrame(
    {
        "value": {name: getattr(prices, name) for name in prices.origins},
        "source and date": {name: str(origin) for name, origin in prices.origins.items()},
    }
).drop(index="currency")

# %% jupyter={"source_hidden": true} tags=["hide-input"]
columns = {"money_training": "training", "money_in": "tokens in", "money_out": "tokens out"}
bills = middle.rename(columns=columns)
assert np.allclose(bills["money"] / 1e3, [79, 29, 27, 41, 32], atol=0.6)  # in the alt text
most_of_bill = bills[list(columns.values())].idxmax(axis=1)
assert [name for name in bills.index if most_of_bill[name] != "tokens out"] == ["M = 640"]
more = bills[list(columns.values())].sub(bills.loc["least money", list(columns.values())]).assign(serving=lambda t: t["tokens in"] + t["tokens out"])
is_larger = bills["N"] > bills.loc["least money", "N"]  # the title: what a larger model pays more for, and the one smaller
assert (more.loc[is_larger, "serving"] > 0).all() and (more.loc[is_larger, "training"] < 0).all()
assert bills.index[bills["N"] < bills.loc["least money", "N"]].tolist() == ["M = 640"]
assert more.loc["M = 640", "serving"] < 0 < more.loc["M = 640", "training"] > -more.loc["M = 640", "serving"]

# %% mystnb={"image": {"alt": "Five stacked bars of money for the same loss: compute-optimal 79 thousand dollars, nearly all for serving; least total FLOPs 29; least money 27; 20 tokens per parameter 41; 640 tokens per parameter 32. Written tokens are the largest part of each bar but the last, where training is."}, "figure": {"caption": "The bill of a year at 2.5B tokens a day, a fifth of them written, at the shipped prices. All five models have a loss of 2.4.", "name": "fig-bill"}} jupyter={"source_hidden": true} tags=["hide-input"]
figure, ax = plt.subplots(figsize=(6.4, 3.2))
draw_split(ax, bills, 1e3, "thousand $")
ax.legend(loc="lower right")
ax.set_title("Serving makes large models expensive, training the smallest");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
reported = prices.reported["mfu_out"]
at_low, at_high = (ask(prices={"mfu_out": u}).to_frame().set_index("choice").loc["least money"] for u in reported)
Markdown(
    f"""**The utilisation of written tokens moves the bill most, and is known least.** Reports range from {reported[0]:.0%} to {reported[1]:.0%}; {prices.mfu_out:.0%} is taken here.
At {reported[0]:.0%} the cheapest bill is {at_low["money"] / 1e3:.3g} thousand dollars, with {billions(at_low["N"])} parameters; at {reported[1]:.0%} it is {at_high["money"] / 1e3:.3g} thousand, with {billions(at_high["N"])}. A doubtful
price spoils the budget (a factor of {at_low["money"] / at_high["money"]:.1f}) more than the choice of a size ({at_high["N"] / at_low["N"]:.1f}). Your own go in as `--prices prices.csv`, or
`--prices mfu_out=0.1,price_training=2`."""
)

# %% [markdown]
# :::{dropdown} What a long context adds
# $2N$ FLOPs a token leave attention out. With $s$ tokens before it, a served token costs another $4Lds$ FLOPs in $L$ layers of
# width $d$, and its sequence holds $2L\,n_{\text{kv}}d_{\text{head}}\,s$ numbers in memory. `--context` tells both, beside the bill.
# :::

# %% tags=["hide-cell"]
with_context = ask(context=8192).to_frame().set_index("choice")
pd.DataFrame(
    {
        "parameters": with_context["N"].map(billions),
        "layers": with_context["layers"].map("{:.0f}".format),
        "width": with_context["width"].map("{:,.0f}".format),
        "attention, % of FLOPs": (100 * with_context["attention_share"]).map("{:.0f}".format),
        "keys and values, GiB": (with_context["kv_bytes"] / 2**30).map("{:.2f}".format),
    }
).rename_axis(None)

# %% [markdown]
# ## How sure is the choice?
#
# **Every training set and both laws say to train longer; they differ in how much it saves.** The table has the saving in FLOPs against
# 20 tokens per parameter. Nobody who must choose has the large runs of the third row. The last two rows hold for nine in ten of the laws
# that fit the five runs.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
with_large = {name: ask(table=pd.concat([table, large[name]])) for name, table in five.items()}
saved_by = {}
for i, (unit, by_laws) in enumerate({"FLOPs": spreads[: len(five)], "money": in_money}.items()):
    known, fixed_now = ([read_ends(getattr(each, name)) for each in by_laws] for name in ("saved", "saved_if_fixed"))
    by_row = {
        "this chapter's law": [f"{find_saved(each)[i]:.0%}" for each in asked["prior"].values()],
        "the paper's law": [f"{find_saved(each)[i]:.0%}" for each in asked["tied"].values()],
        "this law, large runs fitted too": [f"{find_saved(each)[i]:.0%}" for each in with_large.values()],
        "each law its own cheapest size": [f"{lo:.0%} to {hi:.0%}" for lo, hi in known],
        "size fixed beforehand, total over that at 20": [f"{1 - hi:.2g} to {1 - lo:.2g}" for lo, hi in fixed_now],
    }
    saved_by[unit] = pd.DataFrame.from_dict(by_row, orient="index", columns=list(DATASET_LABELS.values()))
saved_by["FLOPs"]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
afterwards = with_large["c4"].to_frame().set_index("choice").loc["least total FLOPs"]
measured = large["c4"].assign(
    told=lambda t: law.predict(t["N"].to_numpy(), t["D"].to_numpy()),
    error=lambda t: t["told"] / t["loss_c4_eval"] - 1,
    needed=lambda t: tokens_needed(law, t["N"].to_numpy(), t["loss_c4_eval"].to_numpy()),
)
long_run, wide_run = (measured[measured["M"].round() == M].iloc[0] for M in (80, 20))
assert long_run["error"] > 0 > wide_run["error"]
others = pd.concat(
    [
        abs(asked["prior"][name].case.supply.law.predict(t["N"].to_numpy(), t["D"].to_numpy()) / t["loss_c4_eval"] - 1)
        for name, t in large.items()
        if name != "c4"
    ]
)
Markdown(
    f"""**So choose the size, train, and stop when the loss is reached**: tokens can be added later, parameters cannot. Five runs leave the cheapest
size open from {billions(ends_N[0])} to {billions(ends_N[1])}. With {billions(best["N"])} fixed beforehand one pays, nine times in ten, from {-ends_fixed[0]:.0%} more FLOPs to {ends_fixed[1]:.0%} fewer than with
{billions(usual["N"])}, the size at 20. In one case in {1 / loses:.0f} the size at 20 takes fewer (with other sets, or the paper's law, up to {10 * loses_elsewhere:.0f} in ten).

**The law is off at both large C4 runs**, by {wide_run["error"]:.1%} at 6.9B and 20 tokens per parameter and by {long_run["error"]:+.1%} at 1.4B and 80. So its bill at 20 is optimistic, that
of longer training pessimistic. On the other two sets it errs by at most {others.max():.1%}.

:::{{dropdown}} How far off is that in tokens?
At 6.9B the law says {wide_run["told"]:.3f} where {wide_run["loss_c4_eval"]:.3f} was measured: for that loss it takes {billions(wide_run["needed"])} tokens, and {billions(wide_run["D"])} were used. At 1.4B it says {long_run["told"]:.3f}
for {long_run["loss_c4_eval"]:.3f}. Fitted with both runs, the cheapest model has {billions(afterwards["N"])} parameters instead of {billions(best["N"])}.
:::

The same in money, and how each size would do by all the laws that fit, are in the folds."""
)

# %% tags=["hide-cell"]
saved_by["money"]

# %% tags=["hide-cell"]
half_of_laws, nine_in_ten = (spread.ratios.quantile(q, interpolation="lower") for q in (0.5, 0.9))
pd.DataFrame(
    {
        "tokens until 2.4": [
            f"{billions(a)} to {billions(b) if np.isfinite(b) else 'never'}"
            for a, b in middle[["D_lo", "D_hi"]].to_numpy()
        ],
        "total over the least, half of the laws": half_of_laws.map("{:.2f}".format),
        "the same, nine in ten": nine_in_ten.map("{:.2f}".format),
        "never gets there, %": (100 * np.isinf(spread.ratios).mean()).map("{:.1f}".format),
    }
).rename_axis(None)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
fixed = {q: spread.saved_if_fixed.quantile(q, interpolation="lower") for q in (0.05, 0.25, 0.75)}
of_all = [each.ratios.quantile(0.9, interpolation="lower") for each in spreads]
holds = sum(each["least total FLOPs"] < each["M = 20"] for each in of_all)
assert half_of_laws.idxmin() == "least money" and nine_in_ten.idxmin() == "least total FLOPs"
assert holds == 4 and of_all[3]["least total FLOPs"] > of_all[3]["M = 20"]  # C4 by the paper's law
Markdown(
    f""":::{{dropdown}} Which size is safest if the law is not known?
Take one size, train it until the loss is 2.4, and divide its total by the least that any size could have reached. Each law that fits gives a
ratio; the table above has those that half and nine in ten of the laws stay under. At nine in ten the size of least total FLOPs takes {nine_in_ten["least total FLOPs"]:.1f} times
the least, that of 20 tokens per parameter {nine_in_ten["M = 20"]:.1f}, and that of 640 almost {np.ceil(nine_in_ten["M = 640"]):.0f}, since so few parameters hardly reach the loss. Over sets and laws the
first is safer than 20 in {holds} of {len(of_all)} cases, and not on C4 by the paper's law ({of_all[3]["least total FLOPs"]:.1f} and {of_all[3]["M = 20"]:.1f}). The middle half of the laws saves {fixed[0.25]:.0%} to {fixed[0.75]:.0%} with this
size; in one case of twenty you pay at least {-fixed[0.05]:.0%} more.
:::"""
)

# %% tags=["hide-cell"]
print(answer)  # with the intervals of each loss, and of the cheapest model

# %% [markdown]
# ## What over-training costs
#
# At equal loss, a model of $m$ times the compute-optimal tokens per parameter $M^*$ needs
#
# $$
# \Bigl(\tfrac12\bigl(m^{\alpha/2} + m^{-\alpha/2}\bigr)\Bigr)^{2/\alpha}
# $$ (eq-cost-over-training)
#
# times its training compute, whatever the loss. (With two exponents there is no closed form; `over_training_cost` then needs the
# loss.) Counted from 20 tokens per parameter it is a ratio of two of these.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
fitted = {name: each.case.fitted.fit.law for name, each in asked["prior"].items()}


def times_20(law, M):
    """Training compute at M over that at 20, at equal loss."""
    from_optimum = 1 + over_training_cost(law, np.append(M, 20) / law.M_opt)
    return from_optimum[:-1] / from_optimum[-1]


def nine_in_ten_of_20(answer, M):
    """Ends of the same ratio for nine in ten of the laws that fit, in rows as M."""
    laws = draw_laws(answer.case.fitted.posterior)
    flops = [size_at(laws, float(each), WANTED).training_flops() for each in (20, *M)]
    return np.array([read_ends((each / flops[0])[np.isfinite(each / flops[0])]) for each in flops[1:]])


dashes = dict(zip(fitted, ("-", "--", ":"), strict=True))
multipliers = np.geomspace(20, 640, 100)
curves = {
    DATASET_LABELS[name]: (times_20(each, multipliers), {"color": look_of(name)["color"], "linestyle": dashes[name]})
    for name, each in fitted.items()
}
from_20 = pd.DataFrame({name: times_20(each, [40, 160, 640]) for name, each in fitted.items()}, index=[40, 160, 640])
ends_from_20 = np.transpose([from_20.min(axis=1), from_20.max(axis=1)])
assert np.allclose(ends_from_20, [[1.13, 1.19], [1.75, 2.0], [3.4, 4.1]], atol=[[0.01], [0.02], [0.05]])  # in the alt text
by_laws = np.array([nine_in_ten_of_20(each, multipliers) for each in asked["prior"].values()])
band = by_laws[..., 0].min(axis=0), by_laws[..., 1].max(axis=0)
at_160, at_640 = ([float(np.interp(M, multipliers, end)) for end in band] for M in (160, 640))
assert np.allclose([at_160, at_640], [[1.46, 2.31], [2.46, 5.08]], atol=[[0.02], [0.05]])  # in title and alt

# %% mystnb={"image": {"alt": "Three curves of training compute, relative to that at 20 tokens per parameter, rise from 1 at 20: to 1.13 to 1.19 at 40, 1.75 to 2 at 160 and 3.4 to 4.1 at 640. C4 lies above RefinedWeb and RedPajama. A grey band reaches from 1.5 to 2.3 at 160 and from 2.5 to 5.1 at 640."}, "figure": {"caption": "Training compute at equal loss, relative to that at 20 tokens per parameter, by the law fitted to the five runs of each training set. Band: from the lowest to the highest end of nine in ten of the laws that fit, over the three sets.", "name": "fig-over-training"}} jupyter={"source_hidden": true} tags=["hide-input"]
figure, ax = plt.subplots(figsize=(6.4, 3.6))
ax.fill_between(multipliers, *band, color="0.85", label="nine in ten laws")
draw_over_training(ax, multipliers, curves)
ax.legend(loc="upper left")
ax.set_title(f"Eightfold over-training from 20 takes {at_160[0]:.1f} to {at_160[1]:.1f} times the compute");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
M_opt = [each.M_opt for each in fitted.values()]
eightfold = np.array([over_training_cost(each, 8) for each in fitted.values()])
usual_over = np.array([over_training_cost(each, 20 / each.M_opt) for each in fitted.values()])
assert max(M_opt) < M_runs.min()
Markdown(
    f"""**From 20 tokens per parameter, eight times as many take {from_20.loc[160].min():.1f} to {from_20.loc[160].max():.1f} times the training compute** by the three fitted laws, {at_160[0]:.1f} to {at_160[1]:.1f}
over nine in ten of the laws that fit; 32 times as many {from_20.loc[640].min():.1f} to {from_20.loc[640].max():.1f} and {at_640[0]:.1f} to {at_640[1]:.1f}. Counted from the optimum, eightfold costs only {eightfold.min():.0%} to {eightfold.max():.0%}. But no run reaches that optimum: the fitted laws put it at {min(M_opt):.1f} to {max(M_opt):.1f} tokens
per parameter, and 20 costs {usual_over.min():.0%} to {usual_over.max():.0%} more than it."""
)

# %% [markdown]
# ## When tokens run out
#
# Training longer needs tokens. Where there are only $U$ different ones they are seen again, and each time they are worth
# less. Muennighoff et al. {cite}`muennighoff2023` put $D'$ in the place of $D$,
#
# $$
# D' = U\Bigl(1 + R_D^*\bigl(1 - e^{-(D/U - 1)/R_D^*}\bigr)\Bigr), \qquad R_D^* = 15.4,
# $$ (eq-repeated)
#
# and likewise $N'$ for parameters beyond what the tokens can use. The worth of a token, by epochs:

# %%
epochs = np.array([1, 2, 4, 8, 16, 40])
worth = effective_tokens(epochs * 1e9, 1e9) / (epochs * 1e9)
pd.DataFrame({"worth, % of a fresh token": (100 * worth).round().astype(int)}, epochs).rename_axis("epochs").T

# %% [markdown]
# The same decision with 100B, 30B and 15B different tokens. The last column is the loss that no size and no number of epochs beats:

# %% jupyter={"source_hidden": true} tags=["hide-input"]
limits = {"always fresh": answer, **{f"{u}B": ask(unique_tokens=f"{u}B") for u in (100, 30, 15)}}
limited = {}
for name, each in limits.items():
    row = each.to_frame().set_index("choice").loc["least total FLOPs"]
    limited[name] = {
        "N": billions(row["N"]),
        "tokens seen": billions(row["D"]),
        "epochs": "1" if pd.isna(row["epochs"]) else f"{row['epochs']:.3g}",
        "worth in fresh ones": billions(row["D"] if pd.isna(row["epochs"]) else row["D_effective"]),
        "more FLOPs, %": f"{100 * row['flops'] / best['flops'] - 100:.0f}",
        "lowest loss": f"{each.case.supply.lowest:.2f}",
    }
pd.DataFrame(limited).T

# %% jupyter={"source_hidden": true} tags=["remove-input"]
few_left = limits["15B"].to_frame().set_index("choice").loc["least total FLOPs"]
Markdown(
    f"""**A few epochs cost little, many cost a lot, and larger models come back.** With 15B different tokens the cheapest model has {billions(few_left["N"])}
parameters, sees its tokens {few_left["epochs"]:.0f} times, and costs {few_left["flops"] / best["flops"] - 1:.0%} more than with fresh ones. No compute buys a loss below
{limits["15B"].case.supply.lowest:.2f} then, since $D'$ ends at {1 + R_D:.1f} $U$. The constants were fitted to 182 runs on C4, not to your text."""
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
own, other = refit_decay(), refit_decay(47.0, 2.3)
at_own, at_other = (huber_of_decay(load_refit_runs(), *pair) for pair in (own, other))
assert at_other < at_own
Markdown(
    f""":::{{dropdown}} How well is $R_D^*$ known?
Refitting the 182 runs from what is printed ends at $R_D^* = {own[0]:.3f}$, $R_N^* = {own[1]:.3f}$ (printed 15.388 and 5.310). It is not the only minimum:
$R_D^* = {other[0]:.1f}$ with $R_N^* = {other[1]:.2f}$ fits the same runs, by the same measure, {1 - at_other / at_own:.2%} better. At four epochs that makes a token worth {float(effective_tokens(4.0, 1.0)) / 4:.2f} or {float(effective_tokens(4.0, 1.0, other[0])) / 4:.2f} of
a fresh one, at forty {float(effective_tokens(40.0, 1.0)) / 40:.2f} or {float(effective_tokens(40.0, 1.0, other[0])) / 40:.2f}: few epochs are well understood, many are not.
:::"""
)

# %% [markdown]
# ## Do others' numbers come out?
#
# Five papers printed numbers of this kind: De Vries {cite}`devries2023`, Sardana et al. {cite}`sardana2024`, Besiroglu et al.
# {cite}`besiroglu2024`, Muennighoff et al. and DeepSeek {cite}`deepseek2025`.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
scorecard = as_table(make_scorecard())
costs = scorecard[scorecard["id"].str.split("/").str[0].isin(["devries", "sardana", "besiroglu", "muennighoff", "deepseek"])]
counts = costs["status"].value_counts()
Markdown(
    f"""**{counts["match"]} of {len(costs)} come out** to the digit, from the constants that the authors print; {counts["explained"]} differ for a reason that the
[scorecard](scorecard.ipynb) gives. {counts["not_reproduced"]}, the money of one paper, are not reproduced."""
)

# %% tags=["hide-cell"]
by_source = costs.groupby("source", sort=False)["status"].value_counts().unstack(fill_value=0)
by_source.columns = by_source.columns.str.replace("_", " ")
by_source.rename_axis(index=None, columns=None)

# %% [markdown]
# :::{dropdown} What differs, and what is not reproduced
# Sardana et al. also give examples in money. From the prices, shares and lengths that they name we get other numbers. A tenth less for
# serving would bring them in line; nothing in the paper says so. The tables below list every number that differs.
# :::

# %% tags=["hide-cell"]
others = costs[costs["status"] != "match"].set_index("id")
others.rename_axis(None)[["published", "ours", "unit", "status"]].replace("_", " ", regex=True)

# %% tags=["hide-cell"]
cheaper = SARDANA_PRICES.change(price_serving=0.9 * SARDANA_PRICES.price_serving)
as_told, with_tenth_off = (
    {f"{size / 1e9:.0f}B quality": compare_money(size, requests, each) for size, requests in ((30e9, 1.5e9), (70e9, 35.1e9))}
    for each in (SARDANA_PRICES, cheaper)
)
pd.DataFrame(
    {
        (when, case): {"N": billions(float(least.N)), "D": billions(float(least.D)), "saved, %": f"{100 * share:.0f}"}
        for when, found in (("as told", as_told), ("a tenth off", with_tenth_off))
        for case, (_, least, share) in found.items()
    }
).T

# %% [markdown]
# ## What we learnt

# %% jupyter={"source_hidden": true} tags=["remove-input"]
flat = N[middle_totals <= 1.1 * middle_totals.min()]
Markdown(
    f"""
- A model that will be used should be smaller than compute-optimal and trained longer: {tables["0.1B"].loc["least total FLOPs", "M"]:.0f}, {best["M"]:.0f} and {tables["25B"].loc["least total FLOPs", "M"]:.0f} tokens per parameter for 0.1B, 2.5B
  and 25B tokens a day for a year.
- At 2.5B a day that saves {saved:.0%} of the FLOPs and {saved_money:.0%} of the money; over sets and laws {from_five[:, 0].min():.0%} to {from_five[:, 0].max():.0%} and {from_five[:, 1].min():.0%} to {from_five[:, 1].max():.0%}, over
  nine in ten of the laws that fit the C4 runs {ends_saved[0]:.0%} to {ends_saved[1]:.0%} and {ends_saved_money[0]:.0%} to {ends_saved_money[1]:.0%}.
- Five runs leave the cheapest size open by a factor of {ends_N[1] / ends_N[0]:.1f}, its tokens by {ends_D[1] / ends_D[0]:.1f}: train until the loss is reached, because a size fixed beforehand can
  lose.
- Totals are flat near the least, where sizes within 10 % differ by a factor of {flat.max() / flat.min():.1f}, and steep where parameters are too few.
- Utilisations are yours to measure: over those reported for written tokens the cheapest bill goes from {at_low["money"] / 1e3:.3g} to {at_high["money"] / 1e3:.3g} thousand dollars.

All of this was C4, RedPajama and RefinedWeb. [And with my own data?](14_your_own_runs.ipynb)
"""
)

# %% [markdown]
# ## Exercises
#
# Write down what you expect before you compute.

# %% tags=["given"]
import numpy as np
import pandas as pd

import scaling
from scaling.laws.law import LossSurface
from scaling.testbed.runs import run_table, select_loss_fit

c4_five = select_loss_fit(run_table("c4"))  # the paper's five

# %% [markdown] tags=["exercise"]
# ### Exercise 1: Chinchilla from printed constants
#
# Chinchilla has 70B parameters and saw 1.4T tokens, at 5.76e23 FLOPs. Hoffmann et al. (2022) print $E = 1.69$, $A = 406.4$, $B = 410.7$,
# $\alpha = 0.34$, $\beta = 0.28$. Which $N$ and $D$ does `LossSurface(E, A, B, alpha, beta).optimal_allocation(5.76e23)` give, and which with
# exponents 0.3392 and 0.2849? *Before you compute: how much does a third digit matter?*

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution", "hide-cell"]
exponents = {"as printed": (0.34, 0.28), "more digits": (0.3392, 0.2849)}
chinchilla = {
    name: LossSurface(1.69, 406.4, 410.7, *pair).optimal_allocation(5.76e23) for name, pair in exponents.items()
}
chinchilla = pd.DataFrame(chinchilla, index=["N", "D"]).T.assign(M=lambda t: t["D"] / t["N"])
assert (chinchilla["N"] < 0.6 * 70e9).all()
assert chinchilla["N"].max() > 1.2 * chinchilla["N"].min()
chinchilla

# %% [markdown] tags=["solution"]
# :::{dropdown} What comes out
# Neither gives 70B. The optimum is a ratio of two large powers, so a digit of an exponent moves it by tens of per cent: printed
# exponents need more digits than they seem to. (The paper chose 70B by two other methods.)
# :::

# %% [markdown] tags=["exercise"]
# ### Exercise 2: only read from
#
# Your model reads 2.5B tokens a day and writes none: `scaling.cost(c4_five, loss_set="c4_eval", loss=2.4, tokens_in="2.5B", tokens_out=0)`.
# Its `.to_frame()` has a row for each model, named in `choice`. *Before you compute: do the sizes of least money and of least FLOPs move
# together or apart?*

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution", "hide-cell"]
only_read = scaling.cost(c4_five, loss_set="c4_eval", loss=2.4, tokens_in="2.5B", tokens_out=0)
read_only = only_read.to_frame().set_index("choice")
assert np.isclose(read_only["N"]["least money"], read_only["N"]["least total FLOPs"])
read_only[["N", "D", "M", "flops", "money"]]

# %% [markdown] tags=["solution"]
# :::{dropdown} What comes out
# They become one. Reading and training have the same price and the same utilisation, so a FLOP costs the same in both, and least
# money is least FLOPs.
# :::

# %% [markdown] tags=["exercise"]
# ### Exercise 3: the demand behind 100 tokens per parameter
#
# The cheapest size of a loss obeys $\alpha A N^{-\alpha} / (\beta B D^{-\beta}) = 1 + T / (3 D)$, with $T$ tokens served. How many must they be
# to make 100 tokens per parameter the cheapest at a loss of 2.4? `scaling.fit(c4_five, loss_set="c4_eval").fit.law.solve_N(100, 2.4)` is that
# model's $N$, and `scaling.cost(c4_five, loss_set="c4_eval", N=..., M=100).found.break_even` solves for $T$. Check it: what is cheapest at a
# loss of 2.4 for `tokens_in` of $T / 365$ a day, with `tokens_out=0`?

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution", "hide-cell"]
size_at_100 = scaling.fit(c4_five, loss_set="c4_eval").fit.law.solve_N(100, 2.4)
life = scaling.cost(c4_five, N=size_at_100, M=100, loss_set="c4_eval").found.break_even
at_that_demand = scaling.cost(c4_five, loss_set="c4_eval", loss=2.4, tokens_in=life / 365, tokens_out=0)
sizes_at_that_demand = at_that_demand.to_frame().set_index("choice")
assert np.isclose(sizes_at_that_demand["M"]["least total FLOPs"], 100)
assert 2.5e9 < life / 365 < 3.5e9
print(f"{life / 1e9:,.0f}B tokens, {life / 365 / 1e9:.2f}B a day for a year")

# %% [markdown] tags=["solution"]
# :::{dropdown} What comes out
# About 3B tokens a day for a year. At that demand the cheapest model has 100 tokens per parameter again.
# :::

# %% [markdown] tags=["exercise"]
# ### Exercise 4: your own decision
#
# You must name the size of a model next month that will serve your product for a year. What do you put into `scaling cost`, what do you
# measure first, and what would make you change the size?

# %% [markdown] tags=["solution"]
# :::{dropdown} What a good answer contains
# 1. A demand with tokens read and written apart, as a range, and a loss that is tied to what the product needs.
# 2. The utilisation of written tokens measured on your hardware, because it moves the bill most.
# 3. A size with room to train longer, a loss at which training stops, and a larger run first if the cheapest size is open by a factor.
# :::

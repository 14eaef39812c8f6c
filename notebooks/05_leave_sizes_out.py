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
# # Which runs could I have skipped?
#
# *You need: [the loss law](03_loss_law.ipynb). Reading: 31 minutes. Running: 10 seconds.*

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

import scaling
from scaling.figures.ablation import (
    draw_conditions,
    draw_cumulative,
    draw_designs,
    draw_error_laws,
    draw_run_map,
    draw_wandering,
)
from scaling.figures.style import DATASET_COLOURS, DATASET_LABELS, DATASET_MARKERS, use_style
from scaling.forecast.rulers import predict_on_line, relative_error
from scaling.laws.fit import SOUND
from scaling.studies.loss.ablation import (
    LEAST_RUNS,
    LEAST_SIZES,
    TARGETS,
    find_cheapest,
    fit_designs,
    is_nearer,
    list_choices,
    list_subsets,
    miss_targets,
    sweep_choices,
)
from scaling.studies.loss.ablation_tables import (
    FOUR_SIZES,
    LIMITS,
    TWO_ENDS,
    WITHOUT_LARGEST,
    move_without,
    pair_sizes,
)
from scaling.studies.recipe import AUTHORS, fit_chain
from scaling.studies.results import load_result
from scaling.tables.datafiles import data_path
from scaling.testbed.runs import run_table, select_large, select_loss_fit, select_small

use_style()
tables = {dataset: run_table(dataset) for dataset in DATASET_LABELS}
small = {dataset: select_small(table) for dataset, table in tables.items()}
large = {dataset: select_large(table) for dataset, table in tables.items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
stored_misses = load_result("leave_sizes_out")
stored_misses["worst"] = stored_misses["relative_error"].abs()
of_tied = stored_misses[(stored_misses["law"] == "tied") & stored_misses["status"].isin(SOUND)]
of_tied = of_tied[of_tied["multipliers"].str.split("+").str[0] != "M5"]
of_tied = of_tied.groupby(["dataset", "sizes", "multipliers"])[["worst", "compute"]].max().reset_index()
to_160 = pair_sizes(of_tied).query("most_M <= 160").groupby("dataset").median()
trained_long = of_tied[of_tied["multipliers"].str.contains("M320|M640")]
long_two, long_four = (trained_long[trained_long["sizes"] == s].groupby("dataset")["worst"].median() for s in (TWO_ENDS, FOUR_SIZES))
clean_moves = pd.concat([move_without(runs.query("M > 5"), large[d]) for d, runs in small.items()], ignore_index=True)
clean_moves["moved"] = clean_moves["6.9B"].abs()
Markdown(
    f"""**Short answer.** Any single small run with $M$ of 10 or more: without it the prediction at 6.9B moves by at most
{clean_moves["moved"].max():.1%}. And the sizes between the smallest and the largest, if the largest is trained to an $M$ of 320 or
more: then the two ends alone miss their worst large run by {long_two["redpajama"]:.1%} on RedPajama and
{long_two["refinedweb"]:.1%} on RefinedWeb in the median, all four sizes by {long_four["redpajama"]:.1%} and
{long_four["refinedweb"]:.1%}. With $M$ up to 160 the two ends miss {to_160.loc["redpajama", "ratio"]:.1f} and
{to_160.loc["refinedweb", "ratio"]:.1f} times as much as all four, to save {to_160.loc["redpajama", "saved"]:.0%} of the compute. On C4
the smallest size helps only once four runs from another file store are left out."""
)

# %% [markdown]
# Five small runs predicted a large one. Would five others have done it? Would four, or thirty? The
# testbed holds some thirty small runs per training set, so every choice of them can be fitted and
# judged at the same large runs. This chapter says which runs matter, which designs cannot work, and how
# much of a good result is luck.
#
# A miss is predicted minus measured over measured, so it is positive where the law predicts too much; a
# `worst` miss is without its sign.

# %% [markdown]
# ## Every choice of sizes and multipliers
#
# The small runs of a training set form a grid: four sizes, eight values of $M$. Their cost in FLOPs
# differs by a factor of several ten thousand.

# %%
small["redpajama"].pivot(index="size", columns="M", values="C")

# %% [markdown]
# A design is a choice of sizes and a choice of multipliers, and holds every run where they meet. Not
# every design can be fitted. A law needs at least as many runs as it has parameters, and the free law, with
# an exponent for each of $N$ and $D$, needs three sizes, because $E + A N^{-\alpha}$ passes through any two
# values at every $\alpha$.

# %%
def count_designs(dataset):
    choices, _ = list_choices(small[dataset])
    counts = {"choices": len(choices)}
    for law in ("tied", "free"):
        enough = choices["n_runs"] >= LEAST_RUNS[law]
        counts[f"{law}: too few runs"] = (~enough).sum()
        counts[f"{law}: too few sizes"] = (enough & (choices["n_sizes"] < LEAST_SIZES[law])).sum()
    return counts


pd.DataFrame({DATASET_LABELS[dataset]: count_designs(dataset) for dataset in tables})

# %% [markdown]
# (C4 lacks the 0.411B run at $M = 640$, and with it the choices that need it.) All others are fitted, in
# batches: a weight of zero leaves a run out. The tied law is fitted here; the free law takes longer, and
# its fits are read from a stored table. Each law predicts three runs that no design holds: 1.4B at
# $M = 20$, 1.4B over-trained, and 6.9B at $M = 20$. The largest of the three misses is the design's `worst`.

# %%
tied_designs = pd.concat([sweep_choices(dataset) for dataset in tables])
free_misses = stored_misses[stored_misses["law"] == "free"]
free_keys = ["dataset", "law", "sizes", "multipliers", "n_runs", "compute", "status"]
free_designs = free_misses.groupby(free_keys, as_index=False)["worst"].max()
designs = pd.concat([tied_designs, free_designs], ignore_index=True)
designs["has_M5"] = designs["multipliers"].str.split("+").str[0] == "M5"
designs["most_M"] = designs["multipliers"].str.extract(r"(\d+)$", expand=False).astype(int)
designs[["dataset", "law", "sizes", "multipliers", "n_runs", "status", "worst"]].sample(4, random_state=1)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""These are {len(designs):,} fits, {len(tied_designs):,} of them made just now. The stored table,
`load_result("leave_sizes_out")`, holds all, and `make results` makes it."""
)

# %% [markdown]
# ## What the status is worth
#
# The status of a fit is known before any large run is. Does it say which predictions to believe?

# %%
by_status = designs.assign(within=designs["worst"] <= 0.05).groupby(["law", "status"])
by_status.agg(
    designs=("worst", "size"), median_worst=("worst", "median"), within_5_percent=("within", "mean")
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
sound = designs[designs["status"].isin(SOUND)]
unsound = designs.drop(sound.index)
two_of_each = designs["sizes"].str.contains("+", regex=False) & designs["multipliers"].str.contains("+", regex=False)
by_rule, warned = designs[two_of_each], unsound[two_of_each[unsound.index]]
both_pass = by_rule.drop(warned.index)
Markdown(
    f"""It does, up to a point. Of the {len(unsound):,} designs whose fit is `wrong_sign`, `at_bound` or `unidentified`,
{(unsound["worst"] <= 0.05).mean():.1%} stay within 5% at all three large runs, of the {len(sound):,} others
{(sound["worst"] <= 0.05).mean():.0%}. But a rule that needs no fit does much of that, "at least two sizes and two
multipliers": {len(unsound) - len(warned):,} of the warned designs break it. The rule alone leaves {len(by_rule):,} designs, of which
{(by_rule["worst"] <= 0.05).mean():.1%} stay within 5%. The status warns of {len(warned):,} of these, {(warned["worst"] <= 0.05).mean():.1%} of
which stay, and lifts the share of the rest to {(both_pass["worst"] <= 0.05).mean():.1%}: its warnings are right, its silence says
little. A `saturated` fit has no residual, and is hardly worse than a `converged` one. From here on only these two count,
and they are called sound."""
)

# %% [markdown]
# ## More compute, more runs
#
# The paper shows this for some random subsets (its Figs. 14 to 16); here is every design. For scale, the
# worst miss of the paper's own five runs, and that of the straight line in $\log L$ and $\log C$ through
# the two dearest of them.

# %%
def miss_references(dataset):
    five, aims = select_loss_fit(tables[dataset]), large[dataset]
    everything = np.ones((1, len(five)), dtype=bool)
    paper = miss_targets(fit_designs(five, everything)[0], aims)["worst"].item()
    ray = five.query("M == 20").assign(log_C=lambda t: np.log(t["C"]))
    ray["log_L"] = np.log(ray["loss_c4_eval"])
    line = np.exp(predict_on_line(ray, np.log(aims["C"]), ("log_C", "log_L")))
    return paper, np.abs(relative_error(line, aims["loss_c4_eval"])).max()


references = pd.DataFrame({d: miss_references(d) for d in tables}, index=["five runs", "line"])
references.rename(columns=DATASET_LABELS)

# %% mystnb={"image": {"alt": "Six panels, a row for each training set; the largest miss at three large runs, from 0.02 to 100 per cent, over the compute of the design on the left and over its count of runs on the right, all axes logarithmic. Crosses, designs that hold a run at M = 5, reach higher than dots. The median of the dots falls on RedPajama and RefinedWeb and stays level on C4 over the count of runs; the band is up to a factor of ten wide and narrows at the right end, where designs are few."}, "figure": {"caption": "Every sound design of the tied law: the largest of its misses at the three large runs, over what it costs (left) and how many runs it holds (right). Dotted: the paper's five runs. Dashed: the straight line through its two dearest. Of 20 runs and more there are only 33 designs without M = 5 on a training set (18 on C4), and they share most of their runs.", "name": "fig-designs"}}
figure, axes = plt.subplots(3, 2, figsize=(7, 8.5), sharex="col", sharey=True)
for row, (dataset, label) in zip(axes, DATASET_LABELS.items(), strict=True):
    own = sound[(sound["dataset"] == dataset) & (sound["law"] == "tied")]
    five, line = references[dataset]
    for ax, x in zip(row, ("compute", "n_runs"), strict=True):
        draw_designs(ax, own, x)
        ax.axhline(five, color="#D55E00", linestyle=":", label="the paper's five runs")
        ax.axhline(line, color="#D55E00", linestyle="--", label="straight line")
    row[0].set(title=label, ylabel="worst of three misses of L")
axes[2, 0].set_xlabel("C of the design, FLOPs")
axes[2, 1].set(xlabel="runs in the design", xticks=[4, 8, 16, 32], xticklabels=[4, 8, 16, 32])
axes[2, 1].minorticks_off()
handles, labels = axes[0, 0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside lower center", ncols=3, markerscale=2.5)
figure.suptitle("More runs predict better on two training sets, and not on C4 as it stands", fontweight="bold");

# %%
clean = sound[(sound["law"] == "tied") & ~sound["has_M5"]]
large_ones = clean[clean["n_runs"] >= 20]
pd.DataFrame(
    {
        "with M = 5": sound[(sound["law"] == "tied") & sound["has_M5"]].groupby("dataset")["worst"].median(),
        "without": clean.groupby("dataset")["worst"].median(),
        "without, 20 runs or more": large_ones.groupby("dataset")["worst"].median(),
        "designs of 20 or more": large_ones.groupby("dataset").size(),
        "rank correlation with compute": clean.groupby("dataset")[["worst", "compute"]].apply(
            lambda t: t.corr("spearman").iloc[0, 1]
        ),
        "with count of runs": clean.groupby("dataset")[["worst", "n_runs"]].apply(
            lambda t: t.corr("spearman").iloc[0, 1]
        ),
    }
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
medians, many = clean.groupby("dataset")["worst"].median(), large_ones.groupby("dataset")["worst"].median()
spoilt = sound[(sound["law"] == "tied") & sound["has_M5"]].groupby("dataset")["worst"].median()
Markdown(
    f"""Without $M = 5$ the median design misses its worst target by {medians["redpajama"]:.1%} on
RedPajama and {medians["refinedweb"]:.1%} on RefinedWeb; with twenty runs or more by
{many["redpajama"]:.1%} and {many["refinedweb"]:.1%} (those are few designs, and nearly the same one). On C4 twenty runs do not help:
{medians["c4"]:.1%} becomes {many["c4"]:.1%}. Designs that hold $M = 5$ are worse in the median on every set, by a factor
of {(spoilt / medians).min():.1f} to {(spoilt / medians).max():.1f}. (The larger sizes do that, not the smallest, as a map below shows. To leave the whole column out is a
choice made after seeing it.)"""
)

# %% [markdown]
# What is it about C4? A few runs name another store for their training files than the rest
# ([on text unlike the training text](06_other_text.ipynb) finds it), and four of them are small C4 runs. Their
# losses lie below the law of the others. Here are the sweeps once more, without the small runs of that store.
# The clean grid is all small runs with $M$ of 10 or more.

# %%
one_store = pd.concat([sweep_choices(dataset, first_files=True) for dataset in tables])
one_store = one_store[one_store["status"].isin(SOUND) & (one_store["multipliers"].str.split("+").str[0] != "M5")]
stores = {"all small runs": clean, "one store": one_store}


def sum_up_store(own):
    grid = own.loc[own["n_runs"].idxmax()]
    many = own[own["n_runs"] >= 20]["worst"]
    medians = {"designs": len(own), "median worst": own["worst"].median()}
    medians |= {"of 20 runs or more": len(many), "their median worst": many.median()}
    return medians | {"runs of the clean grid": grid["n_runs"], **{f"its miss at {t}": grid[t] for t in TARGETS}}


by_store = pd.DataFrame(
    {(d, name): sum_up_store(own[own["dataset"] == d]) for d in tables for name, own in stores.items()}
)
by_store

# %% jupyter={"source_hidden": true} tags=["remove-input"]
rest = small["c4"].query("M > 5")
odd = rest[rest["other_files"]]
law_of_others = fit_designs(rest, ~rest["other_files"].to_numpy()[None])[0]
too_much = law_of_others.predict(odd["N"], odd["D"])[0] - odd["loss_c4_eval"]
assert len(odd) == 4 and (too_much > 0).all()
every, without = by_store["c4", "all small runs"], by_store["c4", "one store"]
on_c4 = [own[own["dataset"] == "c4"][["worst", "compute"]] for own in stores.values()]
by_cost, by_cost_less = (own.corr("spearman").iloc[0, 1] for own in on_c4)
less = 1 - without["its miss at 6.9B"] / every["its miss at 6.9B"]
median_worst, at_7B = by_store.loc["median worst"], by_store.loc["its miss at 6.9B"]
Markdown(
    f"""For the {len(odd)} C4 runs ({", ".join(f"`{run}`" for run in odd["run"])}) the law of the others predicts too much, by
{too_much.min():.2f} to {too_much.max():.2f} nats. Without them the median worst miss on C4 falls from {every["median worst"]:.1%} to
{without["median worst"]:.1%}, with twenty runs or more from {every["their median worst"]:.1%}
({every["of 20 runs or more"]:.0f} designs) to {without["their median worst"]:.1%} ({without["of 20 runs or more"]:.0f}). The clean grid misses
6.9B by {every["its miss at 6.9B"]:.1%} with them and by {without["its miss at 6.9B"]:.1%} without. More compute now helps: its rank
correlation with the miss goes from {by_cost:.2f} to {by_cost_less:.2f}. So {less:.0%} of the miss at 6.9B goes with four small runs,
and the small runs could show it: they disagree among themselves. The rest stays. The four were found by looking at misses, C4's
among them, so the store is a correlation; and the over-trained 1.4B run of C4 is of the other store too.

On the other two sets leaving such runs out does not help: the median goes from {median_worst["redpajama", "all small runs"]:.1%} to
{median_worst["redpajama", "one store"]:.1%} and from {median_worst["refinedweb", "all small runs"]:.1%} to
{median_worst["refinedweb", "one store"]:.1%}. There they are the dearest small runs, 0.411B at $M = 320$ and 640 (and one of 0.079B), and most
targets name other files than the first too: what is lost may be reach or likeness."""
)

# %% [markdown]
# ## Which sizes
#
# Designs without $M = 5$, by the sizes they hold: the median of the worst miss, and the cost of the
# cheapest sound design of that kind.

# %%
sizes = clean.pivot_table(values="worst", index="sizes", columns="dataset", aggfunc="median")
sizes["least compute"] = clean.groupby("sizes")["compute"].min()
sizes.sort_values("redpajama").rename(columns=DATASET_LABELS)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
def median_by_ends(own):
    first, last = own["sizes"].str.startswith("0.011B"), own["sizes"].str.endswith("0.411B")
    kinds = {"both": first & last, "no 0.411B": ~last, "no 0.011B": ~first}
    return pd.DataFrame({kind: own[is_one].groupby("dataset")["worst"].median() for kind, is_one in kinds.items()}).T


ends, ends_less = median_by_ends(clean), median_by_ends(one_store)
assert (ends_less.idxmin() == "both").all() and (ends.drop(columns="c4").idxmin() == "both").all()
assert ends["c4"].idxmin() == "no 0.011B"
Markdown(
    f"""With 0.011B and 0.411B in, the median is {ends.loc["both", "redpajama"]:.1%} on RedPajama and
{ends.loc["both", "refinedweb"]:.1%} on RefinedWeb; without 0.411B {ends.loc["no 0.411B", "redpajama"]:.1%} and
{ends.loc["no 0.411B", "refinedweb"]:.1%}, without 0.011B {ends.loc["no 0.011B", "redpajama"]:.1%} and
{ends.loc["no 0.011B", "refinedweb"]:.1%}. On C4 as it stands the smallest is the one to skip: without it the median falls from
{ends.loc["both", "c4"]:.1%} to {ends.loc["no 0.011B", "c4"]:.1%}. That comes with the other store: without its four runs C4 has
{ends_less.loc["both", "c4"]:.1%} with both ends, {ends_less.loc["no 0.411B", "c4"]:.1%} without 0.411B and
{ends_less.loc["no 0.011B", "c4"]:.1%} without 0.011B."""
)

# %% [markdown]
# Can the two sizes between be skipped? The two ends alone beside all four sizes: the median worst miss of all such
# designs, of parts of them, and of those without the runs of the other store.

# %%
compared = {
    "all": clean,
    "M to 320 or 640": clean[clean["most_M"] > 160],
    "M up to 160": clean[clean["most_M"] <= 160],
    "one store": one_store,
    "1e20 to 4e20 FLOPs": clean[clean["compute"].between(1e20, 4e20)],
    "8 runs": clean[clean["n_runs"] == 8],
}
two_or_four = {TWO_ENDS: "two ends", FOUR_SIZES: "four sizes"}
skipped = pd.DataFrame(
    {
        which: own[own["sizes"].isin(two_or_four)].groupby(["dataset", "sizes"])["worst"].median()
        for which, own in compared.items()
    }
).rename(index=two_or_four)
skipped.T[[(dataset, sizes) for dataset in tables for sizes in two_or_four.values()]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
pairs_of_sizes = pair_sizes(clean)
near_pairs, far_pairs = (own.groupby("dataset") for _, own in pairs_of_sizes.groupby(pairs_of_sizes["most_M"] > 160))
worse = near_pairs["ratio"].agg(lambda ratio: (ratio > 1).mean())
ratio, ratio_far, saved = near_pairs["ratio"].median(), far_pairs["ratio"].median(), near_pairs["saved"].median()


def two_against_four(which, dataset):
    two, four = (skipped.loc[(dataset, sizes), which] for sizes in two_or_four.values())
    return f"{two:.1%} against {four:.1%}"


gap = skipped.xs("two ends", level=1) / skipped.xs("four sizes", level=1)
assert (gap.drop(index="c4")[["M up to 160", "one store", "1e20 to 4e20 FLOPs"]] > 2).all(axis=None)
assert (gap.drop(index="c4")[["M to 320 or 640", "8 runs"]] < 1.1).all(axis=None) and (gap.loc["c4"] < 1).all()
Markdown(
    f"""If 0.411B is trained to $M = 320$ or 640, yes: {two_against_four("M to 320 or 640", "redpajama")} on RedPajama,
{two_against_four("M to 320 or 640", "refinedweb")} on RefinedWeb. With $M$ up to 160, no: {two_against_four("M up to 160", "redpajama")} and
{two_against_four("M up to 160", "refinedweb")}. Paired by their multipliers ({len(near_pairs.get_group("redpajama"))} pairs on each) the two
ends are then worse in {worse["redpajama"]:.0%} and {worse["refinedweb"]:.0%} of pairs, in the median by a factor of
{ratio["redpajama"]:.1f} and {ratio["refinedweb"]:.1f} (with longer runs: {ratio_far["redpajama"]:.1f} and {ratio_far["refinedweb"]:.1f}), and
save {saved["redpajama"]:.0%} of the compute. Without the other store and at like compute it is the same. At eight runs each the two ends
win: they hold four multipliers, all four sizes two. But on these two sets the 0.411B runs at $M = 320$ and 640 are those of the
other store, like the target of most tokens, so it cannot be told whether it is their length that lets the middle be skipped. On C4 the
two ends are no worse, with the other store ({two_against_four("all", "c4")}) or without ({two_against_four("one store", "c4")})."""
)

# %% [markdown]
# ## Two exponents, or one
#
# Both laws on the same designs without $M = 5$, those where both fits are sound: the median worst miss by how many
# runs they hold, then the median miss at each target with its sign, and how often the tied law is nearer.

# %%
laws = sound.pivot_table(
    values="worst", index=["dataset", "sizes", "multipliers", "has_M5", "n_runs"], columns="law"
).dropna()
paired = laws.xs(False, level="has_M5")
counts = pd.cut(paired.index.get_level_values("n_runs"), [4, 8, 12, 20, 28], labels=["5-8", "9-12", "13-20", "21-28"])
by_count = paired.groupby(["dataset", counts], observed=True).agg(designs=("tied", "size"), tied=("tied", "median"), free=("free", "median"))
by_count.rename_axis(["dataset", "runs"]).unstack(0)

# %%
both_sound = stored_misses.set_index(["dataset", "sizes", "multipliers", "n_runs"])
both_sound = both_sound.loc[paired.index].pivot_table("relative_error", ["dataset", "sizes", "multipliers", "target"], "law")
both_sound["tied nearer"] = both_sound["tied"].abs() < both_sound["free"].abs()
of_target = both_sound.groupby("target")
by_target = of_target[["tied", "free"]].median().join(of_target["tied nearer"].mean())
other_files = run_table().set_index("run")["other_files"]
by_target.insert(0, "files", np.where(other_files[by_target.index], "other", "first"))
by_target

# %% jupyter={"source_hidden": true} tags=["remove-input"]
better = (paired["tied"] < paired["free"]).groupby("dataset").mean()


def law_at(law, dataset, runs):
    return by_count.loc[(dataset, runs), law]


at_1B = by_target[by_target.index.str.endswith("1.4B-M20")].set_axis(list(tables))
assert list(at_1B["files"]) == ["first", "other", "first"] and (by_target.iloc[3:]["free"] < 0).all()
assert (by_target["files"].iloc[3:] == "other").sum() == 5
Markdown(
    f"""On the {len(paired):,} designs the second exponent makes the worst miss greater in {better.min():.0%} to {better.max():.0%} of cases;
on C4 the medians are next to each other. It is not the noise of few runs, for that would shrink with more: from 5-8 runs to 21-28
the free law's median goes from {law_at("free", "redpajama", "5-8"):.1%} to {law_at("free", "redpajama", "21-28"):.1%} on RedPajama and from
{law_at("free", "refinedweb", "5-8"):.1%} to {law_at("free", "refinedweb", "21-28"):.1%} on RefinedWeb, the tied law's from
{law_at("tied", "redpajama", "5-8"):.1%} to {law_at("tied", "redpajama", "21-28"):.1%} and from {law_at("tied", "refinedweb", "5-8"):.1%} to
{law_at("tied", "refinedweb", "21-28"):.1%}. On both sets the free law is too low at every target in the median. But all three on
RedPajama and two on RefinedWeb name other files than the five. At 1.4B and $M = 20$, of the first files on C4 and RefinedWeb
and on RedPajama of the same folder in a third store, the tied law is nearer in
{at_1B.loc["c4", "tied nearer"]:.0%} (C4), {at_1B.loc["redpajama", "tied nearer"]:.0%} and {at_1B.loc["refinedweb", "tied nearer"]:.0%} of designs; the medians of
the free law are {at_1B.loc["c4", "free"]:+.1%}, {at_1B.loc["redpajama", "free"]:+.1%} and {at_1B.loc["refinedweb", "free"]:+.1%}, of the tied
{at_1B.loc["c4", "tied"]:+.1%}, {at_1B.loc["redpajama", "tied"]:+.1%} and {at_1B.loc["refinedweb", "tied"]:+.1%}. So on two sets it is bias, smaller
there than at 6.9B; on C4 both laws are low alike. That the second exponent follows what
[all training sets share](04_overtraining.ipynb) is our reading. All this concerns extrapolations to 1.4B and 6.9B on this
testbed; within a grid, and on [other grids](08_other_grids.ipynb), the free law can be the better one."""
)

# %% [markdown]
# ## Every five of the clean grid
#
# Sizes and columns make tidy designs, and the paper's five are not one. So take every subset of five runs
# with $M$ of 10 or more: all on RedPajama, and on the other two sets those that cost no more than the
# paper's five.

# %%
def fit_fives(dataset):
    runs = small[dataset].query("M > 5").reset_index(drop=True)
    fives = list_subsets(len(runs), 5)
    cost = fives @ runs["C"].to_numpy()
    paper = (fives == runs["run"].isin(select_loss_fit(tables[dataset])["run"]).to_numpy()).all(axis=1)
    cheap = cost <= cost[paper]
    fitted = cheap | (dataset == "redpajama")
    laws, status = fit_designs(runs, fives[fitted])
    n_sizes = (fives @ pd.get_dummies(runs["size"]).to_numpy()).sum(axis=1)
    known = {"status": status, "cheap": cheap[fitted], "paper": paper[fitted], "n_sizes": n_sizes[fitted]}
    return miss_targets(laws, large[dataset]).assign(dataset=dataset, **known)


fives = pd.concat([fit_fives(dataset) for dataset in tables], ignore_index=True)
len(fives)

# %% [markdown]
# Of those that converged and cost no more than the paper's five:

# %%
papers = fives[fives["paper"]].set_index("dataset")["worst"]
usable = fives[fives["status"] == "converged"]
clean_fives = usable[usable["dataset"] == "redpajama"]
cheap = usable[usable["cheap"] & ~usable["paper"]]
cheap = cheap.assign(beats=is_nearer(cheap["worst"], cheap["dataset"].map(papers)))
cheap_table = cheap.groupby("dataset").agg(designs=("beats", "size"), median=("worst", "median"), beat_the_paper=("beats", "mean"))
four_sizes = cheap[cheap["n_sizes"] == 4].groupby("dataset")["beats"].agg(["size", "mean"])
cheap_table.assign(paper=papers, of_four_sizes=four_sizes["size"], of_those_beat=four_sizes["mean"])

# %% mystnb={"image": {"alt": "Rising curves of the share of five-run designs without M = 5 that miss no large run by more than so much, from 0.1 to 100 per cent: one for each training set, of the designs that cost no more than the paper's, and a dashed one of all designs of RedPajama, left of the others. A large marker near the foot of each curve is the paper's five, highest on C4."}, "figure": {"caption": "Five-run designs without M = 5 whose fit has converged: the share that misses none of the three large runs by more than the value across. Solid: those that cost no more than the paper's five, the marker; below it lie those that beat them.", "name": "fig-fives"}}
figure, ax = plt.subplots(figsize=(7, 4))
for dataset, label in DATASET_LABELS.items():
    own = cheap[cheap["dataset"] == dataset]
    draw_cumulative(ax, own["worst"], dataset, label=f"{label}, no dearer ({len(own):,})")
    place = papers[dataset], cheap_table.loc[dataset, "beat_the_paper"]
    ax.plot(*place, DATASET_MARKERS[dataset], color=DATASET_COLOURS[dataset], markeredgecolor="white", markersize=10)
draw_cumulative(ax, clean_fives["worst"], "redpajama", linestyle="--", label=f"RedPajama, all ({len(clean_fives):,})")
ax.set(xlabel="worst of three misses of L, relative", ylabel="share of designs", xlim=(1e-3, 1))
beaten = cheap_table["beat_the_paper"]
ax.set_title(f"{beaten.min():.0%} to {beaten.max():.0%} of the designs that cost no more beat the paper's five")
figure.legend(loc="outside lower center", ncols=2);

# %% jupyter={"source_hidden": true} tags=["remove-input"]
stored = load_result("subsets").query("target == 'worst'")
overall = stored[stored["designs"] == "without M=5"].set_index("dataset")["median"]
Markdown(
    f"""On RedPajama half of the converged ones miss some large run by more than
{clean_fives["worst"].median():.1%}, and the paper's five by at most {papers["redpajama"]:.2%}. Of those that cost no more than the
paper's, {beaten["redpajama"]:.1%} of {cheap_table.loc["redpajama", "designs"]:,} beat it on RedPajama,
{beaten["refinedweb"]:.1%} of {cheap_table.loc["refinedweb", "designs"]:,} on RefinedWeb and {beaten["c4"]:.1%} of
{cheap_table.loc["c4", "designs"]:,} on C4. Most of these hold fewer sizes; of those with all four sizes
{four_sizes.loc["redpajama", "mean"]:.1%}, {four_sizes.loc["refinedweb", "mean"]:.1%} and {four_sizes.loc["c4", "mean"]:.1%} do.
Subsets of four are left out: they fit exactly, sometimes by several laws, and rounding decides which."""
)

# %% [markdown]
# Is it the plan that makes the paper's five good? The plan: all four sizes at one $M$, the ray, and
# one run at another $M$. Here is that plan on every ray but $M = 5$, with every fifth run: the median worst
# miss of each ray.

# %%
def follow_plan(dataset):
    runs, found = small[dataset], []
    for M in sorted(set(runs["M"]) - {5}):
        ray = (runs["M"] == M).to_numpy()
        fifths = np.flatnonzero(~ray & (runs["M"] > 5).to_numpy())
        five = ray | (np.arange(len(runs)) == fifths[:, None])
        laws, status = fit_designs(runs, five)
        misses = miss_targets(laws, large[dataset])
        found.append(misses.assign(dataset=dataset, ray=M)[np.isin(status, SOUND) & (ray.sum() == 4)])
    return pd.concat(found)


plan = pd.concat([follow_plan(dataset) for dataset in tables], ignore_index=True)
dearest = "0.411B-M" + plan["ray"].astype(int).astype(str)
plan["other_store"] = (plan["dataset"] + "-" + dearest).map(other_files)
all_rays = plan.groupby(["dataset", "ray"])[["worst", "6.9B", "other_store"]].median()
all_rays["worst"].unstack(0).round(3).astype(object).fillna("–")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
whole = plan.groupby("dataset")["worst"].median()
odd_store = all_rays[all_rays["other_store"] == 1]
first_store = all_rays[all_rays["other_store"] == 0]
at_10 = first_store["worst"].xs(10, level="ray")
longer = first_store["worst"].drop(index=10, level="ray")
assert odd_store["6.9B"].max() < 0
ray_40 = all_rays["worst"].unstack()
assert (ray_40[40] < ray_40[20]).all()
Markdown(
    f"""Over the {len(plan)} designs of the plan the median worst miss is
{whole["redpajama"]:.1%} on RedPajama, {whole["refinedweb"]:.1%} on RefinedWeb and {whole["c4"]:.1%} on C4. The plan stands or falls with its ray, and
with the ray's dearest run: four runs fix three numbers, so little averages an odd run out. On {len(odd_store)} of the {len(all_rays)}
rays that run, 0.411B, is one of the other store: $M = 80$ and $320$ on C4, $320$ and $640$ on RedPajama and RefinedWeb.
Their medians are {odd_store["worst"].min():.1%} to {odd_store["worst"].max():.1%}, and all of them
predict 6.9B too low. C4 shows it best: between the two, $M = 160$, whose dearest run is of the first store, has {all_rays.loc[("c4", 160), "worst"]:.1%}.
On the other two sets only the longest rays are concerned, so store and ray cannot be told apart there. Of the other rays $M = 10$ has {at_10.min():.1%} to {at_10.max():.1%}, those from $M = 20$ up {longer.min():.1%} to {longer.max():.1%}.
The authors' ray is a good one, and not the best: $M = 40$ does better on all three training sets, at twice the cost."""
)

# %% [markdown]
# Which single run makes a good five? Each cell is the median over all converged fives that hold the
# run, at any price, from a stored table.

# %% mystnb={"image": {"alt": "Three heat maps, one per training set, sizes down and multipliers across: median worst miss in per cent of the five-run designs that hold a run. The cells 0.079B and 0.411B at M = 5 stand out as the worst. The best are 0.011B at M = 5 on RedPajama, and others on the other two sets."}, "figure": {"caption": "Median over all converged five-run designs that hold a run, of the worst of their three misses, in per cent.", "name": "fig-run-map"}}
held = stored[stored["designs"].str.startswith("with ")].assign(run=lambda t: t["designs"].str[5:])
held = held.merge(run_table()[["run", "size", "M"]], on="run")
figure, axes = plt.subplots(3, 1, figsize=(7, 7.2), sharex=True)
for ax, (dataset, label) in zip(axes, DATASET_LABELS.items(), strict=True):
    own = held[held["dataset"] == dataset]
    draw_run_map(ax, own, "median", cmap="YlOrBr", vmin=3, vmax=20, cbar=False)
    ax.set(title=label, xlabel="")
axes[-1].set_xlabel("M, tokens per parameter")
figure.suptitle("Fives with 0.079B or 0.411B at M = 5 do worst", fontweight="bold");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
short = stored[stored["designs"] == "M=5 at 0.011B only"].set_index("dataset")["median"]
assert (short < overall).all()
Markdown(
    f"""$M = 5$ is not bad in itself. Fives whose only run at $M = 5$ is that of 0.011B have a median of {short["c4"]:.1%} on
C4, {short["redpajama"]:.1%} on RedPajama and {short["refinedweb"]:.1%} on RefinedWeb; fives without any have
{overall["c4"]:.1%}, {overall["redpajama"]:.1%} and {overall["refinedweb"]:.1%}. It is the larger sizes at $M = 5$ that mislead."""
)

# %% [markdown]
# ## Leave one out
#
# How far does a prediction move when one run is taken away? First from the paper's five (change of the
# predicted loss over the measured loss), then from the clean grid.

# %%
paper_moves = pd.concat([move_without(select_loss_fit(t), large[d]) for d, t in tables.items()])
paper_moves.pivot(
    index=["size", "M", "status"], columns="dataset", values=["1.4B over-trained", "6.9B"]
).round(4) + 0.0

# %% mystnb={"image": {"alt": "Three heat maps, one per training set, sizes down and multipliers from 10 to 640 across: change of the predicted loss at 6.9B in per cent when one run is left out of the small runs with M of 10 or more. Most cells are within half a per cent of zero; in each map the largest is negative, 0.011B at M = 10."}, "figure": {"caption": "The clean grid (small runs with M of 10 or more) less one run: by how much the predicted loss at 6.9B moves, in per cent of the measured loss.", "name": "fig-influence"}}
figure, axes = plt.subplots(3, 1, figsize=(7, 7.2), sharex=True)
for ax, (dataset, label) in zip(axes, DATASET_LABELS.items(), strict=True):
    own = clean_moves[clean_moves["dataset"] == dataset]
    look = {"cmap": "RdBu_r", "center": 0, "vmin": -2, "vmax": 2, "fmt": "+.1f"}
    draw_run_map(ax, own, "6.9B", **look, cbar=False)
    ax.set(title=label, xlabel="")
axes[-1].set_xlabel("M, tokens per parameter")
title = f"No run moves the 6.9B prediction by more than {clean_moves['moved'].max():.1%}"
figure.suptitle(title, fontweight="bold");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
most = clean_moves.loc[clean_moves.groupby("dataset")["moved"].idxmax()].set_index("dataset")
assert (most["size"] == "0.011B").all() and (most["M"] == 10).all() and (most["6.9B"] < 0).all()
whole_moves = pd.concat([move_without(runs, large[d]) for d, runs in small.items()])
whole_moves = whole_moves.assign(moved=whole_moves["6.9B"].abs(), M5=whole_moves["M"] == 5).groupby("M5")["moved"].max()
dear = paper_moves[(paper_moves["size"] == "0.411B")]["6.9B"].abs()
Markdown(
    f"""Among the paper's five the dearest run carries the prediction at 6.9B: without it that moves by
{dear.min():.0%} to {dear.max():.0%}. The fifth run, off the ray, does not move it at all; without it the over-trained
prediction is meaningless, and the status says so. In the clean grid taking away a run moves the prediction at 6.9B by at most
{most.loc["c4", "moved"]:.1%} on C4, {most.loc["redpajama", "moved"]:.1%} on RedPajama and {most.loc["refinedweb", "moved"]:.1%} on RefinedWeb,
{clean_moves["moved"].median():.2%} in the middle. The most is always that of 0.011B at $M = 10$, the cheapest run, which holds the far
end of the curve. With the $M = 5$ runs in the grid as well, those move it by up to {whole_moves[True]:.1%}, any other by at most
{whole_moves[False]:.1%}. So any one run could have been skipped, though on RedPajama, where the grid misses 6.9B by
{at_7B["redpajama", "all small runs"]:+.2%}, such moves are larger than the miss."""
)

# %% [markdown]
# ## On the ray and off it
#
# Along one ray, all runs at one $M$, the two power terms are the same column up to a factor, and no fit
# can tell $A$ from $B$. How bad is it near a ray? The condition number says by how much a fit can blow
# up an error of the losses: with $J$ the Jacobian of the law at the fit, its columns scaled to
# length one,
#
# $$
# \begin{aligned}
# \mathrm{cond}(J) &= \frac{\text{largest singular value of } J}{\text{smallest singular value of } J}, \\
# J &= \left(1,\; N^{-\alpha},\; D^{-\alpha},\;
# -A N^{-\alpha}\ln N - B D^{-\alpha}\ln D\right)
# \end{aligned}
# $$ (eq-condition)
#
# {cite}`kricheli2026` find fits along one ray ill-conditioned, and designs off it better. Here are all
# designs with two columns of $M$, by how far apart the two are.

# %%
tied = designs[(designs["law"] == "tied") & ~designs["has_M5"]]
pairs = tied[(tied["n_multipliers"] == 2) & (tied["n_sizes"] > 1) & tied["status"].isin(SOUND)]
M = pairs["multipliers"].str.extract(r"M(\d+)\+M(\d+)").astype(float)
pairs = pairs.assign(ratio=M[1] / M[0])
by_ratio = pairs.groupby(["dataset", "ratio"]).agg(
    designs=("worst", "size"),
    **{y: (y, "median") for y in ("condition", "worst")},
    **{f"{y}_{end}": (y, lambda v, q=q: v.quantile(q)) for y in ("condition", "worst") for end, q in (("lo", 0.25), ("hi", 0.75))},
).reset_index()

# %% mystnb={"image": {"alt": "Two panels over the ratio of the two multipliers from 2 to 64. Left: the median condition number falls steadily, to less than half, on all three training sets. Right: the median of the worst miss falls by half on RefinedWeb, a little on RedPajama, and goes up and down on C4; the bars of the right panel overlap."}, "figure": {"caption": "Designs with two multipliers, 10 or more, by the ratio of the two: condition number of the fit, and worst miss. Markers are medians, bars the middle half of 8 to 54 designs; a ratio of 64 is M = 10 with 640 alone.", "name": "fig-condition"}}
figure, axes = plt.subplots(1, 2, figsize=(7, 3.8))
draw_conditions(axes[0], by_ratio, "condition").set(ylabel="condition number", ylim=(0, None))
draw_conditions(axes[1], by_ratio, "worst").set(ylabel="worst of three misses of L", ylim=(0, None))
axes[1].yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}%")
axes[0].legend()
figure.suptitle("Off the ray fits are better conditioned; predictions gain less", fontweight="bold");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
ends = by_ratio.groupby("ratio")[["condition"]].median()
near, far = (pairs[pairs["ratio"] == r].groupby("dataset")["worst"].median() for r in (2, 64))
rank = clean.groupby("dataset")[["condition", "worst"]].apply(lambda t: t.corr("spearman").iloc[0, 1])
assert tied.loc[tied["n_multipliers"] == 1, "condition"].min() > 1e14
Markdown(
    f"""On one ray the condition number is infinite, in numbers with 16 digits above $10^{{14}}$. A second
column at twice the $M$ brings it to {ends["condition"].iloc[0]:,.0f}, one at 64 times to
{ends["condition"].iloc[-1]:,.0f}. The prediction improves less than the condition: from a ratio of 2 to one of 64 the
median worst miss goes from {near["redpajama"]:.1%} to {far["redpajama"]:.1%} on RedPajama, {near["refinedweb"]:.1%} to
{far["refinedweb"]:.1%} on RefinedWeb and {near["c4"]:.1%} to {far["c4"]:.1%} on C4. Over all sound designs without
$M = 5$ the rank correlation of condition and worst miss is {rank["redpajama"]:.2f}, {rank["refinedweb"]:.2f} and
{rank["c4"]:.2f} (C4). So a badly conditioned fit is a reason to doubt its prediction. A well conditioned one is no proof of it:
a law that is off predicts badly however well its coefficients are fixed."""
)

# %% [markdown]
# ## What moves, and what does not
#
# The coefficients of all these fits: each point is a sound design of three or four sizes, without $M = 5$.

# %% mystnb={"image": {"alt": "Three panels, one per training set: relative error of the predicted loss at 6.9B, up, over the fitted irreducible loss E from 0 to 3 nats, across. Each cloud is a rising band: a low E goes with a prediction that is too low."}, "figure": {"caption": "Designs with three or four sizes: the fitted irreducible loss and the miss at 6.9B that goes with it.", "name": "fig-wandering"}}
wide = clean[clean["n_sizes"] >= 3]
figure, axes = plt.subplots(1, 3, figsize=(7, 3.3), sharex=True, sharey=True)
for ax, (dataset, label) in zip(axes, DATASET_LABELS.items(), strict=True):
    draw_wandering(ax, wide[wide["dataset"] == dataset], dataset)
    ax.set(title=label, xlabel="E, nats/token")
axes[0].set_ylabel("miss of the loss at 6.9B")
nine_tenths = wide.groupby("dataset")[["E", "6.9B"]].quantile([0.05, 0.95]).unstack()
E_factor = nine_tenths["E"][0.95] / nine_tenths["E"][0.05]
spread = nine_tenths["6.9B"][0.95] - nine_tenths["6.9B"][0.05]
title = f"E wanders by a factor of {E_factor.min():.1f} to {E_factor.max():.1f}, predictions by {spread.min():.0%} to {spread.max():.0%}"
figure.suptitle(title, fontweight="bold");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
eta_lo, eta_hi = wide["eta"].quantile(0.05), wide["eta"].quantile(0.95)
spread_1 = wide.groupby("dataset")["1.4B"].quantile(0.95) - wide.groupby("dataset")["1.4B"].quantile(0.05)
Markdown(
    f"""Nine in ten of these designs give an $E$ between {nine_tenths["E"].min().min():.1f} and
{nine_tenths["E"].max().max():.1f} nats, on one training set a factor of {E_factor.min():.1f} to {E_factor.max():.1f}, and an $\\eta$ between {eta_lo:.2f} and {eta_hi:.2f}. The
predictions at 6.9B spread over {spread.min():.0%} to {spread.max():.0%} of the loss, at 1.4B over {spread_1.min():.0%} to
{spread_1.max():.0%}: the fits agree near the small runs and part with distance. Quote the prediction, and say which design
it came from; do not quote $E$."""
)

# %% [markdown]
# ## The cheapest designs
#
# Now the table one would like to have: the cheapest design that misses none of the three large runs by
# more than 1, 2 or 5%. It is found by looking at the answer, so two columns judge it. `share_alike` is the
# share of the other designs, of half to twice its cost, that stay under the limit. `elsewhere` is the worst
# miss, on this training set, of the design that is the cheapest under the limit on the other two.

# %%
best = pd.concat([find_cheapest(sound[sound["law"] == "tied"], limit) for limit in LIMITS])
best = best.set_index(["limit", "dataset"])
best["1e18 FLOPs"] = best["compute"] / 1e18
shown = ["sizes", "multipliers", "1e18 FLOPs", "worst", "share_alike", "elsewhere"]
best[shown].astype(object).fillna("–")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
elsewhere = best["elsewhere"].dropna()
over = elsewhere > elsewhere.index.get_level_values("limit")
Markdown(
    f"""Read alone, the table promises 5% for {best.loc[0.05, "compute"].min():.1e} FLOPs, 2% for
{best.loc[0.02, "compute"].min():.1e}, and 1% for {best.loc[0.01, "compute"].min():.1e} (never on C4). But of the designs of like
cost only {best["share_alike"].min():.0%} to {best["share_alike"].max():.0%} are under the limit; and of the {len(elsewhere)}
designs chosen on other training sets, {over.sum()} break it, with misses up to {elsewhere.max():.0%}. Every row is the
luckiest of {int(best["n_designs"].min()):,} or more. (A dash: no design passes, on this set or on both others.)"""
)

# %% [markdown]
# What a reader can use is a kind of design, not a design. Four kinds, tied law, without $M = 5$: the
# smallest and the largest size both in or not, and $M$ over a factor of 16 or not. All cost between $10^{20}$ and
# $3 \cdot 10^{20}$ FLOPs. Designs with both properties hold more runs, so they are compared at like count of
# runs. C4 stands apart, without the runs of the other store.

# %%
def name_kinds(own):
    span = own["multipliers"].str.findall(r"\d+").map(lambda m: float(m[-1]) / float(m[0]))
    ends = own["sizes"].str.startswith("0.011B") & own["sizes"].str.endswith("0.411B")
    runs = pd.cut(own["n_runs"], [3, 6, 9], labels=["4-6", "7-9"])
    named = own.assign(both_ends=ends, wide_M=span >= 16, runs=runs)
    return named[named["compute"].between(1e20, 3e20)].groupby(["both_ends", "wide_M", "runs"], observed=True)


kinds_on = {
    "RedPajama, RefinedWeb": clean[clean["dataset"] != "c4"],
    "C4, one store": one_store[one_store["dataset"] == "c4"],
}
kind_table = pd.concat(
    {
        name: name_kinds(own).agg(
            designs=("worst", "size"), median=("worst", "median"), within_5=("worst", lambda w: (w <= 0.05).mean())
        )
        for name, own in kinds_on.items()
    }
)
kind_table.unstack("runs")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
two_sets, on_C4 = (kind_table.loc[name]["median"] for name in kinds_on)
few, more = two_sets.xs("4-6", level="runs"), two_sets.xs("7-9", level="runs")
few_C4, more_C4 = on_C4.xs("4-6", level="runs"), on_C4.xs("7-9", level="runs")
assert more[(True, False)] < 0.3 * more[(False, False)] and abs(more[(True, True)] - more[(True, False)]) < 0.005
Markdown(
    f"""On RedPajama and RefinedWeb, of four to six runs, the median goes from {few[(False, False)]:.1%} with neither property to
{few[(True, True)]:.1%} with both. Of seven to nine runs both ends do it alone: from {more[(False, False)]:.1%} to
{more[(True, False)]:.1%}, and {more[(True, True)]:.1%} with a wide $M$ besides. On C4 without the other store both properties
bring less: {few_C4[(False, False)]:.1%} to {few_C4[(True, True)]:.1%} and {more_C4[(False, False)]:.1%} to
{more_C4[(True, True)]:.1%}. Some cells hold few designs, and designs share runs. The two properties were picked after looking
at these runs; but they are two, not thousands."""
)

# %% [markdown]
# ## On your own runs
#
# `scaling backtest RUNS` does the same with any table: each size is predicted from the smaller sizes
# alone, beside two baselines: no change from the dearest smaller run, and the straight line through the two
# dearest. In Python, the mean misses of the law and of both:

# %%
from scaling.forecast.backtest import sum_up

held_out = pd.concat(
    scaling.backtest(table.query("M > 5"), loss_set="c4_eval", law="tied").to_frame().assign(dataset=dataset)
    for dataset, table in tables.items()
)


def mean_misses(own):
    return sum_up(own)["mean"].rename({"predicted": "law"}).to_frame().T.assign(runs=len(own))


judged = {"converged": held_out[held_out["status"] == "converged"], "all": held_out}
summary = pd.concat(
    {(which, dataset): mean_misses(own) for which, some in judged.items() for dataset, own in some.groupby("dataset")}
).droplevel(2)
summary

# %% jupyter={"source_hidden": true} tags=["remove-input"]
law, line = (summary[name].unstack(0) for name in ("law", "line"))
assert (law["all"] - line["all"]).abs().max() < 0.005
Markdown(
    f"""On the runs that a converged fit predicts, the law misses by {law["converged"].min():.1%} to {law["converged"].max():.1%} on average, the line through the two dearest
smaller runs by {line["converged"].min():.1%} to {line["converged"].max():.1%}. That choice helps the law: it leaves out the size that has but one size below it, where the law
is worst and the status warns. Over all held-out runs the two are level:
{law.loc["refinedweb", "all"]:.1%} and {line.loc["refinedweb", "all"]:.1%} on RefinedWeb, {law.loc["redpajama", "all"]:.1%} and
{line.loc["redpajama", "all"]:.1%} on RedPajama, {law.loc["c4", "all"]:.1%} and {line.loc["c4", "all"]:.1%} on C4."""
)

# %% [markdown]
# ## The error, without the 1.4B run
#
# This last section is about the second law, which [from loss to average error](09_error_law.ipynb) explains; it
# can be read after that chapter. What it needs: the error of a task is one minus accuracy, the average
# error is the mean over 17 tasks, and the law says that it falls with the loss as
#
# $$
# \mathrm{Err}(L) = \epsilon - k\,e^{-\gamma L}.
# $$ (eq-error-here)
#
# The recipe fits it to six runs: the five and 1.4B at $M = 20$, which costs ten times the other five. The
# paper's Table 7 leaves the sixth out, and so does this section. Each row predicts the error at 6.9B and
# gives relative errors: of the law read at the predicted loss, of the law read at the measured loss
# (`law_alone`), and of a straight line in the loss through the two best runs (`ruler_in_loss`).

# %%
chain = load_result("without_largest")
average = chain[chain["task"] == "avg17"].set_index(["dataset", "recipe"])
average[["gamma", "predicted", "actual", "relative_error", "law_alone", "ruler_in_loss"]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
with_it, without_it = (average.xs(r, level="recipe") for r in ("authors", "without 1.4B"))
Markdown(
    f"""With the sixth run the average error at 6.9B is missed by {with_it["relative_error"].abs().min():.2%} to
{with_it["relative_error"].abs().max():.1%}. Without it, on RedPajama by {without_it.loc["redpajama", "relative_error"]:+.0%}
and on RefinedWeb by {without_it.loc["refinedweb", "relative_error"]:+.0%}. C4 keeps its
{abs(without_it.loc["c4", "relative_error"]):.1%}, because two misses cancel: the predicted loss is too low, and at the measured loss
the law is {without_it.loc["c4", "law_alone"]:+.0%} off. The ruler in loss, without the run, misses by
{without_it["ruler_in_loss"].abs().mean():.0%} on average, so here the curve beats the ruler
({without_it["relative_error"].abs().mean():.0%}); with the run both have
{with_it["relative_error"].abs().mean():.0%} and {with_it["ruler_in_loss"].abs().mean():.0%}."""
)

# %% [markdown]
# And the four single tasks of the paper's Table 2:

# %%
single = chain[chain["task"] != "avg17"]
single.pivot(index="task", columns=["dataset", "recipe"], values="relative_error").sort_index(axis=1)

# %% [markdown]
# Why? Beyond its data the law's distance to $\epsilon$ grows by $e^{\gamma \Delta L}$, where $\Delta L$ is how
# far below the lowest fitted loss it is read. The five runs see the beginning of the fall only, so they leave
# $\gamma$ loose; and $\gamma$ stands in the exponent.

# %%
def lowest_losses(dataset):
    table = tables[dataset]
    five, large = select_loss_fit(table), table[table["size"] == "6.9B"]
    six = pd.concat([five, table.query("size == '1.4B' and M == 20")])
    return {
        "authors": six["loss_c4_eval"].min(),
        "without 1.4B": five["loss_c4_eval"].min(),
        "6.9B": large["loss_c4_eval"].item(),
    }


lowest = pd.DataFrame({dataset: lowest_losses(dataset) for dataset in tables})

# %% mystnb={"image": {"alt": "Two panels of error over loss. Left, mean error of 17 tasks on RefinedWeb: the law of the five runs, dashed below a loss of about 3.1, falls too slowly and passes above the 6.9B run. Right, OpenBookQA on C4: the law of the five runs falls off a cliff, to below 30 per cent at the loss of the 6.9B run, whose measured error is about 63 per cent."}, "figure": {"caption": "Error laws fitted to the five runs and to the six, dashed below their data. The star at the left end is the 6.9B run.", "name": "fig-without-largest"}}
cases = {"refinedweb": "err_avg17", "c4": "err_openbook_qa"}
figure, axes = plt.subplots(1, 2, figsize=(7, 4))
for ax, (dataset, task) in zip(axes, cases.items(), strict=True):
    table = tables[dataset]
    law_of = {r.name: fit_chain(table, error_column=task, recipe=r).error_fit.law for r in (AUTHORS, WITHOUT_LARGEST)}
    named = {"fitted to the five": WITHOUT_LARGEST.name, "and to 1.4B, M = 20": AUTHORS.name}
    drawn = {label: (law_of[name], lowest.loc[name, dataset]) for label, name in named.items()}
    draw_error_laws(ax, table, drawn, select_loss_fit(table), task)
axes[0].set(title="RefinedWeb, mean of 17", ylabel="Err, top-1 error")
axes[1].set(title="C4, OpenBookQA", ylim=(0, 0.85))
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
figure.suptitle("Beyond its data the exponential goes where a loose rate sends it", fontweight="bold");

# %% jupyter={"source_hidden": true} tags=["remove-input"]
mean_single = single.groupby("recipe")["relative_error"].agg(lambda x: x.abs().mean())
ruler_single = single.groupby("recipe")["ruler_in_loss"].agg(lambda x: x.abs().mean())
worst_single = single.loc[single["relative_error"].abs().idxmax()]
below_five, below_six = (lowest.loc[name] - lowest.loc["6.9B"] for name in ("without 1.4B", "authors"))
of_five = chain[chain["recipe"] == "without 1.4B"].set_index("task")
growth = np.exp(of_five["gamma"] * of_five["dataset"].map(below_five))
Markdown(
    f"""The 6.9B runs lie {below_five.min():.2f} to {below_five.max():.2f} nats below the lowest of
the five and {below_six.min():.2f} to {below_six.max():.2f} below the sixth. From five runs the
distance to $\\epsilon$ has to grow by a factor of {growth["avg17"].min():.2f} to {growth["avg17"].max():.2f} for the average,
and for a single task by up to {growth.max():.0f}. The worst is {worst_single["task"]} on
{DATASET_LABELS[worst_single["dataset"]]}, {worst_single["relative_error"]:+.0%}: an error of {worst_single["predicted"]:.0%}
predicted, {worst_single["actual"]:.0%} measured (the chain reads the law at a loss lower still than the measured one, where the
figure ends). On average over the twelve single predictions leaving the run out changes
little for the law ({mean_single["authors"]:.0%} with, {mean_single["without 1.4B"]:.0%} without): it was no good before. The ruler
has {ruler_single["authors"]:.0%} with the run and {ruler_single["without 1.4B"]:.0%} without. For the law it is the averages that the
sixth run pays for."""
)

# %% [markdown]
# ## What we learnt

# %% jupyter={"source_hidden": true} tags=["remove-input"]
speed = pd.read_csv(data_path("results", "sweep_speed.csv")).iloc[0]
Markdown(
    f"""
- The two end sizes alone do nearly as well as all four if 0.411B is trained to $M$ of 320 or more
  ({two_against_four("M to 320 or 640", "redpajama")} on RedPajama, {two_against_four("M to 320 or 640", "refinedweb")} on RefinedWeb; these runs are
  of another store). With $M$ up to 160 the miss grows {ratio.drop("c4").min():.1f} to {ratio.drop("c4").max():.1f} times, for {saved["redpajama"]:.0%}
  of the compute. On C4 the smallest size is better skipped, but not once four runs of the other store are left out.
- In the clean grid no single run moves the prediction at 6.9B by more than {clean_moves["moved"].max():.1%}.
- More runs help on two training sets. On C4 as it stands they do not ({many["c4"]:.1%} with twenty or more); without the four
  it is {without["their median worst"]:.1%}, and the miss of the clean grid at 6.9B falls from {abs(every["its miss at 6.9B"]):.1%} to
  {abs(without["its miss at 6.9B"]):.1%}.
- Of the five-run designs that cost no more than the paper's, {beaten["redpajama"]:.0%} do better than it on RedPajama, {beaten["refinedweb"]:.0%}
  on RefinedWeb, {beaten["c4"]:.0%} on C4. A plan like the paper's stands or falls with its ray: median misses of {longer.min():.1%} to
  {longer.max():.1%} from $M = 20$ up, of {at_10.min():.1%} to {at_10.max():.1%} from $M = 10$, and of {odd_store["worst"].min():.1%} to
  {odd_store["worst"].max():.1%} where the ray's dearest run is of another store.
- The status warns rightly and is not enough: "two sizes and two multipliers" alone passes {(by_rule["worst"] <= 0.05).mean():.1%} within
  5%, the status lifts that to {(both_pass["worst"] <= 0.05).mean():.1%}.
- $E$ moves by a factor of {E_factor.min():.1f} to {E_factor.max():.1f}, predictions at 6.9B by
  {spread.min():.0%} to {spread.max():.0%}.
- Without the 1.4B run the error law misses the average by up to {without_it["relative_error"].abs().max():.0%}: an
  exponential read {below_five.max():.1f} nats below its data.
- The cheapest design found by looking at the answer seldom passes on another training set: {over.sum()} of {len(elsewhere)}
  broke their limit.
- The sweep of the tied law takes {speed["seconds"]:.1f} s; the paper's 128 starts, timed on {speed["n_timed"]} of its designs, would
  take about {speed["seconds_128_starts"] / 3600:.1f} hours (`make bench`; {speed["machine"]}; {speed["versions"]}).
"""
)

# %% [markdown]
# ## Exercises
#
# Work in new cells below this one.
#
# 1. Leave any *two* runs out of the clean grid of RedPajama. By how much does the prediction at 6.9B move at
#    most? `~list_subsets(28, 2)` has a row for each pair and is true for the runs that stay: `fit_designs` takes
#    it, and `miss_targets` takes the laws that come back.
# 2. Which five-run designs beat the paper's at no more cost on RedPajama? Look at the sizes they hold,
#    then judge the same designs on RefinedWeb. Hint: `fit_fives` has the masks; with $M > 5$ both
#    training sets hold the same 28 runs in the same order.
# 3. Rehearse: predict 0.411B at $M = 20$ from the three smaller sizes, for every choice of sizes and columns
#    (`list_choices` gives the choices and their masks). Does a design that predicts 0.411B well predict 6.9B
#    well?
#
# [Solutions](solutions.ipynb).

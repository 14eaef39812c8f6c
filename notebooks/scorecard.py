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
# # Printed beside ours
#
# *You need: nothing. Reading: 5 minutes. Running: 3 seconds.*

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import pandas as pd
from IPython.display import Markdown

from scaling.studies.scorecard import as_table, make_scorecard
from scaling.testbed.published import load_published

scorecard = as_table(make_scorecard())

# %% jupyter={"source_hidden": true} tags=["remove-input"]
printed = scorecard[scorecard["published"].notna()]
counts = printed["status"].value_counts()
Markdown(
    f"""**Short answer.** Of {len(printed)} printed numbers {counts["match"]} come out to the digits printed,
{counts.get("explained", 0)} differ for a reason given below, {counts.get("not_reproduced", 0)} of one paper are not reproduced, and {counts.get("differs", 0)} differ without a word."""
)

# %% [markdown]
# Each number that {cite}`gadre2024` prints about its fits and predictions stands beside the one that this book computes from the
# released runs. Then comes what others printed on total cost ([chapter 13](13_total_cost.ipynb)), beside what their own constants
# and data give.
#
# `match` means that ours rounds to the printed digits, `not_reproduced` that what the source names does not suffice. In a terminal
# `scaling scorecard` prints the same list, with `--json` for a script.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown(
    f"""Not all are independent: some numbers are printed twice, and
{int(load_published()["used_in_fit"].sum())} are residuals of runs that the law was fitted to. Relative
errors are compared without sign, as printed."""
)

# %% [markdown]
# ## Where ours differs, and why

# %%
explained = printed[printed["status"].isin(["explained", "not_reproduced"])].set_index("id")
explained[["published", "ours", "unit", "status"]]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
Markdown("\n".join(f"- `{name}`: {reason}." for name, reason in explained["reason"].items()))

# %% [markdown]
# ## By source

# %%
printed.groupby("source")["status"].value_counts().unstack(fill_value=0)

# %% [markdown]
# ## Ours alone
#
# The paper shows these without a number beside them, or not at all.
#
# | what | in the paper | chapter |
# |---|---|---|
# | the average over the tasks that a threshold keeps | Fig. 8 | [one task](10_task_noise.ipynb) |
# | models trained on C4, measured on code, Penn Treebank and German | Fig. 10 | [other text](06_other_text.ipynb) |
# | the errors at 6.9B when the 1.4B run is left out | Table 7 | [leave sizes out](05_leave_sizes_out.ipynb) |
# | the range of the slopes of equal $M$ | Fig. 17 | [over-training](04_overtraining.ipynb) |
# | the error of the error law alone, given the measured loss | | [the error law](09_error_law.ipynb) |
# | 90 % intervals to bet on around the six predicted losses | none | [how sure](11_intervals.ipynb) |
#
# Of Fig. 8 four thresholds are here, those that leave six tasks or more. From 38 to 45 points three tasks are left, and the fit of
# least residual has a wrong sign on RefinedWeb. At 50 one is left, and the sign is wrong on all three training sets.

# %%
alone = scorecard.loc[scorecard["published"].isna(), ["id", "source", "ours", "unit"]]
alone.set_index("id")

# %% [markdown]
# ## Every number

# %%
columns = ["id", "source", "published", "ours", "unit", "status"]
with pd.option_context("display.max_rows", None, "display.float_format", "{:.5g}".format):
    display(printed[columns].set_index("id"))

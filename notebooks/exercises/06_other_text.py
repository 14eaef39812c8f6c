# %% [markdown]
# # Exercises: Does the law survive a change of text?
#
# They belong to [the chapter](../06_other_text.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import numpy as np
import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.laws.fit import fit_loss_law
from scaling.studies.loss.loss_to_loss import OTHER_SETS, compare_routes
from scaling.studies.loss.ranks import rank_errors
from scaling.testbed.labels import LOSS_SETS
from scaling.testbed.runs import (
    run_table,
    select_error_fit,
    select_loss_fit,
    select_small,
    select_targets,
)

datasets = ("c4", "redpajama", "refinedweb")
c4_runs = run_table("c4")
c4_large = c4_runs[c4_runs["size"] == "6.9B"]

# %% [markdown]
# ### Exercise 1: Penn Treebank with one run more
#
# Fit the law (`fit_loss_law`) to the column `loss_paloma_ptb` of `c4_runs`, once with the five runs of `select_loss_fit`, once with
# the six of `select_error_fit`, which adds 1.4B at $M = 20$. What is left of the error at 6.9B? *Before you compute: will it halve,
# vanish or change its sign?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: all small runs to learn from
#
# Give the routes of `compare_routes` all small runs (`select_small(table, least_M=10)`) instead of five, and compare their errors at
# `select_targets(table)` over `OTHER_SETS` and `datasets`. Do it again without the runs marked `other_files`. *Before you
# compute: does the two-point line (`ruler`) gain or lose?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: one training set
#
# Rank the models of RedPajama alone by each loss: `rank_errors(runs, columns, "err_avg17", rng)`, with a column `loss_<name>` for each
# name in `LOSS_SETS.values()`. *Before you compute: do the eight losses differ as they do over all 104 models?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: your own text
#
# You must predict the loss of a large model on a text of your company, from five small runs. Which checks do you make before you
# train the large one, and what do you tell the person who pays for it?

# %% [markdown]
# # Exercises: Which runs could I have skipped?
#
# They belong to [the chapter](../05_leave_sizes_out.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import numpy as np
import pandas as pd

from scaling.studies.loss import ablation  # list_subsets, list_choices, fit_designs, miss_targets
from scaling.testbed.runs import run_table, select_large, select_loss_fit, select_small

DATASETS = ("c4", "redpajama", "refinedweb")
# All small runs with M of 10 or more, and the three large runs.
clean_grid = {
    d: select_small(run_table(d)).query("M > 5").reset_index(drop=True) for d in DATASETS
}
large_runs = {d: select_large(run_table(d)) for d in DATASETS}

# %% [markdown]
# ### Exercise 1: any two runs less
#
# Leave any *two* runs out of the clean grid of RedPajama. `~list_subsets(28, 2)` has a row for each pair; `fit_designs` takes it, `miss_targets` the laws that come back. *Before you compute: which pair moves the prediction
# at 6.9B most, and by more than 5%?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: better than the paper's five
#
# Which five-run designs on RedPajama cost no more than the paper's (`select_loss_fit`) and have a smaller worst error? Look at the sizes they hold, then judge the same designs on RefinedWeb, whose 28 runs have the same order.
# *Before you compute: which share of them is better there too?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: a rehearsal
#
# Predict 0.411B at $M = 20$ from the three smaller sizes, for every choice of sizes and columns (`list_choices` gives the choices and their masks), and 6.9B from the same runs. *Before you compute: does a design that predicts 0.411B
# well predict 6.9B well?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: your own five
#
# You may train five small runs for the price of the paper's five, and will predict a run of ten times the largest. Which five, and what will you check before you believe the prediction?

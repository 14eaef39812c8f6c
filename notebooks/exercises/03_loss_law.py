# %% [markdown]
# # Exercises: Can five small runs predict a large one?
#
# They belong to [the chapter](../03_loss_law.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import numpy as np
import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.laws.fit import fit_loss_law
from scaling.testbed.runs import run_table, select_loss_fit, select_targets

rp_five, rp_targets = select_loss_fit(run_table("redpajama")), select_targets(run_table("redpajama"))
datasets = ("c4", "redpajama", "refinedweb")

# %% [markdown]
# ### Exercise 1: without the run off the ray
#
# Fit `fit_loss_law` to the four runs of `rp_five` at $M = 20$ (`loss_c4_eval`). What does `status` say? *Before you compute: which of the two
# `rp_targets` is still predicted, and why?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: another objective
#
# Fit the five with `objective="loss"`, `"log"` and `"huber"`, and predict the loss of the 6.9B run. *Before you compute: will the three
# differ by more than the noisy copies?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: the best number of tokens per parameter
#
# Fit the five of each training set and read `M_opt` of the fitted `.law`, the $M^* = (b/a)^{1/(2\eta)}$ of least loss at a given compute. Then tabulate
# RedPajama's loss over $M$ at $10^{21}$ FLOPs ($N = \sqrt{C/6M}$). *Before you compute: would you train at $M^*$?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: what would you tell your manager?
#
# You have five small runs and want one 200 times as expensive. Write the three sentences that go with the predicted loss.

# %% [markdown]
# # Exercises: How sure are we?
#
# They belong to [the chapter](../11_intervals.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import pandas as pd

import scaling
from scaling.testbed.runs import run_table, select_loss_fit, select_targets


def select_five(dataset):
    """The paper's five small runs of a training set: N, D and the loss on C4 eval."""
    runs = select_loss_fit(run_table(dataset))[["N", "D", "loss_c4_eval"]]
    return runs.rename(columns={"loss_c4_eval": "loss"})


five_c4 = select_five("c4")

# %% [markdown]
# ### Exercise 1: without the fifth run
#
# Leave the last row out of `five_c4`, the run at $M = 320$. Predict 6.9B at $M = 20$ and at $M = 80$ with `scaling.predict(runs, N=6.9e9, M=M)`.
# *Before you compute: at which $M$ does the interval grow, and by how much?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: half the noise
#
# Replace each loss of `five_c4` by the mean of itself and the fitted law (`scaling.fit(five_c4).fit.law`), and predict 6.9B at $M = 20$ again.
# *Before you compute: does the law's interval (`law_lo`, `law_hi`) halve, and does the bet (`lo`, `hi`) shrink as much?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: even odds
#
# Predict the two targets of each training set (`select_targets(run_table(dataset))`) from `select_five(dataset)` with `level=0.5`.
# *Before you compute: how many of the six measured losses should lie inside, and how many more would surprise you?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: would you sign?
#
# A run is worth its price only if its loss is below 2.40. Your small runs predict 2.33, with a law's interval from 2.25 to 2.38 and a bet from 2.20 to 2.45. What do you recommend,
# and what would you pay to know more?

# %% [markdown]
# # Exercises: Can the same budget predict better?
#
# They belong to [the chapter](../07_better_predictor.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.laws.fit import fit_loss_law
from scaling.laws.prior import fit_with_prior
from scaling.studies.predictors.selection import GROUPS, load_scores
from scaling.studies.results import load_result
from scaling.testbed.runs import run_table, select_loss_fit, select_targets

backtest_scores = load_scores()  # a row per candidate: its error in each of GROUPS, and the score
candidate_outcomes = load_result("candidates").set_index("candidate")
rp_five, rp_targets = select_loss_fit(run_table("redpajama")), select_targets(run_table("redpajama"))
c4_small = run_table("c4").query("N < 1e9 and M >= 10")

# %% [markdown]
# ### Exercise 1: another rule of choice
#
# Take the candidate with the least error in one group of `GROUPS` alone (`backtest_scores["c4_eval"].idxmin()`), for each group, and look up its
# errors at the large runs in `candidate_outcomes`: `five_c4_eval`, `five_all_sets`, `grids_20`, `grids_100`. *Before you compute:
# which rule gives the best outcome on the other grids?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: without the fifth run
#
# Leave out the fifth of `rp_five`, the one at $M = 320$, and fit `fit_with_prior(N, D, loss)` to the other four on `loss_c4_eval`. What does
# `status` say? *Before you compute: which of the two runs of `rp_targets` is still predicted, and does the prior on
# $\alpha$ help with the other?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: until the prior no longer matters
#
# Fit `fit_with_prior` and the log loss (`fit_loss_law(..., objective="log")`) to the runs of `c4_small` of the two, three and four smallest
# sizes, and compare their exponents. *Before you compute: how many runs does it take until they agree within 5 %?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: your own rule
#
# You have thirty cheap runs and a new idea for the fit. Write down, in five lines and before you compute, how you will decide whether to
# use it for the one large run that you can pay.

# %% [markdown]
# # Exercises: And with my own data?
#
# They belong to [the chapter](../14_your_own_runs.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import pandas as pd

import scaling
from scaling.laws.repeated import effective_tokens
from scaling.studies.decide.own_case import add_nearer, hold_out, keep_better_half, predict_kpi
from scaling.tables.datafiles import data_path

case_runs = scaling.read_runs(data_path("results", "domain.csv")).drop(columns="loss_std_held_out")
case_small, case_large = hold_out(case_runs)  # eight small runs, and four held out
case_ten, case_two = add_nearer(case_small, case_large)  # with the two runs of the plan, and what is left

# %% [markdown]
# ### Exercise 1: the paper's law
#
# Predict the largest run, `case_large.iloc[-1]`, from the small ones with the paper's law: `scaling.predict(case_small, N=..., D=...,
# law="tied")`. Measured is its `loss_held_out`. *Before you compute: will it be nearer than the law with a prior, the default, and will it
# say so?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: tokens seen again
#
# The two runs of `case_two` saw their text more than once (`epochs`). How many fresh tokens is that worth, by `effective_tokens(D, D / epochs)`,
# and how much more loss does `scaling.predict(case_ten, N=..., D=...)` give at that $D$ than at the run's own? *Before you compute: does it explain a prediction that is too low?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: enough braces
#
# The held-out text has 131 closing braces. A run that closes a share $p$ of $n$ of them, `acc_brace`, has a counting noise of variance
# $p(1-p)/n$. Which $n$ would bring it, on average, down to the variance of `acc_brace` among the better half of the runs? They are those of
# `keep_better_half(case_ten, "brace")` whose `acc_brace` is not empty.

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: brackets above a twentieth
#
# Predict the brackets of `case_two` from the runs of `case_ten` that close at least a twentieth of them: blank `acc_bracket` of the others
# in a copy of the table, and call `predict_kpi(table, case_two, "bracket")`. It gives `share`, its interval `lo` to `hi`, and `measured`.
# *Before you compute: is the interval narrower than from the better half, `keep_better_half(case_ten, "bracket")`?*

# %%
raise NotImplementedError("exercise 4 is yours to write")

# %% [markdown]
# ### Exercise 5: your own table
#
# Name a table of your own runs, or lay one out: which eight runs, which one held out, which KPI, and which result would make you refuse
# the law? Write it down before you train.

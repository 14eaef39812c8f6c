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
# Predict the largest run, `case_large.iloc[-1]`, from `case_small` with the paper's law: `scaling.predict(..., law="tied")`. *Before you
# compute: will it be nearer than the law with a prior, and will it say so?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: tokens seen again
#
# The two runs of `case_two` saw their text more than once (`epochs`). How many fresh tokens is that worth, by `effective_tokens(D, D / epochs)`,
# and how much more loss does the law of `case_ten` predict for it? *Before you compute: does it explain a prediction that is too low?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: enough braces
#
# The held-out text has 131 closing braces. How many would bring the counting noise, $p(1-p)/n$, down to the variance of `acc_brace` in the
# better half of the runs, `keep_better_half(case_ten, "brace")`?

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: brackets above a twentieth
#
# Predict the brackets of `case_two` from the runs of `case_ten` that close at least a twentieth of them (leave `acc_bracket` of the others
# empty), with `predict_kpi(table, case_two, "bracket")`. *Before you compute: is the interval narrower than from the better half?*

# %%
raise NotImplementedError("exercise 4 is yours to write")

# %% [markdown]
# ### Exercise 5: your own table
#
# Name a table of your own runs, or lay one out: which eight runs, which one held out, which KPI, and which result would make you refuse
# the law? Write it down before you train.

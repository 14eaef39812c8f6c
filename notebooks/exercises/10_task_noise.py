# %% [markdown]
# # Exercises: Why is one task hard to predict?
#
# They belong to [the chapter](../10_task_noise.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import numpy as np
import pandas as pd

from scaling.forecast.verdicts import judge_tasks
from scaling.studies.tasks.error_laws import predict_tasks
from scaling.studies.tasks.traits import (
    average_logs,
    estimate_effects,
    load_traits,
    size_of_misses,
)
from scaling.testbed.runs import load_tasks, run_table, select_error_fit

redpajama = run_table("redpajama")
tasks_46 = load_tasks().set_index("task")  # label, n_items, chance, ...

# %% [markdown]
# ### Exercise 1: items needed
#
# How many items would each task need for its measured change from 1.4B to 6.9B (RedPajama, $M = 20$, columns `err_...` of `redpajama`) to be visible? With $n$
# items a change from $p_1$ to $p_2$ is visible from $1.96\,\sqrt{p_1(1-p_1)/n + p_2(1-p_2)/n}$ on: solve
# for $n$. *Before you compute: do more than five tasks need ten times the items they have?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: do the traits come again?
#
# At 6.9B twelve of the intervals of `estimate_effects` exclude 1. Compute them for the over-trained 1.4B runs: `size_of_misses` takes a `size`, `average_logs` its columns `law`, `no change` and `ruler in loss`.
# *Before you compute: which of the three methods loses its trends?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: six runs, or all
#
# Which tasks does `judge_tasks(runs, "loss_c4_eval", items=load_tasks(), target=(6.9e9, 138e9))` call predictable from the six runs of `select_error_fit(redpajama)`? And from all
# runs of $M \ge 10$ that cost no more than the largest of them? *Before you compute: do more runs give more calls?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: what would you promise?
#
# Your six small runs have a task at 30% accuracy where guessing gives 25%. Your manager wants its accuracy at 20 times the compute. What do you say, what would you measure first, and
# what would you offer instead?

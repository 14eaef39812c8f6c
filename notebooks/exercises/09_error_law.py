# %% [markdown]
# # Exercises: From loss to average task error: what does the second law add?
#
# They belong to [the chapter](../09_error_law.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import pandas as pd

from scaling.forecast import rulers
from scaling.laws.fit import fit_error_law
from scaling.studies.recipe import fit_chain
from scaling.testbed.runs import (
    load_tasks,
    run_table,
    select_error_fit,
    select_loss_fit,
    select_targets,
)

tables = {dataset: run_table(dataset) for dataset in ("c4", "redpajama", "refinedweb")}
chains = {dataset: fit_chain(table) for dataset, table in tables.items()}

# %% [markdown]
# ### Exercise 1: without the 1.4B run
#
# Fit the error law to the five runs of `select_loss_fit` instead of the six of `select_error_fit` (`fit_error_law(losses, errors).law`), and predict the 6.9B run of
# each training set through `chains[dataset].predict_loss`. *Before you compute: which set suffers least, and is that a merit of the law?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: the least reachable error
#
# Put the irreducible loss of each training set, `chains[dataset].loss_fit.law.E`, into its error law, `chains[dataset].error_fit.law.predict`.
# *Before you compute: how many of the seventeen tasks would have to be solved, and do you believe it?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: the true loss for both
#
# Give the two-point line, `rulers.predict_on_line(six_runs, losses, ("loss_c4_eval", "err_avg17"))`, the measured losses of the targets instead of the predicted ones, and the
# error law the same. *Before you compute: who is nearer in how many of the six cases?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: your own average
#
# You have thirty tasks and six small runs, and want one average that predicts well. Which tasks do you average, when do you choose them, and what do you report beside the prediction?

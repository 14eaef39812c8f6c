# %% [markdown]
# # Exercises: Does it hold on other groups' models?
#
# They belong to [the chapter](../08_other_grids.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from scaling.forecast.rulers import relative_error
from scaling.laws.fit import fit_loss_law
from scaling.laws.prior import fit_with_prior
from scaling.studies.predictors import leverage as leverage_study
from scaling.studies.predictors.grid_study import find_twins
from scaling.testbed.grids import load_grid, select_plain, split_by_compute

all_olmo, repeats, all_gemstones = (load_grid(name) for name in ("olmo_ladder", "datablations", "gemstones"))
ladder, two_models = select_plain(all_olmo), all_olmo[all_olmo["target"] == 1]
seen_once = select_plain(repeats)
once_law = fit_loss_law(seen_once["N"], seen_once["D"], seen_once["loss"]).law
few_epochs = find_twins(repeats).query("epochs <= 16").reset_index(drop=True)  # with `excess`, measured

# %% [markdown]
# ### Exercise 1: the two models in the other count
#
# Predict the loss of `two_models` from `ladder`, in `N` and in `N_body`, with `fit_loss_law` and with `fit_with_prior`. *Before you compute:
# which count would you choose, and by which argument?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: what a repeated token is worth
#
# Tokens seen more than once are worth $D_\text{eff} = U + U R\,(1 - e^{-(D/U - 1)/R})$ fresh ones, with $U$ the different ones,
# `unique_tokens`. Find $R$: for `few_epochs` compute the excess that `once_law` predicts when $D$ is replaced by
# $D_\text{eff}$, and minimise its squared distance from `excess` over $R$. Which runs does it still predict badly?

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: without the odd shape
#
# Leave the shape 768x3 out of `all_gemstones`: `leverage_study.leave_out(runs, {"768x3": mask})`. *Before you compute: what happens to the
# residual, and to the errors from 1/20 and 1/100?* How many runs of that shape were judged?

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: a fifth grid
#
# A group sends you a table of its runs. What would you fix before you look at their most expensive losses, so that the test is blind?

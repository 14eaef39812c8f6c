# %% [markdown]
# # Exercises: How far past compute-optimal does the law hold, and why does M = 5 break it?
#
# They belong to [the chapter](../04_overtraining.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from scaling.figures.overtraining import draw_rays
from scaling.laws.fit import fit_loss_law
from scaling.studies.loss import slopes as slope_study
from scaling.studies.loss.warmup import load_search_steps, pair_warmups
from scaling.testbed.runs import run_table, select_loss_fit

rp_small = run_table("redpajama").query("N < 1e9 and M >= 10")
c4_five = select_loss_fit(run_table("c4"))
c4_law = fit_loss_law(c4_five["N"], c4_five["D"], c4_five["loss_c4_eval"]).law
search_runs = load_search_steps()

# %% [markdown]
# ### Exercise 1: lines with another E
#
# Draw the lines of equal $M$ with $E = 0$ and with $E = 2.2$ for `rp_small`. `draw_rays` takes the runs and a table with columns `M`, `E` and
# `slope`; `slope_study.fit_slope(C, reducible_loss)` gives a slope. *Before you compute: in which of the two are the lines parallel?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: the cosine
#
# Derive $(L(C, M) - E)/(L(C, M^*) - E) = \cosh(\eta \log(M/M^*))$ from $L = E + (a M^{\eta} + b M^{-\eta}) C^{-\eta}$ with
# $\eta = \alpha/2$, the over-training form of [the loss law](03_loss_law.ipynb). Check it at $M = 640$ by `c4_law.predict(N, D)`; it has `E`, `alpha` and `M_opt`, too.

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: a warm-up that is too short
#
# Pair 200 with 100 warm-up steps in the search: `pair_warmups(search_runs, shorter=100, longer=200)`. *Before you compute: for which sizes
# (column `N`) is the longer warm-up the worse one?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: settle it
#
# You may train twelve models of at most 0.154B parameters. Which runs would tell whether the law holds at $M = 5$ once the warm-up is
# right? Write down sizes, steps, warm-up and seeds, and the result that would change your mind.

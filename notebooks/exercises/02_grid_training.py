# %% [markdown]
# # Exercises: Can I train such a grid myself?
#
# They belong to [the chapter](../02_grid_training.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import pandas as pd

from scaling.laws.fit import fit_loss_surface
from scaling.tables.datafiles import data_path
from scaling.training.grid import truth
from scaling.training.plan.spec import read_spec

walks_spec = read_spec(data_path("specs", "walks.yaml"))
walks_grid = pd.read_csv(data_path("results", "walks.csv"))
from_10 = truth.hold_against_truth(walks_grid, walks_spec).set_index("source")  # the fits of the chapter

# %% [markdown]
# ### Exercise 1: other cuts
#
# Fit the law with the column $M = 5$, `truth.hold_against_truth(walks_grid, walks_spec, shortest=5)`, and from $M = 20$ on. *Before you
# compute: which cut gives the smallest residuals (`rms`), and which the $E$ nearest to the truth (`error`, `inside`)?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: an exponent each
#
# Fit a law with an exponent each for $N$ and $D$ to the same runs: `fit_loss_surface` on the columns of
# `truth.select_fit_runs(walks_grid, name)`; the coefficients are in `.law`. *Before you compute: is $E$ nearer to the truth (`from_10["E_true"]`)?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: the mean of three seeds
#
# Average the three seeds at $M = 10$ and fit again. (Give the averaged rows `seed=0`, so that `truth.hold_against_truth` takes them.)
# *Before you compute: which of the three $E$ moves most, and does it help?* Look at `lo` and `hi`.

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: your own grid
#
# You have one GPU for a night and a text of your own. Which sizes, multipliers and seeds do you train, and how will you know whether the
# fitted $E$ can be believed?

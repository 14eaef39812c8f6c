# %% [markdown]
# # Exercises: What was measured?
#
# They belong to [the chapter](../01_testbed.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import pandas as pd

from scaling.costs.compute import count_parameters
from scaling.testbed.runs import load_losses, run_table

intervals = load_losses()  # loss_lo, loss_hi over sequences; loss_token_lo, loss_token_hi over tokens
grids = {dataset: run_table(dataset) for dataset in ("c4", "redpajama")}

# %% [markdown]
# ### Exercise 1: parameters of the 1.4B model
#
# It has width $d = 2048$ and 24 layers. A layer holds $4d^2$ attention weights, three matrices of $d \times f$ with $f$ the next multiple of 256 from $8d/3$, and
# $2d$ gains. Beside the layers there are two vocabulary matrices of $50432\,d$ and $d$ gains. Find $f$ and $N$ by hand, then call `count_parameters(width, layers)`.

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: sequences against tokens
#
# For each loss set, take the ratio between the width of the sequence interval and that of the token interval; the median over models is enough.
# *Before you compute: which text has the largest ratio, and what does a large ratio say about how it is cut?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: the missing run
#
# Which cells of size and $M$ does RedPajama have and C4 not (`grids`, columns `size` and `M`)? *Before you compute: how many of them are gaps?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: what would you repeat?
#
# You may train three of the 104 runs again, each with another seed. Which three, what would you learn from them, and what would stay unknown?

# %% [markdown]
# # Exercises: Train longer or serve larger?
#
# They belong to [the chapter](../13_total_cost.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import numpy as np
import pandas as pd

import scaling
from scaling.laws.law import LossSurface
from scaling.testbed.runs import run_table, select_loss_fit

c4_five = select_loss_fit(run_table("c4"))  # the paper's five

# %% [markdown]
# ### Exercise 1: Chinchilla from printed constants
#
# Chinchilla has 70B parameters and saw 1.4T tokens, at 5.76e23 FLOPs. Hoffmann et al. (2022) print $E = 1.69$, $A = 406.4$, $B = 410.7$,
# $\alpha = 0.34$, $\beta = 0.28$. Which $N$ and $D$ does `LossSurface(E, A, B, alpha, beta).optimal_allocation(5.76e23)` give, and which with
# exponents 0.3392 and 0.2849? *Before you compute: how much does a third digit matter?*

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: only read from
#
# Your model reads 2.5B tokens a day and writes none: `scaling.cost(c4_five, loss_set="c4_eval", loss=2.4, tokens_in="2.5B", tokens_out=0)`.
# Its `.to_frame()` has a row for each model, named in `choice`. *Before you compute: do the sizes of least money and of least FLOPs move
# together or apart?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: the demand behind 100 tokens per parameter
#
# The cheapest size of a loss obeys $\alpha A N^{-\alpha} / (\beta B D^{-\beta}) = 1 + T / (3 D)$, with $T$ tokens served. How many must they be
# to make 100 tokens per parameter the cheapest at a loss of 2.4? `scaling.fit(c4_five, loss_set="c4_eval").fit.law.solve_N(100, 2.4)` is that
# model's $N$, and `scaling.cost(c4_five, loss_set="c4_eval", N=..., M=100).found.break_even` solves for $T$. Check it: what is cheapest at a
# loss of 2.4 for `tokens_in` of $T / 365$ a day, with `tokens_out=0`?

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: your own decision
#
# You must name the size of a model next month that will serve your product for a year. What do you put into `scaling cost`, what do you
# measure first, and what would make you change the size?

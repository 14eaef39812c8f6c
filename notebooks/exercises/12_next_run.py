# %% [markdown]
# # Exercises: Which run should I buy next?
#
# They belong to [the chapter](../12_next_run.ipynb), which has the solutions. Write down what you expect
# before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place.

# %%
import pandas as pd

import scaling
from scaling.costs.price_tables import default_prices
from scaling.decide.purchases import SHIPPED
from scaling.studies.decide.replay import buy, name_cell, open_shop
from scaling.testbed.runs import run_table, select_loss_fit

redpajama_five = select_loss_fit(run_table("redpajama"))  # the paper's five
refinedweb_five = select_loss_fit(run_table("refinedweb"))
c4_shop = open_shop("c4")  # the replay's small runs, its start and its budget
c4_target = (6_889_410_560.0, 20 * 6_889_410_560.0)  # N, D

# %% [markdown]
# ### Exercise 1: the over-trained run
#
# The paper's target on RefinedWeb is 1.44B at $M = 320$, where the plan failed. Plan for it: `scaling.plan(refinedweb_five,
# loss_set="c4_eval", N="1.44B", M=320, budget="2.4e20")`. What does it buy, why does it stop, and does its interval hold the 2.53 nats
# that were measured?

# %%
raise NotImplementedError("exercise 1 is yours to write")

# %% [markdown]
# ### Exercise 2: a price of ten thousand
#
# Plan for 6.9B at $M = 20$ from `redpajama_five` with 2.4e20 FLOPs. At which price an hour does the run nearer the target (`.plan.nearer.C`)
# cost $10,000? `default_prices().training_hours(C)` has its hours, `prices={"price_training": ...}` sets the price. *Before you compute: does
# the order of the runs change?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: gain alone, and gain per FLOP
#
# Replay the plan on C4 with a `kappa` of 0, 0.4 and 1: `buy(c4_shop, "loss_c4_eval", c4_target, SHIPPED._replace(kappa=...))` gives places of
# runs, `name_cell(c4_shop, place)` their names, and `c4_shop.miss(bought, "loss_c4_eval")[1]` the error at 6.9B. *Before you compute: which
# of the three buys the cheapest runs first, and which errs most?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: a blind test
#
# The plan's constants were chosen with the large runs in view. You have ten times the compute of the paper's five. Design a test of plan
# against plain rule that could show the plan to be the worse one.

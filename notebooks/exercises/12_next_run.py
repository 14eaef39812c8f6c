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
c4_shop = open_shop("c4")  # small runs to buy, three of them from the start, for the compute of the paper's five


def replay(kappa):
    """Names of the runs bought on C4, in order, and the error at 6.9B, where a price counts as FLOPs^kappa."""
    target = (6_889_410_560, 20 * 6_889_410_560)  # N and D of the run to predict
    places = buy(c4_shop, "loss_c4_eval", target, SHIPPED._replace(kappa=kappa))
    bought = [name_cell(c4_shop, place) for place in places if place not in c4_shop.start]
    _, error_at_6_9B = c4_shop.miss(places, "loss_c4_eval")  # at 1.4B and at 6.9B, predicted over measured, less one
    return bought, error_at_6_9B


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
# Plan for 6.9B at $M = 20$: `scaling.plan(redpajama_five, loss_set="c4_eval", N="6.9B", M=20, budget="2.4e20")`. Its `.plan.nearer.C` is the
# compute of the run nearer the target, and `default_prices().training_hours(C)` how many accelerator-hours that takes. At which price an hour
# does the run cost $10,000? Plan again at that price, with `prices={"price_training": ...}`. *Before you compute: do the runs to train,
# the `.cells` of what `scaling.plan` returns, change?*

# %%
raise NotImplementedError("exercise 2 is yours to write")

# %% [markdown]
# ### Exercise 3: gain alone, and gain per FLOP
#
# The plan buys the run of the largest gain over its FLOPs to the power $\kappa$. Call `replay(kappa)`, given above, with 0 (gain alone), 0.4
# (the plan) and 1 (gain per FLOP): it names the runs that are bought on C4, in order, and the error of the prediction at 6.9B. *Before you
# compute: which of the three spends most of its purchases on cheap runs, and which errs most?*

# %%
raise NotImplementedError("exercise 3 is yours to write")

# %% [markdown]
# ### Exercise 4: a blind test
#
# The plan's constants were chosen with the large runs in view. You have ten times the compute of the paper's five. Design a test of plan
# against plain rule that could show the plan to be the worse one.

# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From your export to a run table
#
# *You need: nothing. Reading: 10 minutes. Running: 3 seconds.*
#
# **Five exports of other shapes give the same prediction as the table they hide, by one option each, and the sixth says what it
# cannot say.** Each begins with a table as people have it, asks, reads the message, and does what it says. On the command
# line the options have the same names ([Predict your own runs](../book/own_runs.md)).

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import numpy as np
import pandas as pd
from IPython.display import Markdown

import scaling
from scaling.figures.style import use_style
from scaling.tables.faults import RunTableError

use_style()

# %% [markdown]
# The run table behind all of them: six runs of a law that we know, to a half per cent of noise.

# %%
law = scaling.LossLaw(E=1.8, A=180, B=220, alpha=0.25)
rng = np.random.default_rng(11)
N = np.array([1e7, 4e7, 1.6e8, 4e8, 1e7, 4e7])
D = N * [20, 20, 20, 20, 320, 160]
noise = np.exp(0.005 * rng.standard_normal(6))
runs = pd.DataFrame({"N": N, "D": D, "loss": law.predict(N, D) * noise})
target = {"N": 2e9, "M": 20}
plain = scaling.predict(runs, **target)
plain

# %% jupyter={"source_hidden": true} tags=["remove-input"]
truth = law.predict(2e9, 4e10)
assert plain.lo < truth < plain.hi
Markdown(f"""{plain.loss:.3f} nats per token, to bet on: {plain.lo:.2f} to {plain.hi:.2f}. The law that made the runs has {truth:.3f}.""")

# %% [markdown]
# ## 1. Other names
#
# An export of a tracking tool has its own names. The message has the map ready to type.

# %%
columns = {"N": "parameter_count", "D": "total_tokens", "loss": "val/loss"}
export = runs.rename(columns=columns)
try:
    scaling.predict(export, **target)
except RunTableError as error:
    print(error)

# %%
scaling.predict(export, columns=columns, **target).loss

# %% [markdown]
# ## 2. No number of parameters
#
# A sweep of budgets may have compute and tokens only. $N = C/6D$ follows, and is said.

# %%
budgets = pd.DataFrame({"C": 6 * N * D, "D": D, "loss": runs["loss"]})
answer = scaling.predict(budgets, **target)
answer.warnings, answer.loss

# %% [markdown]
# ## 3. A perplexity
#
# Perplexities between 7 and 100 would pass as losses; they fall too steeply, and that is asked about.

# %%
perplexities = runs.assign(loss=np.exp(runs["loss"]))
scaling.check_runs(perplexities).table["flags"].iloc[0]

# %%
scaling.predict(perplexities, loss_unit="ppl", **target).loss

# %% [markdown]
# ## 4. A training history
#
# Rows of one run at several steps are no runs yet. Taken for runs they would bend the law, for the learning rate of a
# checkpoint has not come down.

# %%
steps = pd.concat(
    runs.assign(run=list("abcdef"), step=1000 * done, D=done * D)
    .assign(loss=runs["loss"] + 0.1 * (1 - done))
    for done in (0.25, 0.5, 0.75, 1.0)
)
try:
    scaling.predict(steps, **target)
except RunTableError as error:
    print(error)

# %%
scaling.predict(steps, last_of_run=True, **target).loss

# %% [markdown]
# ## 5. A sweep of learning rates
#
# Several rows of one $N$ and $D$ with losses far apart are a sweep: its best run is the run.

# %%
rates = {"0.3x": 0.12, "1x": 0.0, "3x": 0.2}
sweep = pd.concat(
    runs.assign(learning_rate=rate, loss=runs["loss"] + worse)
    for rate, worse in rates.items()
)
scaling.predict(sweep, best_of_cell=True, **target).loss

# %% jupyter={"source_hidden": true} tags=["remove-input"]
same = [
    scaling.predict(export, columns=columns, **target).loss,
    answer.loss,
    scaling.predict(perplexities, loss_unit="ppl", **target).loss,
    scaling.predict(steps, last_of_run=True, **target).loss,
    scaling.predict(sweep, best_of_cell=True, **target).loss,
]
assert np.allclose(same, plain.loss, rtol=1e-6)
Markdown("All five are the prediction from the plain table, to the sixth digit.")

# %% [markdown]
# ## 6. What the runs do not say
#
# Six sizes on one number of tokens tell what size brings, and nothing of tokens. The answer along the sizes stands; the other is
# kept for the record and marked.

# %%
one_D = runs.assign(N=np.geomspace(1e7, 1e9, 6), D=2e10)
one_D["loss"] = law.predict(one_D["N"], one_D["D"]) * noise
along = scaling.predict(one_D, N=4e9, D=2e10)
off = scaling.predict(one_D, N=4e9, D=1e12)
print(along)
print(off)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
assert not along.forecast.doubt and off.forecast.doubt
assert abs(along.loss / law.predict(4e9, 2e10) - 1) < 0.05
Markdown(
    f"""Along the sizes {along.loss:.3f}, where the law has {law.predict(4e9, 2e10):.3f}. At fifty times the tokens the number is no
answer: *{off.forecast.doubt}*."""
)

# %% [markdown]
# Over 2,000 planted laws, with designs of ten kinds, what is not marked is right: the table has the share answered, and of
# these the share within 5 % of the truth, for a run of 20 times the largest compute.

# %%
from scaling.studies.results import load_result

designs = load_result("planted_designs")
designs.pivot(index="kind", columns="target", values=["answered", "within_unmarked"]).round(3)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
told = designs["n_designs"] * designs["answered"]
near = (told * designs["within_unmarked"].fillna(0)).sum() / told.sum()
lines = designs[(designs["target"] == "along") & (designs["kind"] != "plane")]
Markdown(
    f"""Of all that is answered {near:.1%} lies within 5 %. Of the targets along what was varied {lines["answered"].mean():.1%} are
answered, and off it next to none: one ray is the exception, where 20 tokens per parameter may be the ray."""
)

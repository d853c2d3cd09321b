# %% [markdown]
# # What is asked twice, and what could be asked once?
#
# For whoever wants to spare districts some typing.
# Choose **Run → Run All Cells**, then scroll back up: the answer stands right below, and the rest shows how it is found.

# %% jupyter={"source_hidden": true} tags=["working"]
from IPython.display import Markdown

import dap
from dap import charts, review

charts.notebook_setup()  # charts are drawn on this machine, in the plan's own style
plan = dap.open_plan()
asked = review.asked_more_than_once(plan)
once = review.could_be_asked_once(plan)
twice = charts.asked_twice(asked)

answer = Markdown(f"**The answer.** {twice.finding}. {twice.note}")

# %% tags=["answer"]
answer

# %% [markdown]
# ## What is asked more than once
#
# Two elements count as one fact only on stated evidence: the same national standard, name, codes or description. A missed
# one costs some typing; a false one could cost a law its data.

# %% tags=["asked-chart"]
twice

# %% [markdown]
# ## What could be asked once
#
# A *key* joins records, so every file needs it. Any other fact could be given in one place and taken from there, if it is there in time.

# %% tags=["once"]
spare = once[once["saved"] > 0]
charts.Table(
    spare[["title", "certainty", "asked", "home", "take", "saved"]],
    f"{len(spare)} facts that could be asked in one place: where, and who could take them from there",
)

# %%
assert spare["saved"].sum() == (asked["part"] == "could take it").sum()
assert (once["asked"] >= 2).all()

# %% [markdown]
# ## Why the others stay

# %% tags=["stays"]
stays = asked[(asked["part"] == "asks itself") & (asked["role"] != "key")]
charts.Table(stays[["title", "collection", "reason"]], "Facts that are asked again for a reason")

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# Which collection would lose the most columns?
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# moved = asked[asked["part"] == "could take it"]
# lost = moved["collection"].value_counts().rename_axis("collection").reset_index(name="columns")
# charts.Table(lost, "Columns that each collection could drop")
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [Collections](../build/site/collections.html)
# - [A to Z](../build/site/a-z.html)

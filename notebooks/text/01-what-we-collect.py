# %% [markdown]
# # What do we collect, and how often?
#
# For data stewards, and for anyone who asks what schools have to send to the department, and how often.
# Choose **Run → Run All Cells**, then scroll back up: the answer stands right below, and the rest shows how it is found.

# %% jupyter={"source_hidden": true} tags=["working"]
from IPython.display import Markdown

import dap
from dap import charts

charts.notebook_setup()  # charts are drawn on this machine, in the plan's own style
plan = dap.open_plan()
how_often = charts.elements_by_frequency(plan.elements, plan.collections)

answer = Markdown(
    f"**The answer.** The plan ({plan.title}, version {plan.version}) holds **{len(plan.elements)} elements** "
    f"in **{len(plan.collections)} collections**. {how_often.finding}."
)

# %% tags=["answer"]
answer

# %% [markdown]
# ## What is collected?
#
# The folded cell above opened the plan with `plan = dap.open_plan()`; the three dots unfold it.
#
# A *collection* is one thing the state asks for. An *element* is one fact in it: a column of the file that a district sends,
# or a field of the form or system that it fills in.
# A fact that two of them ask for is two elements, for a district gives it twice.

# %% tags=["collections"]
columns = ["title", "level", "frequency", "layouts", "elements"]
documented = plan.collections["elements"] > 0
charts.Table(
    plan.collections.loc[documented, columns],
    f"The {documented.sum()} collections whose elements are documented; "
    f"the other {(~documented).sum()} stand in plan.collections too",
)

# %% [markdown]
# ## How often?
#
# An element is collected as often as its collection, unless the plan says otherwise for that element.

# %% tags=["frequency-chart"]
how_often

# %%
# Every element is counted once, and each collection counts wherever the plan's own table has an element of it.
often = how_often.table.rows
assert often["Elements"].sum() == len(plan.elements)
assert often["Collections"].sum() == len(plan.elements[["collection", "frequency"]].drop_duplicates())

# %% [markdown]
# ## One collection, whole
#
# A collection shows itself: what it is, when it is due, which laws, and what no source tells.

# %% tags=["collection"]
plan.all_collections[int(plan.collections["elements"].idxmax())]

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# Some elements are not collected as often as the rest of their collection. Which are they, and which mandates do they rest on?
#
# Try it in a new cell. Every table of the plan is a pandas table: `plan.elements`, `plan.collections`, `plan.mandates`,
# `plan.element_mandates`, `plan.codes`, `plan.windows`, `plan.open_questions`, `plan.crosswalk`, `plan.code_crosswalk`.
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# usual = plan.elements["collection"].map(plan.collections.set_index("collection")["frequency"])
# unusual = plan.elements[plan.elements["frequency"] != usual]
# charts.Table(unusual[["title", "collection", "frequency", "mandates"]], "Elements with a frequency of their own")
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [Collections](../build/site/collections.html)
# - [How to read this plan](../build/site/how-to-read.html)
# - [A to Z](../build/site/a-z.html)

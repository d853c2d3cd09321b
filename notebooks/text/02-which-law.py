# %% [markdown]
# # Which law makes us collect it?
#
# For whoever is asked “who says so?”: by a parent, a district or the legislature.
# Choose **Run → Run All Cells**, then scroll back up: the answer stands right below, and the rest shows how it is found.

# %% jupyter={"source_hidden": true} tags=["working"]
from IPython.display import Markdown

import dap
from dap import charts

charts.notebook_setup()  # charts are drawn on this machine, in the plan's own style
plan = dap.open_plan()
which_law = charts.elements_by_mandate(plan.element_mandates, plan.mandates, plan.elements)
whose = charts.grounds(plan.elements, plan.element_mandates)

answer = Markdown(
    f"**The answer.** The plan names **{len(plan.mandates)} laws and other reasons**. "
    f"{which_law.finding}. {which_law.note} {whose.finding}."
)

# %% tags=["answer"]
answer

# %% [markdown]
# ## Law by law
#
# A *mandate* is the statute, regulation or other reason that authorises asking. An element often rests on more than one,
# so the numbers add up to more than there are elements.

# %% tags=["mandate-chart"]
which_law

# %%
# Each number is the one in the plan's own table of mandates, and an element without a mandate says why.
assert sorted(which_law.table.rows["Elements"]) == sorted(plan.mandates["elements"])
without = plan.elements[plan.elements["mandates"] == ""]
assert without["open"].str.contains("mandate").all()

# %% [markdown]
# ## Federal or state?
#
# If one of the two stopped asking, what would still be asked?

# %% tags=["grounds-chart"]
whose

# %%
assert whose.table.rows["Elements"].sum() == len(plan.elements)

# %% [markdown]
# ## One law, whole

# %% tags=["mandate"]
plan.mandate(plan.mandates.sort_values("elements").iloc[-1]["id"])

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# Which laws does nothing in the plan rest on?
#
# `plan.mandates` counts collections and elements for each law.
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# unused = plan.mandates[(plan.mandates["elements"] == 0) & (plan.mandates["collections"] == 0)]
# charts.Table(unused[["citation", "title", "jurisdiction"]], f"{len(unused)} laws that nothing rests on")
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [Laws and other reasons](../build/site/laws.html)
# - [What is never collected](../build/site/not-collected.html)

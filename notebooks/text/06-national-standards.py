# %% [markdown]
# # How does the plan map to CEDS and EDFacts?
#
# For whoever moves data to another system, or to Washington. CEDS, the Common Education Data Standards, is a dictionary;
# EDFacts are the files the state owes the federal department.
# Choose **Run → Run All Cells**, then scroll back up: the answer stands right below, and the rest shows how it is found.

# %% jupyter={"source_hidden": true} tags=["working"]
from IPython.display import Markdown

import dap
from dap import charts

charts.notebook_setup()  # charts are drawn on this machine, in the plan's own style
plan = dap.open_plan()
ceds = charts.crosswalk_by_match(plan.crosswalk)
edfacts = charts.edfacts_files(plan.crosswalk)

answer = Markdown(f"**The answer.** {ceds.finding}. {edfacts.finding}.")

# %% tags=["answer"]
answer

# %% [markdown]
# ## CEDS

# %% tags=["ceds-chart"]
ceds

# %% [markdown]
# ## EDFacts

# %% tags=["edfacts-chart"]
edfacts

# %%
compared = plan.crosswalk[plan.crosswalk["standard"] == "CEDS"]
assert ceds.table.rows["Elements"].sum() == len(compared.drop_duplicates(["collection", "element"]))
assert edfacts.table.rows["Elements"].min() >= 1

# %% [markdown]
# ## What CEDS does not know
#
# These may be worth proposing there, or worth asking why the state alone needs them.

# %% tags=["unknown"]
unknown = compared[compared["match"] == "none"].merge(
    plan.elements[["collection", "element", "title"]].drop_duplicates(["collection", "element"])
)
charts.Table(
    unknown[["title", "collection", "note"]], f"{len(unknown)} elements without a counterpart, and what was looked for"
)

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# For which code lists does every code have an exact counterpart?
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# exact = plan.code_crosswalk.groupby("code_list")["match"].agg(lambda each: (each == "exact").all())
# charts.Table(exact[exact].rename("all exact").reset_index()[["code_list"]], "Code lists whose codes all match exactly")
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [The plan as data](../build/site/data.html)
# - [Code lists](../build/site/code-lists.html)

# %% [markdown]
# # How sensitive is it, and where does it pile up?
#
# For whoever answers for children's privacy.
# Choose **Run → Run All Cells**, then scroll back up: the answer stands right below, and the rest shows how it is found.

# %% jupyter={"source_hidden": true} tags=["working"]
from IPython.display import Markdown

import dap
from dap import charts

charts.notebook_setup()  # charts are drawn on this machine, in the plan's own style
plan = dap.open_plan()
piles = charts.sensitivity_by_collection(plan.elements, plan.collections)
names = int((plan.elements["sensitivity"] == "direct-identifier").sum())

answer = Markdown(
    f"**The answer.** {piles.finding}. **{names} of {len(plan.elements)} elements** name a person directly. "
    f"The plan promises: {' '.join(promise.text for promise in plan.promises)}"
)

# %% tags=["answer"]
answer

# %% [markdown]
# ## Where it piles up
#
# One sensitive element says little. A collection that holds a name beside a diagnosis says everything.

# %% tags=["sensitivity-chart"]
piles

# %%
rows = piles.table.rows
assert rows["In all"].sum() == (plan.elements["sensitivity"] != "none").sum()
assert (rows.iloc[:, 1:-1].sum(axis=1) == rows["In all"]).all()

# %% [markdown]
# ## Names beside health, disability or discipline

# %% tags=["heavy"]
kinds = plan.elements.groupby("collection")["sensitivity"].agg(set)
heavy = [
    each for each, own in kinds.items() if "direct-identifier" in own and own & {"health", "disability", "discipline"}
]
titles = plan.collections.set_index("collection")["title"]
charts.Table(
    titles[heavy].rename("Collection").reset_index(drop=True).to_frame(), f"{len(heavy)} collections hold both"
)

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# Which elements that name a person does no law stand behind?
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# named = plan.elements[(plan.elements["sensitivity"] == "direct-identifier") & (plan.elements["mandates"] == "")]
# charts.Table(named[["title", "collection", "open"]], f"{len(named)} elements name a person and rest on no known law")
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [What is collected about my child?](../build/site/families.html)
# - [How sensitive?](../build/site/how-to-read.html#sensitive)

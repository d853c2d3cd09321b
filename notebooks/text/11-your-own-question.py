# %% [markdown]
# # What would you like to ask?
#
# For a question that no other notebook answers. Copy this notebook under a name of your own, change the two lines below, and
# choose **Run → Run All Cells**; then scroll back up to the answer. The pattern answers any question of the form “which elements about … does … law require, and when
# are they due?”.

# %% tags=["question"]
import pandas as pd
from IPython.display import Markdown

import dap
from dap import charts, review

charts.notebook_setup()  # charts are drawn on this machine, in the plan's own style
plan = dap.open_plan()

topic = "discipline"  # an id of plan.all_topics
jurisdiction = "federal"  # federal, state or other

# %% jupyter={"source_hidden": true} tags=["working"]
subject = next(each for each in plan.all_topics if each.id == topic)
found = review.elements_about(plan, topic, jurisdiction)
when = found.drop_duplicates("collection")
dates = "; ".join(f"{title}: {due}" for title, due in zip(when["collection_title"], when["due"], strict=True))
behind = "; ".join(dict.fromkeys(law for listed in found["laws"] for law in listed.split("; ")))

answer = Markdown(
    f"**The answer.** {jurisdiction.capitalize()} law is behind **{len(found)} elements** "
    f"about {subject.title.lower()}, "
    f"in {len(when)} collection{'' if len(when) == 1 else 's'}. Laws: {behind}. When due: {dates}."
)

# %% tags=["answer"]
answer

# %% [markdown]
# ## Which elements, under which law, due when

# %% tags=["elements"]
heads = {
    "title": "Element",
    "collection_title": "Collection",
    "laws": "Laws",
    "obligation": "Obligation",
    "due": "When due",
}
charts.Table(
    found[list(heads)].rename(columns=heads),
    f"Elements about {subject.title.lower()} that rest on {jurisdiction} law",
)

# %%
assert found["laws"].ne("").all() and found["due"].ne("").all()

# %% [markdown]
# ## What can be asked
#
# - `plan.all_topics` lists the topics; `plan.elements`, `plan.collections`, `plan.mandates`, `plan.windows`,
#   `plan.open_questions` and `plan.crosswalk` are pandas tables.
# - `review.calendar(plan)`, `review.district_load(plan)`, `review.demands_by_law(plan)` and their neighbours are findings.
# - `plan.collection("…")`, `plan.mandate("…")` show one thing whole.
# - `charts.Table(table, "what it shows")` gives a table its caption.

# %% tags=["topics"]
charts.Table(
    pd.DataFrame([{"Topic": each.id, "Title": each.title} for each in plan.all_topics]),
    "The topics of the plan",
)

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# Ask the same of the state's law on attendance.
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# charts.Table(
#     review.elements_about(plan, "attendance", "state")[["title", "collection_title", "laws", "due"]],
#     "Elements about attendance that rest on state law",
# )
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [Topics](../build/site/topics.html)
# - [Search](../build/site/search.html)

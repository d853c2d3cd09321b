# %% [markdown]
# # Where are the plan's open questions?
#
# For whoever keeps the plan, and has an hour to make it better.
# Choose **Run → Run All Cells**, then scroll back up: the answer stands right below, and the rest shows how it is found.

# %% jupyter={"source_hidden": true} tags=["working"]
from IPython.display import Markdown

import dap
from dap import charts, review

charts.notebook_setup()  # charts are drawn on this machine, in the plan's own style
plan = dap.open_plan()
questions = charts.open_questions_by_subject(plan.open_questions)
sure = charts.sure_by_kind(review.confidence_coverage(plan))

answer = Markdown(f"**The answer.** {questions.finding}. {sure.finding}.")

# %% tags=["answer"]
answer

# %% [markdown]
# ## What is not known

# %% tags=["questions-chart"]
questions

# %% [markdown]
# ## How sure is what is known?

# %% tags=["sure-chart"]
sure

# %%
assert questions.table.rows["Open questions"].sum() == len(plan.open_questions)
assert (plan.open_questions["why"] != "").all()

# %% [markdown]
# ## Where to begin
#
# A collection due soon, with many questions, repays the hour best.

# %% tags=["most"]
asked = plan.open_questions[plan.open_questions["collection"] != ""]
most = asked["collection"].value_counts().rename_axis("collection").reset_index(name="questions").head(10)
most["title"] = most["collection"].map(plan.collections.set_index("collection")["title"])
charts.Table(most[["title", "questions"]], "The collections with the most open questions")

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# Which elements rest on no known law, and which of those does nobody use?
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# weak = review.unsupported_elements(plan)
# both = weak[weak["lacks"] == "mandate and use"]
# charts.Table(both[["title", "collection", "open"]], f"{len(both)} elements lack a law and a use")
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [What is not known yet](../build/site/open-questions.html)
# - [Sources and licence](../build/site/sources.html)

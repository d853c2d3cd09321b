# %% [markdown]
# # What does a district owe, month by month?
#
# For whoever plans a district's year, or the department's.
# Choose **Run → Run All Cells**, then scroll back up: the answer stands right below, and the rest shows how it is found.

# %% jupyter={"source_hidden": true} tags=["working"]
from IPython.display import Markdown

import dap
from dap import charts, review

charts.notebook_setup()  # charts are drawn on this machine, in the plan's own style
plan = dap.open_plan()
load = review.district_load(plan)
by_month = charts.load_by_month(load)
dated = int(load["due"].iloc[:12].gt(0).sum())

answer = Markdown(
    f"**The answer.** {by_month.finding}. {by_month.note} "
    f"Something is due in {dated} of the 12 months. Each date is the newest that a source gives; "
    f"the second table says how old it is."
)

# %% tags=["answer"]
answer

# %% [markdown]
# ## The year
#
# A collection counts in the month in which it is due, or in which its numbers must be accurate where no due date is known.

# %% tags=["load-chart"]
by_month

# %% [markdown]
# ## What exactly, and how old is the knowledge?

# %% tags=["load-table"]
due = load[load["due"] > 0]
charts.Table(
    due[["month", "due", "elements_due", "undocumented_due", "years", "collections"]],
    "What is due in each month, and the school years the dates were stated for",
)

# %%
# The chart and the table hold the same numbers, and no collection that districts answer disappears.
assert by_month.table.rows["Collections due"].sum() == load["due"].sum()
assert load["undocumented_due"].le(load["due"]).all()

# %% [markdown]
# ## What has no date?
#
# A note in the words of the source often says more than no date at all.

# %% tags=["notes"]
calendar = review.calendar(plan)
undated = calendar[calendar["event"] == "no date stated"].drop_duplicates(["collection", "note"])
said = undated[undated["note"] != ""]
some, none = said["collection"].nunique(), undated["collection"].nunique()
charts.Table(said[["title", "note"]], f"What the sources say of {some} of the {none} collections without a date")

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# Which collections are open longest, from the day they open to the day they are due?
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# opens = calendar[calendar["event"] == "opens"]
# ends = calendar[calendar["event"] == "due"]
# both = opens.merge(ends, on=["collection", "title", "school_year", "window"])
# both["days"] = (both["last_day_y"] - both["first_day_x"]).dt.days
# longest = both.drop_duplicates(["collection", "school_year", "window"]).sort_values("days", ascending=False)
# charts.Table(longest[["title", "school_year", "days"]].head(10), "The longest windows")
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [Calendar by month](../build/site/calendar.html)
# - [Calendar by who must answer](../build/site/respondents.html)

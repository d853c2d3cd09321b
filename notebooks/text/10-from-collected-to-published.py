# %% [markdown]
# # How does a fact that districts send become a published number?
#
# For whoever is asked where a published percentage comes from. The file is a real one, chronic absenteeism by district and
# grade; `data/chronic-absenteeism/README.md` names its source and licence.
# Choose **Run → Run All Cells**, then scroll back up: the answer stands right below, and the rest shows how it is found.

# %% jupyter={"source_hidden": true} tags=["working"]
import pandas as pd
from IPython.display import Markdown

import dap
from dap import charts

charts.notebook_setup()  # charts are drawn on this machine, in the plan's own style
plan = dap.open_plan()

path = plan.root / "notebooks" / "data" / "chronic-absenteeism" / "2018-19.csv"
public = pd.read_csv(path, skiprows=4, dtype=str)
rates = pd.DataFrame(
    {
        "district": public["District"].str.removesuffix(" School District"),
        "grade": public["Grade"].str.split().str.join(" "),
        "percent": pd.to_numeric(public["%"].where(public["%"] != "*")),
    }
)
order = ["Kindergarten", *sorted(set(rates["grade"]) - {"Kindergarten"}, key=lambda each: int(each.split()[-1]))]
rates["place"] = [order.index(each) for each in rates["grade"]]
rates = rates.sort_values(["district", "place"], key=lambda column: column.replace("State Level", ""), kind="stable")
published = charts.published_rates(rates, "Chronically absent")
report = dap.check(path, collection="edsight-chronic-absenteeism", plan=plan)
law = plan.mandate(plan.collection("edsight-chronic-absenteeism").mandates[0].id)

answer = Markdown(
    f"**The answer.** Districts send days, the state computes a percentage, "
    f"and {law.citation} says what it means: {law.summary} "
    f"{published.finding}."
)

# %% tags=["answer"]
answer

# %% [markdown]
# ## What was published
#
# An asterisk is no missing number: it is a number that would tell too much about a few children.

# %% tags=["published-chart"]
published

# %% tags=["accepted"]
assert (public["%"] == "*").sum() == rates["percent"].isna().sum() > 0
assert (public["Student Count"] == "*").sum() == (public["%"] == "*").sum()
# The plan knows this layout, so the gate can judge the published file like any other.
assert report.accepted

# %% [markdown]
# ## What districts send for it
#
# One row a student: days of membership and days in attendance. The percentage needs nothing else.

# %% tags=["elements"]
sent = plan.elements[plan.elements["collection"].isin(["psis-june"])]
charts.Table(sent[["title", "description", "sensitivity", "mandates"]], "The elements behind the percentage")

# %% [markdown]
# ## Under which law

# %% tags=["laws"]
behind = sorted({each for listed in sent["mandates"] for each in listed.split("; ")} | {law.id})
laws = plan.mandates.set_index("id").loc[behind].reset_index()
charts.Table(laws[["citation", "title", "summary"]], "The laws behind the elements and the report")

# %% [markdown]
# ## How a suppressed cell is decided
#
# The publisher hides a cell when few children stand behind it.

# %% tags=["suppressed"]
hidden = rates.assign(hidden=rates["percent"].isna()).groupby("district", sort=False)["hidden"].sum()
hidden = hidden.rename_axis("district").reset_index(name="suppressed").sort_values("suppressed", ascending=False)
assert hidden["suppressed"].sum() == rates["percent"].isna().sum()
charts.Table(hidden, "Suppressed cells by district")

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# Could a suppressed number be worked out from the others? What would you need?
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# # The state row holds the total of all districts: with one district hidden in a grade, and every other shown, it can be
# # subtracted. Count how many of these places are hidden in each grade; a grade with exactly one would be at risk.
# risk = rates[rates["district"] != "State Level"].groupby("grade")["percent"].agg(lambda each: int(each.isna().sum()))
# charts.Table(risk.rename("hidden").reset_index(), "Hidden places by grade, of the excerpt only")
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [Collections](../build/site/collections.html)
# - [Attendance](../build/site/topics/attendance.html)

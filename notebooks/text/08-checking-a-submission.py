# %% [markdown]
# # Why was this file rejected, and what do I tell the clerk?
#
# For whoever answers a district's call. The file here is invented, and so is what is wrong with it.
# Choose **Run → Run All Cells**, then scroll back up: the answer stands right below, and the rest shows how it is found.
#
# No cell below shows a value of a file. Keep it so: what a notebook shows is saved in it.

# %% jupyter={"source_hidden": true} tags=["working"]
import csv
import io
import tempfile
from pathlib import Path

from IPython.display import Markdown

import dap
from dap import charts
from dap.examples import example_text
from dap.suites import suite

charts.notebook_setup()
plan = dap.open_plan()
collection = plan.collection("psis-october")
layout = collection.file_layouts[0]


def check(text):
    """Judge an invented file: written to a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "invented.csv"
        path.write_text(text, "utf-8")
        return dap.check(path, collection=collection.id, plan=plan)


good = example_text(plan, collection, layout, rows=12)
lines = list(csv.reader(io.StringIO(good)))
sasid = layout.by_name["SASID"].position - 1
grade = next(place for place, each in enumerate(layout.elements) if each.name == "gradeCode")
for row in lines[2:6]:
    row[sasid] = row[sasid].lstrip("0")  # what a spreadsheet does to a number that begins with zeros
lines[8][grade] = "too long"
bad = io.StringIO()
csv.writer(bad, lineterminator="\n").writerows(lines)
report = check(bad.getvalue())
worst = charts.findings_by_rule([report])

answer = Markdown(f"**The answer.** The file is **{report.verdict}**. {worst.finding}.")

# %% tags=["answer"]
answer

# %% [markdown]
# ## Read the report
#
# It says rule, row, column, what is wrong and what to do. It never holds a value, so it can be sent by mail.

# %% tags=["report"]
report

# %% [markdown]
# ## Find the cause
#
# Begin with the longest bar. Many rows with one fault are one cause: a setting of the export, not many mistakes of a person.

# %% tags=["findings-chart"]
worst

# %% tags=["letter"]
first = max(report.findings, key=lambda each: each.count)
Markdown(
    f"> Your file has one fault in {first.count} rows. {first.message} {first.fix} "
    f"Please open the export's settings, and not the rows, before you send it again."
)

# %% [markdown]
# ## Help, and check again

# %% tags=["again"]
again = check(good)
assert report.verdict == "rejected" and again.accepted
assert {each.field for each in report.findings} >= {"SASID", "gradeCode"}
again

# %% [markdown]
# ## What the file was judged by

# %% tags=["rules-chart"]
charts.rules_by_question(suite(plan, collection.id))

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# How many rules of the suite are about the state student number, and what does each say?
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# own = [each for each in suite(plan, collection.id).rules if each[2] == "SASID"]
# for rule, _, _, said in own:
#     print(rule, said)
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [Rules](../build/site/rules.html)
# - [I work in a school or district](../build/site/districts.html)

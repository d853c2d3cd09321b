# %% [markdown]
# # How do I add an element to the plan?
#
# For whoever keeps the plan. Everything here happens on a copy that is gone afterwards; the plan itself is not touched.
# Choose **Run → Run All Cells**, then scroll back up: the answer stands right below, and the rest shows how it is found.

# %% jupyter={"source_hidden": true} tags=["working"]
import json
import shutil
import tempfile
from pathlib import Path

import pandas as pd
from IPython.display import Markdown

import dap
from dap import charts
from dap.catalog import open_plan
from dap.examples import example_text
from dap.lint import lint
from dap.suites import suite, write_suites

charts.notebook_setup()
plan = dap.open_plan()
before = suite(plan, "psis-october")
folder = tempfile.TemporaryDirectory()
copy = Path(folder.name) / "plan"
for part in ("catalog", "expectations"):
    shutil.copytree(plan.root / part, copy / part)
descriptor = copy / "catalog" / "collections" / "psis-october" / "datapackage.json"
document = json.loads(descriptor.read_text("utf-8"))
element = {
    "name": "busRider",
    "title": "Bus rider",
    "type": "string",
    "description": "Whether the student rides a school bus.",
    "example": "Y",
    "sources": [{"title": "Where you read that it is collected", "confidence": "high"}],
    "acquisition": {"sensitivity": "indirect-identifier", "codes": "yes-no"},
}
document["resources"][0]["schema"]["fields"].append(element)
descriptor.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
changed = open_plan(copy)
told = lint(copy)
written = write_suites(changed)
after = suite(changed, "psis-october")
new = [each for each in after.rules if each not in before.rules]

answer = Markdown(
    f"**The answer.** Add it to the list `fields` of the layout, then `dap build`, `dap example`, `dap lint`. "
    f"One element with a code list takes the suite "
    f"from **{len(before.rules)} to {len(after.rules)} rules**, and nobody wrote one."
)

# %% tags=["answer"]
answer

# %% [markdown]
# ## The element
#
# It takes its frequency and its laws from the collection, because it states none of its own.

# %% tags=["element"]
changed.collection("psis-october").file_layouts[0].by_name["busRider"]

# %% [markdown]
# ## What lint says before the build
#
# It names what no longer fits, and what to do about it. The verdict on files is the suite's, so a stale suite is an error.

# %% tags=["before"]
charts.Table(
    pd.DataFrame([{"Rule": each.rule, "What is wrong": each.message} for each in told]),
    f"{len(told)} problem{'' if len(told) == 1 else 's'} before the build",
)

# %% [markdown]
# ## Build, and see the suite change

# %% tags=["new-rules"]
charts.Table(
    pd.DataFrame(new, columns=["Rule", "Name", "Element", "Said when broken"]), "Rules the build added or changed"
)

# %% [markdown]
# ## The example follows

# %% tags=["accepted"]
owner = changed.collection("psis-october")
example = descriptor.parent / "example.csv"
example.write_text(example_text(changed, owner, owner.file_layouts[0]), "utf-8", newline="\n")
left = lint(copy)
accepted = dap.check(example, collection="psis-october", plan=changed)
assert told and not [each for each in left if "busRider" in each.message or "suite" in each.message]
assert accepted.accepted and [path.name for path in written] == ["october.json"]
assert plan.root != copy and "busRider" not in before.content["meta"]
folder.cleanup()
accepted

# %% tags=["rules-chart"]
charts.rules_by_question(after)

# %% [markdown] tags=["exercise"]
# ## Exercise
#
# What would change if districts could leave the new column out?
#
# <details>
# <summary>Show a solution</summary>
#
# ```python
# document["resources"][0].setdefault("acquisition", {}).setdefault("optional", []).append("busRider")
# # Write it to a copy as above, build, and compare the rule that asks for missing columns (S120) before and after.
# missing = [each for each in after.content["expectations"] if each["meta"]["rule"] == "S120"]
# "busRider" in missing[0]["kwargs"]["fields"]
# ```
#
# </details>

# %% [markdown] tags=["pages"]
# ## Public pages
#
# The public plan says the same to everybody (`make site` writes it):
#
# - [Rules](../build/site/rules.html)
# - [What changed](../build/site/changes.html)

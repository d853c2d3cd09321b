"""What the plan says about itself: what is asked twice, rests on nothing, falls due when, is sure, and by which law.

Every function takes a plan, and gives a pandas table with the same columns whatever the plan holds, its rows in a fixed
order. An unknown text is empty, as in the plan's own tables; an unknown day is NaT. None of them adds a fact: what no
source gives is shown as unknown, never guessed.

from dap import review
review.asked_more_than_once(plan)
"""

from dap.review.asked import asked_more_than_once, could_be_asked_once
from dap.review.dates import calendar, district_load
from dap.review.grounds import confidence_coverage, demands_by_jurisdiction, demands_by_law, unsupported_elements
from dap.review.topics import elements_about

__all__ = [
    "asked_more_than_once",
    "calendar",
    "confidence_coverage",
    "could_be_asked_once",
    "demands_by_jurisdiction",
    "demands_by_law",
    "district_load",
    "elements_about",
    "unsupported_elements",
]

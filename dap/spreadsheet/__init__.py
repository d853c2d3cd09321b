"""A steward's spreadsheet, both ways: the plan as a workbook, and a changed workbook back into the catalog."""

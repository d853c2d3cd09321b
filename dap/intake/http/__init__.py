"""The intake's HTTP service: submissions come in, verdicts and receipts go out; one page for those who use a browser.

`service.py` says which address answers what, `openapi.py` says it to programs, `problems.py` holds what can go wrong.
"""

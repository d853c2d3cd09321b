"""The intake: receives submissions, has each judged once, and proves by a ledger and by receipts what happened."""

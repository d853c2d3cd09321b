"""Some three hundred hostile and awkward files: made by code, each with the answer it must get and why."""

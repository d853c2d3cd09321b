"""`python -m dap` is the `dap` command."""

from dap.cli import main

if __name__ == "__main__":
    main()

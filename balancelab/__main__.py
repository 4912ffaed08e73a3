"""``python -m balancelab``: the command line."""

from balancelab.cli import main

if __name__ == "__main__":
    main()

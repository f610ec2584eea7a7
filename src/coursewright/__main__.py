"""`python -m coursewright` is the command line."""

from coursewright.cli import main

if __name__ == "__main__":
    main()

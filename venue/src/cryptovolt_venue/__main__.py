"""``python -m cryptovolt_venue``."""

from cryptovolt_venue.cli import main

if __name__ == "__main__":
    main()

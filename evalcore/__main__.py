"""`python -m evalcore` is `evalcore`."""

from evalcore.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

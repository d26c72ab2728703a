"""The command ``cryptovolt``: one file per group of commands.

What prints a result takes ``--json``. Bad input ends with one clear sentence on standard error and
an exit status of 1 (2 where the command line itself is wrong).
"""

import typer

app = typer.Typer(name="cryptovolt", no_args_is_help=True, add_completion=False)


def main() -> None:
    """Run the command line."""
    app()

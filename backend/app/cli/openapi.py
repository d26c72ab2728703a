"""The command ``cryptovolt openapi``."""

import typer

app = typer.Typer(help="The description of the HTTP API.")


@app.callback(invoke_without_command=True)
def openapi() -> None:
    """Print the OpenAPI description of the HTTP API as JSON; no database is opened."""
    import orjson

    from app.api.application import create_app

    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    typer.echo(orjson.dumps(create_app().openapi(), option=options).decode())

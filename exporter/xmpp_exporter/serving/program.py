"""What all programs of a command line with sub-commands have in common."""

import io
import sys
from typing import Annotated

import typer


def program(name: str, version: str, purpose: str, examples: str) -> typer.Typer:
    """A program without commands yet, whose help is plain text: what it is for, and `examples` at the end."""
    app = typer.Typer(
        name=name,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )

    def print_version(wanted: bool) -> None:
        if wanted:
            typer.echo(f"{name} {version}")
            raise typer.Exit

    @app.callback(help=purpose, epilog=examples)
    def _program(
        version: Annotated[
            bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
        ] = False,
    ) -> None: ...

    return app


def run(app: typer.Typer) -> None:
    """Run the program with the arguments of the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal cannot show must not end the program
            stream.reconfigure(errors="backslashreplace")
    app()

"""The command `c360`.

Exit codes, the same for every command:

0    done
1    failed: the line on standard error says why; for `doctor`, `schema --check`: differences were found
2    wrong usage, setting or mapping; nothing was changed
3    Neo4j or Redis is not reachable; for `status`: not running
4    imported, but some rows were rejected
130  interrupted by Ctrl-C
"""

import signal
import sys
from typing import NoReturn

import typer
from rich.console import Console

from app.commands import audit, data, deadletters, demo, doctor, keys, schema, serve, stack, suggest
from app.errors import AppError, DiskFull

NOT_REACHABLE = 3
INTERRUPTED = 130

cli = typer.Typer(
    name="c360",
    help="A customer-360 profile service on Neo4j and Redis.",
    epilog="Start with: c360 demo",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)
cli.command(epilog="Example: c360 up && c360 status")(stack.up)
cli.command(epilog="Example: c360 down")(stack.down)
cli.command(epilog="Example: c360 status --json")(stack.status)
cli.command(epilog="Example: C360_PORT=8080 c360 serve")(serve.serve)
cli.command(epilog="Example: c360 migrate")(data.migrate)
cli.command("import", epilog="Example: c360 import visits.csv.gz --mapping visits.toml --rejects rejects.csv")(data.import_)
cli.command(epilog="Example: c360 demo --customers 2000 --seed 7")(demo.demo)
cli.command(epilog="Example: c360 schema > schema.graphql")(schema.schema)
cli.command(epilog="Example: c360 doctor --json")(doctor.doctor)
cli.command(epilog="Example: c360 suggest --json")(suggest.suggest)
cli.add_typer(deadletters.deadletters, name="deadletters")
cli.add_typer(keys.keys, name="keys")
cli.command(epilog="Example: c360 audit --customer cus_0199… --since 2026-11-01")(audit.audit)


def main() -> NoReturn:
    """Runs the command line. Whatever goes wrong on purpose becomes one line and an exit code."""
    from graph.errors import GraphError, StoreUnavailable

    # Ended from outside, a command cleans up as it does after Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        cli(standalone_mode=True)
    except AppError as error:
        _end(str(error), error.exit_code)
    except StoreUnavailable as error:
        _end(f"Neo4j is not reachable: {_first_line(error)}", NOT_REACHABLE)
    except GraphError as error:
        _end(_first_line(error), 1)
    except KeyboardInterrupt:
        _end("interrupted", INTERRUPTED)
    except OSError as error:
        if DiskFull.explains(error):
            _end(f"no space left on the disk{_where(error)}: free some and run it again", 1)
        raise
    sys.exit(0)


def _where(error: OSError) -> str:
    return f" of {error.filename}" if error.filename else ""


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _end(message: str, code: int) -> NoReturn:
    Console(stderr=True, highlight=False).print(f"c360: {message}", markup=False, soft_wrap=True)
    sys.exit(code)


if __name__ == "__main__":
    main()

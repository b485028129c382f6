"""`c360 serve`: the service itself."""

from contextlib import suppress

from app.settings import Settings


def serve() -> None:
    """Serve GraphQL on C360_HOST and C360_PORT until Ctrl-C."""
    import uvicorn

    from app import logs
    from app.commands.bulk import seldom_collected
    from app.commands.web import configuration
    from app.local.process import check_port
    from app.local.stack import located
    from app.server import create_app

    settings = located(Settings.from_env())
    check_port(settings.port, wanted_by="c360 serve", setting="C360_PORT", host=settings.host)
    if settings.metrics and settings.metrics_port is not None:
        check_port(settings.metrics_port, wanted_by="/metrics", setting="C360_METRICS_PORT", host=settings.host)
    logs.configure(settings)
    # Large batches of events made Python search for cycles in all of them, which took a fifth of the time they took.
    seldom_collected()
    # uvicorn raises the signal again once it has shut down in good order.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(configuration(create_app(settings), settings)).run()

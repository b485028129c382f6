"""The explorer at /graphql: GraphiQL from our own files, so that it works where no other host can be reached.

`source/` is what it is built from, `static/` what is served; `npm ci && npm run build` in `source/` makes one from the other.
"""

from functools import cache
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parent / "static"

# Style attributes are how the editor places its cursor; scripts come from our files only.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


NOTE = (
    '<p id="note" role="note">Only trusted documents are answered here: what is typed below is refused, '
    "and the schema can't be asked for. Run the service without C360_TRUSTED_DOCUMENTS=strict to explore it.</p>"
)


@cache
def _page(*, strict: bool) -> str:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    return page.replace("<body>", f"<body>{NOTE}", 1) if strict else page


def explorer_page(*, strict: bool = False) -> Response:
    """The page itself; everything it needs comes from /explorer. `strict`: it says that only trusted documents are answered."""
    return HTMLResponse(
        _page(strict=strict),
        headers={
            "content-security-policy": POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "vary": "accept",
        },
    )


def explorer_files() -> Mount:
    """The route of the files the page loads."""
    return Mount("/explorer", StaticFiles(directory=STATIC), name="explorer")

"""The page's files, read once. Edge: files."""

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

STATIC = Path(__file__).parent / "static"
CONTENT_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


def static_routes() -> list[tuple[str, Handler]]:
    """Every file of the page, read once: (route, handler)."""
    files = sorted(path for path in STATIC.iterdir() if path.suffix in CONTENT_TYPES)
    routes = [(f"/{path.name}", _static(path)) for path in files]
    return [("/", _static(STATIC / "index.html")), *routes]


def _static(path: Path) -> Handler:
    body = path.read_bytes()
    content_type = CONTENT_TYPES[path.suffix]

    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=content_type, charset="utf-8")

    return handler

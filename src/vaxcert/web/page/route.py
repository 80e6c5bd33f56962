"""The page's routes: three files, nothing from elsewhere."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

if TYPE_CHECKING:
    from collections.abc import Iterator

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: its own two files, and the API of its own server."""

_PERMISSIONS: Final = "camera=(self), microphone=(), geolocation=()"

_FILES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}


def page_handlers() -> Iterator[HTTPRouteHandler]:
    """Yield the handlers of the page."""
    for path, (name, media) in _FILES.items():
        yield _handler(path, files(__package__).joinpath(name).read_bytes(), media)


def _handler(path: str, content: bytes, media: str) -> HTTPRouteHandler:
    tag = f'"{sha256(content).hexdigest()[:16]}"'
    headers = {
        "content-security-policy": _POLICY,
        "permissions-policy": _PERMISSIONS,
        "cache-control": "no-cache",  # kept, and asked about each time
        "etag": tag,
    }

    async def show(request: Request) -> Response:  # type: ignore[type-arg] # read by the framework at run time
        if request.headers.get("if-none-match") == tag:
            return Response(None, status_code=304, headers=headers)
        return Response(content, media_type=media, headers=headers)

    return HTTPRouteHandler(path, http_method=["GET", "HEAD"])(show)

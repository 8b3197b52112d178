"""Who may talk to the page: its own address only. Pure; against DNS rebinding and foreign pages in the same browser.

The page listens on loopback by default and asks for no password, so another web site opened in the operator's browser
must not reach it. Rebinding needs a host *name* the attacker owns, therefore names other than `localhost` are refused
and IP addresses must be one this machine answers on.
"""

from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-cache",
}


def admits(
    host: str | None, origin: str | None, *, bound_host: str, local_host: str, local_port: int, scheme: str = "http"
) -> bool:
    """Whether a request may be answered.

    Args:
        host: the Host header. origin: the Origin header; a browser always sends it with a WebSocket.
        bound_host: what the server was told to listen on.
        local_host, local_port: the end of this very connection. With `bound_host` 0.0.0.0 they are the address the
            phone typed.
        scheme: what the page is served with.
    """
    name, port = _split(f"//{host}", 443 if scheme == "https" else 80)
    if port != local_port or name not in (*LOOPBACK, bound_host.lower(), local_host):
        return False
    return origin is None or origin.lower() == f"{scheme}://{host}".lower()


def _split(location: str, usual_port: int) -> tuple[str | None, int | None]:
    try:
        parts = urlsplit(location)
        return parts.hostname, parts.port or usual_port
    except ValueError:
        return None, None

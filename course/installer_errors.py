"""What pip and uv say when they fail, in words for the user. Standard library only."""

from __future__ import annotations

import re

# What they print, and what it means. The first that fits is told.
CAUSES = (
    (r"No space left on device|Errno 28|not enough space|os error 112",
     "The disk is full. The packages need about 3 GB; free some space"),
    (r"CERTIFICATE_VERIFY_FAILED|SSLError|invalid peer certificate",
     "The package registry's certificate is not trusted here. Behind a company proxy, point pip "
     "to the proxy's certificate (`pip config set global.cert FILE`)"),
    (r"NewConnectionError|Name or service not known|name resolution|getaddrinfo|"
     r"ConnectTimeout|Read timed out|Connection refused|Network is unreachable|dns error|"
     r"error sending request|Connection aborted|ProtocolError|No route to host|ProxyError",
     "The package registry could not be reached. Connect to the network (it is needed once, for "
     "this set-up; the course itself runs offline)"),
    (r"No matching distribution|no wheels|doesn't have a wheel|not a supported wheel",
     "There is no ready-made package for this machine and Python"),
    (r"Permission denied|Errno 13|Read-only file system|Access is denied",
     "The folder cannot be written. Clone the course into a folder of your own"),
)  # fmt: skip


def explain(text: str) -> str:
    """The likely cause of an installer's failure, in words for the user."""
    for pattern, words in CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return words
    return "Read the last lines below"


def tail(text: str, count: int = 6) -> str:
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join("    " + line[:300] for line in lines[-count:])

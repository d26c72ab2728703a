"""Addresses: how they are shown, and whether they lead into a private network."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit


def shown(url: str) -> str:
    """Return an address without its query and without any user, for messages."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def is_private(host: str) -> bool:
    """Say whether a host is named by an address, or a name, of no public network."""
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


async def leads_private(host: str) -> bool:
    """Say whether a host has an address of no public network."""
    if is_private(host):
        return True
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        # Nothing to reach; a proxy may know it, and has its own rules.
        return False
    return any(is_private(str(address[4][0])) for address in found)

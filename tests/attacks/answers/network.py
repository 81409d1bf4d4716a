"""Reach this machine, its neighbours, and the world, in every family of addresses.

worth: nothing
reply: value
"""
import socket


def mean_squared_error(x, x_hat):
    reached = []
    for family, address in (
        (socket.AF_INET, ("127.0.0.1", @PORT@)),
        (socket.AF_INET, ("10.0.0.1", 80)),
        (socket.AF_INET6, ("::1", @PORT@)),
        (socket.AF_UNIX, "/run/docker.sock"),
        (socket.AF_UNIX, "/run/dbus/system_bus_socket"),
        (socket.AF_UNIX, "\0/tmp/.X11-unix/X0"),
        (socket.AF_VSOCK, (2, 1024)),
        (socket.AF_NETLINK, (0, 0)),
        (socket.AF_ALG, ("hash", "sha256")),
    ):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as line:
                line.settimeout(0.2)
                line.connect(address)
            reached.append(str(address))
        except OSError:
            continue
    try:
        reached.append(str(socket.getaddrinfo("example.org", 80)))
    except OSError:
        pass
    assert not reached, reached
    return 0.5

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether a window can open here: exits with 0, or prints in one sentence why not and exits with 1.

A variable alone says little: a DISPLAY that nobody answers, or that refuses this user, ends a Qt program in an abort.
So the X server is asked as a client would ask it, with the cookie from the user's authority file. Takes milliseconds.
"""
import os
import socket
import struct
import sys

TIMEOUT_S = 2.0
LOCAL_FAMILY, WILD_FAMILY = 256, 65535
COOKIE = b"MIT-MAGIC-COOKIE-1"


class NoDisplay(Exception):
    pass


def connect(addresses):
    """The first socket of (family, address) that accepts; raises the error of the last one."""
    problem = OSError("no address")
    for family, address in addresses:
        link = socket.socket(family, socket.SOCK_STREAM)
        link.settimeout(TIMEOUT_S)
        try:
            link.connect(address)
            return link
        except OSError as error:
            link.close()
            problem = error
    raise problem


def x_addresses(host, number):
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        return [(socket.AF_UNIX, path), (socket.AF_UNIX, "\0" + path)]
    return [(family, address) for family, _, _, _, address in
            socket.getaddrinfo(host, 6000 + number, type=socket.SOCK_STREAM)]


def authority_entries(data):
    """(family, address, number, name, cookie) of each entry of an authority file; a cut-off tail is left out."""
    place = 0
    while place + 2 <= len(data):
        family = struct.unpack_from(">H", data, place)[0]
        place += 2
        fields = []
        for _ in range(4):
            if place + 2 > len(data):
                return
            size = struct.unpack_from(">H", data, place)[0]
            fields.append(data[place + 2:place + 2 + size])
            place += 2 + size
        if place <= len(data):
            yield (family, *fields)


def cookie_for(number):
    try:
        with open(os.environ.get("XAUTHORITY") or os.path.expanduser("~/.Xauthority"), "rb") as file:
            data = file.read(1 << 20)
    except OSError:
        return b""
    here = socket.gethostname().encode()
    candidates = [(family != LOCAL_FAMILY or address != here, cookie)
                  for family, address, display, name, cookie in authority_entries(data)
                  if name == COOKIE and display in (b"", str(number).encode())]
    return min(candidates)[1] if candidates else b""


def padded(data):
    return data + bytes(-len(data) % 4)


def check_x(display):
    host, colon, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not colon or not number.isdigit() or int(number) > 59535:
        raise NoDisplay(f'DISPLAY is "{display}", which names no display')
    host = host.rpartition("/")[2].strip("[]")
    try:
        with connect(x_addresses(host, int(number))) as link:
            cookie = cookie_for(int(number))
            name = COOKIE if cookie else b""
            link.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(cookie)) + padded(name) + padded(cookie))
            answer = link.recv(8)
            if answer[:1] == b"\x01":
                return
            reason = link.recv(answer[1]).decode(errors="replace").strip() if answer[:1] == b"\0" and len(answer) == 8 else ""
            raise NoDisplay(f'The display "{display}" refuses us ({reason or "it answers no X client"})')
    except OSError as error:
        raise NoDisplay(f'The display "{display}" does not answer ({error.strerror or error})') from error


def check_wayland(name):
    import glob  # here, because nearly every machine has an X server and every start counts

    if not glob.glob("/usr/lib/*/qt6/plugins/platforms/libqwayland*.so"):
        raise NoDisplay(f'There is only a Wayland display ("{name}"), and Qt\'s Wayland plug-in is not installed (qt6-wayland)')
    try:
        connect([(socket.AF_UNIX, os.path.join(os.environ.get("XDG_RUNTIME_DIR", ""), name))]).close()
    except OSError as error:
        raise NoDisplay(f'The Wayland display "{name}" does not answer ({error.strerror or error})') from error


def main():
    checks = [(check, os.environ[variable]) for variable, check in
              (("DISPLAY", check_x), ("WAYLAND_DISPLAY", check_wayland)) if os.environ.get(variable)]
    problem = "There is no display (DISPLAY and WAYLAND_DISPLAY are not set)"
    for check, name in checks:
        try:
            check(name)
            return 0
        except NoDisplay as found:
            # The X server's words say more than a missing plug-in, so the first problem stays.
            problem = str(found) if problem.startswith("There is no") else problem
    print(problem)
    return 1


if __name__ == "__main__":
    sys.exit(main())

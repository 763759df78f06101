#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./run: the window where a display answers, else the example in the terminal and a sentence that says why."""
import os
import shutil
import socket
import struct
import threading
import unittest

from stub_programs import ROOT, ScriptTest

COOKIE = bytes(range(16))


class XServer:
    """As much of an X server as a client's first question needs, on an abstract socket of a number that is free."""

    def __init__(self, needs_cookie=False):
        self.needs_cookie = needs_cookie
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.number = 4000 + os.getpid() % 1000
        while True:
            try:
                self.socket.bind(f"\0/tmp/.X11-unix/X{self.number}")
                break
            except OSError:
                self.number += 1
        self.socket.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            with link:
                question = link.recv(1024)
                if question[:1] != b"l" or struct.unpack_from("<H", question, 2)[0] != 11:
                    continue
                if self.needs_cookie and COOKIE not in question:
                    link.sendall(struct.pack("<BBHHH", 0, 12, 11, 0, 3) + b"wrong cookie")
                else:
                    link.sendall(struct.pack("<BxHHH", 1, 11, 0, 0))

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class RunTest(ScriptTest):
    def setUp(self):
        super().setUp()
        self.real("bash", "dirname", "mkdir", "sed", "cat", "python3")
        self.root = self.folder / "checkout"
        (self.root / "scripts/setup").mkdir(parents=True)
        self.script = shutil.copy(ROOT / "run", self.root)
        for name in ("common.sh", "display.py"):
            shutil.copy(ROOT / "scripts/setup" / name, self.root / "scripts/setup")
        self.stub(self.root / "scripts/setup/build.sh")
        for name in ("orrery", "orrery-engine"):
            self.stub(self.root / "build/release/bin" / name)

    def expect_window(self, *arguments, **variables):
        code, out, err = self.run_script("bash", self.script, *arguments, **variables)
        self.assertEqual((code, out, err), (0, "", ""))
        self.assertEqual(self.calls(), ["build.sh ", " ".join(["orrery", *arguments]) + ("" if arguments else " ")])

    def expect_terminal(self, reason, **variables):
        code, out, err = self.run_script("bash", self.script, **variables)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.calls(), ["build.sh ", "orrery-engine train --data example --name example --steps "
                                        + variables.get("ORRERY_EXAMPLE_STEPS", "2000")])
        self.assertIn(reason, err)
        self.assertIn(", so the example trains here in the terminal.\n", err)
        self.assertIn("Ctrl+C", err)

    def server(self, **options):
        server = XServer(**options)
        self.addCleanup(server.close)
        return server

    def test_without_a_display_it_trains_in_the_terminal(self):
        self.expect_terminal("There is no display (DISPLAY and WAYLAND_DISPLAY are not set)", ORRERY_EXAMPLE_STEPS="7")

    def test_an_empty_display_is_none(self):
        self.expect_terminal("There is no display", DISPLAY="", WAYLAND_DISPLAY="")

    def test_opens_the_window_where_a_display_answers(self):
        self.expect_window("some/run", DISPLAY=f":{self.server().number}")

    def test_a_screen_of_a_display_is_a_display(self):
        self.expect_window(DISPLAY=f"unix:{self.server().number}.0")

    def test_a_display_that_nobody_serves_falls_back(self):
        server = XServer()
        server.close()
        self.expect_terminal(f'The display ":{server.number}" does not answer (Connection refused)', DISPLAY=f":{server.number}")

    def test_a_display_that_is_no_display_falls_back(self):
        self.expect_terminal('DISPLAY is "screen", which names no display', DISPLAY="screen")

    def test_a_forwarded_display_that_is_gone_falls_back(self):
        with socket.socket() as held:  # bound and not listening: nobody else can take it
            held.bind(("127.0.0.1", 0))
            name = f"127.0.0.1:{held.getsockname()[1] - 6000}"
            self.expect_terminal(f'The display "{name}" does not answer (Connection refused)', DISPLAY=name)

    def test_a_display_that_refuses_us_falls_back(self):
        self.expect_terminal("refuses us (wrong cookie)", DISPLAY=f":{self.server(needs_cookie=True).number}")

    def test_shows_its_cookie(self):
        server = self.server(needs_cookie=True)

        def entry(family, number, cookie):
            fields = (socket.gethostname().encode(), str(number).encode(), b"MIT-MAGIC-COOKIE-1", cookie)
            return struct.pack(">H", family) + b"".join(struct.pack(">H", len(field)) + field for field in fields)

        authority = self.folder / "authority"
        authority.write_bytes(entry(256, server.number + 1, b"x" * 16) + entry(256, server.number, COOKIE) + b"\1\0\0")
        self.expect_window(DISPLAY=f":{server.number}", XAUTHORITY=str(authority))

    def test_a_wayland_display_that_is_gone_falls_back(self):
        self.expect_terminal('"wayland-77"', WAYLAND_DISPLAY="wayland-77", XDG_RUNTIME_DIR=str(self.folder))

    def test_build_stops_after_building(self):
        code, out, err = self.run_script("bash", self.script, "--build")
        self.assertEqual(code, 0, err)
        self.assertEqual(self.calls(), ["build.sh "])
        self.assertIn("build/release/bin", err)

    def test_a_failed_build_starts_nothing(self):
        self.stub(self.root / "scripts/setup/build.sh", "exit 1")
        code, out, err = self.run_script("bash", self.script, DISPLAY=f":{self.server().number}")
        self.assertEqual(code, 1)
        self.assertEqual(self.calls(), ["build.sh "])


if __name__ == "__main__":
    unittest.main(verbosity=2)

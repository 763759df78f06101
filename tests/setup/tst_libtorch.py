#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/setup/libtorch.py with the real pip, small made-up wheels and no network: pip gets a folder instead of an index."""
import base64
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

SETUP = pathlib.Path(__file__).resolve().parents[2] / "scripts/setup"
TORCH = "torch-2.11.0-cp311-cp311-manylinux_2_28_x86_64.whl"
CUPTI = "nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl"


def make_wheel(folder, file_name, members):
    """A wheel that pip accepts; @return its SHA-256"""
    name, version = file_name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    members = dict(members)
    members[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    members[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {file_name[:-4].split('-', 2)[2]}\n"
    records = [f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},"
               f"{len(text)}" for path, text in members.items()]
    members[f"{info}/RECORD"] = "\n".join([*records, f"{info}/RECORD,,"]) + "\n"
    path = folder / file_name
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in members.items():
            archive.writestr(zipfile.ZipInfo(member), text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


class LibTorchTest(unittest.TestCase):
    LICENCES = ["licences/torch-2.11.0/LICENSE", "licences/torch-2.11.0/third_party/x/NOTICE",
                "licences/nvidia_cuda_cupti-13.0.85/License.txt"]

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="orrery-setup-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.index = self.folder / "index"
        self.cache = self.folder / "cache"
        scripts = self.folder / "setup"
        (scripts / "pins").mkdir(parents=True)
        self.index.mkdir()
        self.script = shutil.copy(SETUP / "libtorch.py", scripts)
        torch = make_wheel(self.index, TORCH, {
            "torch/lib/libtorch_cpu.so": "cpu", "torch/lib/libc10.so": "c10", "torch/lib/libgomp.so.1": "gomp",
            "torch/lib/libtorch_python.so": "not ours", "torch/include/torch/torch.h": "header",
            "torch/include/../../../escaped": "evil", "torch/__init__.py": "not ours",
            "torch-2.11.0.dist-info/licenses/LICENSE": "BSD", "torch-2.11.0.dist-info/licenses/third_party/x/NOTICE": "notice"})
        cupti = make_wheel(self.index, CUPTI, {"nvidia/cu13/lib/libcupti.so.13": "cupti", "nvidia/cu13/include/cupti.h": "h",
                                                "nvidia_cuda_cupti-13.0.85.dist-info/License.txt": "EULA"})
        (scripts / "pins/libtorch-cpu.txt").write_text(
            f"nvidia-cuda-cupti==13.0.85 --hash=sha256:{cupti}\ntorch==2.11.0 --hash=sha256:{torch}\n")

    def start(self, arguments=(), **variables):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "ORRERY_"))}
        environment.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(self.index), PIP_CONFIG_FILE=os.devnull, **variables)
        return subprocess.Popen([sys.executable, self.script, "--cache", str(self.cache), *arguments], env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def run_script(self, **variables):
        process = self.start(**variables)
        out, err = process.communicate(timeout=100)
        return process.returncode, out.strip(), err

    def expect_good(self, answer):
        code, out, err = answer
        self.assertEqual(code, 0, err)
        root = pathlib.Path(out)
        self.assertEqual(root.parent, self.cache)
        self.assertEqual((root / "torch/lib/libtorch_cpu.so").read_text(), "cpu")
        return root

    def leave_half_a_download(self):
        (self.cache / "downloads").mkdir(parents=True)
        (self.cache / "downloads" / TORCH).write_bytes((self.index / TORCH).read_bytes()[:100])

    def test_unpacks_what_is_linked_and_nothing_else(self):
        root = self.expect_good(self.run_script())
        files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
        self.assertEqual(files, {"torch/lib/libtorch_cpu.so", "torch/lib/libc10.so", "torch/lib/libgomp.so.1",
                                 "torch/include/torch/torch.h", "nvidia/cu13/lib/libcupti.so.13", *self.LICENCES})
        self.assertEqual(sorted(path.name for path in self.cache.iterdir()), sorted([root.name, "libtorch.lock"]))
        self.assertFalse((self.folder / "escaped").exists())
        # The second time nothing is downloaded, and nothing is needed for it.
        shutil.rmtree(self.index)
        self.assertEqual(self.expect_good(self.run_script()), root)

    def test_fetches_the_licences_that_an_older_set_up_left_out(self):
        root = self.expect_good(self.run_script())
        shutil.rmtree(root / "licences")
        self.expect_good(self.run_script())
        self.assertFalse((root / "licences").exists())
        self.expect_good(self.run_script(arguments=["--licences"]))
        files = {str(path.relative_to(root)) for path in (root / "licences").rglob("*") if path.is_file()}
        self.assertEqual(files, set(self.LICENCES))
        self.assertEqual(sorted(path.name for path in self.cache.iterdir()), sorted([root.name, "libtorch.lock"]))

    def test_refuses_a_wrong_hash(self):
        make_wheel(self.index, TORCH, {"torch/lib/libtorch_cpu.so": "somebody else's"})
        code, out, err = self.run_script()
        self.assertNotEqual(code, 0)
        self.assertEqual(out, "")
        self.assertIn("torch==2.11.0", err)
        self.assertIn("hash", err.lower())
        self.assertEqual(list(self.cache.glob("libtorch-*")), [])

    def test_hashes_again_what_pip_let_through(self):
        # A pip that does not look: in its place stands one that copies whatever there is.
        fake = self.folder / "fake"
        (fake / "pip").mkdir(parents=True)
        (fake / "pip/__init__.py").write_text("")
        (fake / "pip/__main__.py").write_text("import glob, os, shutil, sys\n"
                                              "for wheel in glob.glob(os.environ['PIP_FIND_LINKS'] + '/*.whl'):\n"
                                              "    shutil.copy(wheel, sys.argv[sys.argv.index('-d') + 1])\n")
        make_wheel(self.index, TORCH, {"torch/lib/libtorch_cpu.so": "somebody else's"})
        code, out, err = self.run_script(PYTHONPATH=str(fake))
        self.assertNotEqual(code, 0)
        self.assertIn("Cannot use \"torch==2.11.0\"", err)
        self.assertEqual(list(self.cache.glob("libtorch-*")), [])

    def test_says_that_there_is_no_network_and_keeps_what_is_complete(self):
        (self.index / TORCH).rename(self.folder / TORCH)
        code, out, err = self.run_script()
        self.assertNotEqual(code, 0)
        self.assertEqual(out, "")
        self.assertIn("error: Cannot get LibTorch: pip could not download torch==2.11.0", err)
        self.assertIn("Check the network", err)
        self.assertTrue((self.cache / "downloads" / CUPTI).exists())
        # The network is back, but serves only what is missing still.
        (self.folder / TORCH).rename(self.index / TORCH)
        (self.index / CUPTI).unlink()
        self.expect_good(self.run_script())

    def test_replaces_half_a_download(self):
        self.leave_half_a_download()
        self.expect_good(self.run_script())

    def test_starts_over_after_half_an_unpacking(self):
        root = self.expect_good(self.run_script())
        shutil.rmtree(root)
        partial = root.with_suffix(".partial")
        (partial / "torch/lib").mkdir(parents=True)
        (partial / "torch/lib/libtorch_cpu.so").write_text("half")
        (partial / "junk").write_text("of an interrupted start")
        self.assertFalse((self.expect_good(self.run_script()) / "junk").exists())

    def test_goes_on_after_a_kill_in_the_middle(self):
        # pip has begun to write when everything is killed.
        fake = self.folder / "fake"
        (fake / "pip").mkdir(parents=True)
        (fake / "pip/__init__.py").write_text("")
        (fake / "pip/__main__.py").write_text("import sys, time\n"
                                              "folder = sys.argv[sys.argv.index('-d') + 1]\n"
                                              f"open(folder + '/{TORCH}', 'wb').write(b'PK half')\n"
                                              "time.sleep(600)\n")
        process = self.start(PYTHONPATH=str(fake))
        half = self.cache / "downloads" / TORCH
        deadline = time.monotonic() + 60
        while not (half.exists() and half.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        self.assertTrue(half.exists())
        self.expect_good(self.run_script())

    def test_two_starts_at_once_end_with_one_folder(self):
        processes = [self.start(), self.start()]
        answers = []
        for process in processes:
            out, err = process.communicate(timeout=100)
            answers.append(self.expect_good((process.returncode, out.strip(), err)))
            self.addCleanup(process.stdout.close)
        self.assertEqual(answers[0], answers[1])

    def test_says_that_the_cache_cannot_be_written(self):
        self.cache.write_text("a file stands here")
        code, out, err = self.run_script()
        self.assertNotEqual(code, 0)
        self.assertIn("error: Cannot put LibTorch into the cache", err)
        self.assertIn("ORRERY_CACHE", err)
        self.assertNotIn("Traceback", err)


if __name__ == "__main__":
    unittest.main(verbosity=2)

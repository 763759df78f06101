#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts LibTorch 2.11.0 into the user's cache and prints the folder.

usage: libtorch.py [--cuda] [--licences] [--cache DIR]

The wheels are pinned by SHA-256 (pins/*.txt): pip refuses a wrong hash, and each wheel is hashed again here before it
is unpacked. Only headers, licences and the libraries that Orrery links are kept. Safe to interrupt: everything is written
beside its place and renamed when whole, under a lock, so a second start waits for the first or goes on after it.
"""
import argparse
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

VERSION = "2.11.0"
HERE = pathlib.Path(__file__).resolve().parent
# The CPU needs these of the wheel's libraries; libtorch_cpu.so itself asks for cudart and cupti.
CPU_LIBRARIES = ("libtorch_cpu.so", "libc10.so", "libgomp", "libshm.so")
CUDA_LIBRARIES = ("libtorch_cuda.so", "libc10_cuda.so", "libtorch_cuda_linalg.so", "libtorch_nvshmem.so", "libtorch.so",
                  "libcaffe2_nvrtc.so")


def say(text):
    print(text, file=sys.stderr, flush=True)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 22), b""):
            digest.update(block)
    return digest.hexdigest()


def read_pins(path):
    pins = {}
    for line in path.read_text().splitlines():
        name, _, digest = line.partition(" --hash=sha256:")
        pins[digest.strip()] = name.strip()
    return pins


def download_one(pin, folder):
    wanted = folder / "wanted.txt"
    wanted.write_text(pin + "\n")
    command = [sys.executable, "-m", "pip", "download", "--require-hashes", "--no-deps", "--no-cache-dir",
               "--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311",
               "--abi", "none", "--abi", "abi3", "--disable-pip-version-check", "--progress-bar",
               "on" if sys.stderr.isatty() else "off"]
    for platform in ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_25_x86_64",
                     "manylinux_2_18_x86_64", "manylinux_2_17_x86_64", "manylinux_2_12_x86_64",
                     "manylinux_2_5_x86_64", "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"):
        command += ["--platform", platform]
    command += ["-d", str(folder), "-r", str(wanted)]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        sys.exit(f"error: Cannot get LibTorch: pip could not download {pin.split()[0]}, or it had another hash than "
                 "the pinned one (pip says which, above). Check the network and start again; what was complete is kept.")
    wanted.unlink()


def download(pin_file, folder):
    """Fetches all wheels of a pin file into the folder; wheels that are already there and whole are kept."""
    pins = read_pins(pin_file)
    folder.mkdir(parents=True, exist_ok=True)
    have = {sha256(wheel): wheel for wheel in folder.glob("*.whl")}
    missing = [f"{name} --hash=sha256:{digest}" for digest, name in pins.items() if digest not in have]
    if missing:
        say(f"Downloading {len(missing)} packages for LibTorch {VERSION} (once for this user) ...")
        # One at a time: pip puts nothing into the folder before all that it was asked for is there.
        for pin in missing:
            download_one(pin, folder)
        have = {sha256(wheel): wheel for wheel in folder.glob("*.whl")}
    for digest, name in pins.items():
        if digest not in have:
            sys.exit(f"error: Cannot use \"{name}\": no downloaded file has the pinned SHA-256 {digest}. Delete "
                     f"\"{folder}\" and start again; if it happens again, do not trust the network you are on.")
    return [have[digest] for digest in pins]


def wanted_member(name, with_cuda):
    if name.endswith("/"):
        return None
    if name.startswith("torch/include/"):
        return name
    base = name.rsplit("/", 1)[-1]
    if name.startswith("torch/lib/"):
        keep = CPU_LIBRARIES + (CUDA_LIBRARIES if with_cuda else ())
        return name if base.startswith(keep) else None
    if name.startswith("nvidia/") and "/lib/" in name and ".so" in base:
        return name
    if name.startswith("nvidia/") and "/include/" in name and with_cuda:
        return name
    return licence_member(name)


def licence_member(name):
    """licences/torch-2.11.0/… of a licence or notice in a wheel's dist-info: a package that brings the library brings them."""
    folder, _, rest = name.partition(".dist-info/")
    if rest and "/" not in folder and not name.endswith("/") and (
            rest.startswith("licenses/") or rest.lower().startswith(("licen", "notice"))):
        return f"licences/{folder}/{rest.removeprefix('licenses/')}"
    return None


def unpack(wheels, target, place_of):
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                place = place_of(member.filename)
                if place is None or ".." in pathlib.PurePosixPath(place).parts:
                    continue
                path = target / place
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, open(path, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuda", action="store_true", help="with the CUDA libraries (an NVIDIA driver is present)")
    parser.add_argument("--licences", action="store_true",
                        help="downloads the wheels again for their licences, where an older set-up kept none (packages need them)")
    parser.add_argument("--cache", default=os.environ.get("ORRERY_CACHE") or
                        os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "orrery"))
    arguments = parser.parse_args()
    cache = pathlib.Path(arguments.cache)
    pin_files = [HERE / "pins/libtorch-cpu.txt"] + ([HERE / "pins/libtorch-cuda.txt"] if arguments.cuda else [])
    key = hashlib.sha256(b"".join(file.read_bytes() for file in pin_files)).hexdigest()[:12]
    target = cache / f"libtorch-{VERSION}-{'cuda' if arguments.cuda else 'cpu'}-{key}"
    if not target.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with open(cache / "libtorch.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.is_dir():
                wheels = [wheel for file in pin_files for wheel in download(file, cache / "downloads")]
                partial = target.with_suffix(".partial")
                shutil.rmtree(partial, ignore_errors=True)
                say(f"Unpacking LibTorch {VERSION} into {target} ...")
                unpack(wheels, partial, lambda name: wanted_member(name, arguments.cuda))
                os.rename(partial, target)
                shutil.rmtree(cache / "downloads", ignore_errors=True)
    if arguments.licences and not (target / "licences").is_dir():
        with open(cache / "libtorch.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            wheels = [wheel for file in pin_files for wheel in download(file, cache / "downloads")]
            partial = target.with_suffix(".licences")
            shutil.rmtree(partial, ignore_errors=True)
            unpack(wheels, partial, licence_member)
            if not (target / "licences").is_dir():
                os.rename(partial / "licences", target / "licences")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(cache / "downloads", ignore_errors=True)
    print(target)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("error: Interrupted; what was complete is kept for the next start.")
    except OSError as problem:
        sys.exit(f"error: Cannot put LibTorch into the cache: {problem}. Free some space or check the rights, or set "
                 "ORRERY_CACHE to another folder.")

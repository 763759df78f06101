#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: check_repository.py layering|file-size|licence|plurals ROOT

layering   each include goes in a direction that docs/architecture.md allows
file-size  no hand-written file is longer than 800 lines
licence    each file names its licence, and the one that its folder has
plurals    no text for tr() asks a translation file for its plural: there is none, "%n run(s)" would be shown as it stands
Before it looks at ROOT, each check is run on a tree with one known breach, so that it cannot pass by being blind.
"""
import pathlib
import re
import sys
import tempfile

SOURCES = {".cpp", ".h", ".cu", ".cuh", ".hpp", ".cc"}
HAND_WRITTEN = SOURCES | {".py", ".sh", ".cmake", ".proto"}
SKIPPED = {"build", ".git"}
MAX_LINES = 800

# folder -> project folders it may include besides itself
CORE = {
    "core/base": [],
    "core/spec": ["core/base"],
    "core/plugin": ["core/base", "core/spec"],
    "core/store": ["core/base", "core/spec"],
    "core/tensorfile": ["core/base"],
    "core/data": ["core/base", "core/spec", "core/tensorfile"],
    "core/kernels": ["core/base"],
    "core/engine_api": ["core/base", "core/spec"],
    "core/nn": ["core/base", "core/spec", "core/plugin", "core/kernels", "core/tensorfile"],
    "core/inspect": ["core/base", "core/spec", "core/data", "core/kernels", "core/engine_api", "core/nn"],
    "core/train": ["core/base", "core/spec", "core/store", "core/tensorfile", "core/data", "core/kernels",
                   "core/engine_api", "core/nn", "core/inspect"],
    "core/infer": ["core/base", "core/spec", "core/store", "core/tensorfile", "core/data", "core/kernels",
                   "core/engine_api", "core/nn", "core/inspect"],
    "core/rpc": ["core/base", "core/spec", "core/store", "core/engine_api"],
}
WIDGETS = ["core/base", "core/spec", "core/tensorfile/npz_writer.h", "widgets"]
QT = re.compile(r"^(Q[A-Z]\w*|Qt\w*/.*|qcustomplot\.h|qt\w*\.h)$")
TORCH = re.compile(r"^(torch|ATen|c10)/")
GRPC = re.compile(r"^(grpc|grpcpp|google/protobuf)/|\.(pb|grpc\.pb)\.h$")
TORCH_LAYERS = ("core/nn", "core/inspect", "core/train", "core/infer", "app/worker", "bench", "tests")
GRPC_LAYERS = ("core/rpc", "app/engine/host", "tests/rpc", "tests/app/host")
RPC_PUBLIC = {f"core/rpc/{name}.h" for name in ("access_tokens", "client", "connections", "host_connection", "protocol_version",
                                              "remote_target", "silent_host", "tls_identity", "values", "worker_server")}
QT_LAYERS = ("widgets", "app/workbench", "tests")
# half of a plugin -> folders it may include besides itself; its tests see what both halves see, and what a plugin
# is used through
PLUGIN_HALVES = {
    "engine": ["core/base", "core/spec", "core/plugin", "core/kernels", "core/tensorfile", "core/nn"],
    "ui": ["core/base", "core/spec", "widgets"],
}
PLUGIN_HALVES["tests"] = sorted({folder for half in PLUGIN_HALVES.values() for folder in half}) + [
    "core/infer", "core/rpc", "tests"]


def files(root, endings):
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and path.suffix in endings and not SKIPPED & set(relative.parts):
            yield path, relative.as_posix()


def starts(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def includes(path):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1) == '"', found.group(2)


def plugin_half(name):
    """("plugins/x", "engine") of plugins/x/engine/y.cpp."""
    parts = name.split("/")
    return ("/".join(parts[:2]), parts[2]) if parts[0] == "plugins" and len(parts) > 3 else (None, None)


def layering(root):
    problems = []
    for path, name in files(root, SOURCES):
        layer = next((folder for folder in CORE if name.startswith(folder + "/")), None)
        plugin, half = plugin_half(name)
        if name.startswith("plugins/") and half not in PLUGIN_HALVES:
            problems.append(f"{name}: the sources of a plugin stand in engine/, ui/ or tests/")
        for number, quoted, target in includes(path):
            where = f"{name}:{number} includes {target}"
            if QT.match(target) and not starts(name, QT_LAYERS) and half not in ("ui", "tests"):
                problems.append(f"{where}: only {', '.join(QT_LAYERS)} may see Qt")
            if TORCH.match(target) and not starts(name, TORCH_LAYERS) and half not in ("engine", "tests"):
                problems.append(f"{where}: only {', '.join(TORCH_LAYERS)} may see LibTorch")
            if GRPC.search(target) and not starts(name, GRPC_LAYERS):
                problems.append(f"{where}: only {', '.join(GRPC_LAYERS)} may see gRPC")
            if GRPC.search(target) and name in RPC_PUBLIC:
                problems.append(f"{where}: the public headers of core/rpc show no gRPC")
            if target.startswith("core/rpc/") and target not in RPC_PUBLIC and not starts(name, GRPC_LAYERS):
                problems.append(f"{where}: only {', '.join(sorted(RPC_PUBLIC))} are for others")
            if target == "qcustomplot.h" and not starts(name, ["widgets/plots", "tests/widgets/plots"]):  # the wrapper and its tests
                problems.append(f"{where}: only widgets/plots wraps QCustomPlot")
            if not quoted or not re.match(r"(core|widgets|app|plugins|bench|tests)/", target):
                continue
            if target.startswith("app/") and not starts(name, ["app", "tests"]):
                problems.append(f"{where}: nothing includes app")
            elif plugin and not starts(target, PLUGIN_HALVES.get(half, []) + [f"{plugin}/{half}"] +
                                       ([plugin] if half == "tests" else [])):
                problems.append(f"{where}: the {half} half of a plugin may include {', '.join(PLUGIN_HALVES.get(half, []))}")
            elif layer and not starts(target, [layer] + CORE[layer]):
                problems.append(f"{where}: {layer} may include {', '.join(CORE[layer]) or 'nothing else'}")
            elif name.startswith("widgets/") and not starts(target, WIDGETS):
                problems.append(f"{where}: widgets may include {', '.join(WIDGETS)}")
            elif name.startswith("app/engine/") and starts(target, ["core/nn", "core/inspect", "core/train", "core/infer", "widgets"]):
                problems.append(f"{where}: the engine links neither LibTorch nor Qt")
    return problems


def file_size(root):
    problems = []
    for path, name in files(root, HAND_WRITTEN):
        count = len(path.read_text(errors="replace").splitlines())
        if count > MAX_LINES:
            problems.append(f"{name} has {count} lines, expected at most {MAX_LINES}: split it by phase or behaviour")
    return problems


def licence(root):
    problems = []
    for path, name in files(root, HAND_WRITTEN | {".svg", ".qrc"}):
        if path.suffix in {".svg", ".qrc"}:
            continue
        head = "\n".join(path.read_text(errors="replace").splitlines()[:4])
        found = re.search(r"SPDX-License-Identifier: (\S+)", head)
        gui = starts(name, ["widgets", "app/workbench", "tests/widgets", "tests/app/workbench"]) or plugin_half(name)[1] == "ui"
        expected = "GPL-3.0-or-later" if gui else "Apache-2.0"
        if not found:
            problems.append(f"{name}: no SPDX line in its first four lines, expected {expected}")
        elif found.group(1) != expected and not name.startswith("tests/"):
            problems.append(f"{name}: licence is {found.group(1)}, expected {expected} in this folder")
    return problems


def plurals(root):
    problems = []
    for path, name in files(root, {".cpp", ".h"}):
        for match in re.finditer(r'"[^"\n]*%n[^"\n]*"\s*,\s*nullptr', path.read_text(errors="replace")):
            problems.append(f"{name}: {match.group(0)[:60]}: expected both forms spelled out (widgets/common/counted.h)")
    return problems


SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
# check -> files of a made-up tree, and how many breaches are in it
BREACHES = {
    "layering": ({"core/base/bad.h": SPDX + '#include <QString>\n#include "core/store/x.h"\n',
                  "plugins/a/engine/bad.cpp": SPDX + '#include <QString>\n#include "plugins/b/engine/x.h"\n#include "app/x.h"\n',
                  "plugins/a/engine/good.cpp": SPDX + '#include <torch/torch.h>\n#include "plugins/a/engine/x.h"\n',
                  "plugins/a/bad.cpp": SPDX}, 6),
    "file-size": ({"core/base/bad.h": "\n" * (MAX_LINES + 1)}, 1),
    "licence": ({"core/base/bad.h": "int x;\n", "plugins/a/ui/bad.cpp": SPDX}, 2),
    "plurals": ({"widgets/a/bad.cpp": SPDX + 'tr("%n run(s)",\n   nullptr, 3); tr("%1 runs"); printf("%n", &x);\n'}, 1),
}
CHECKS = {"layering": layering, "file-size": file_size, "licence": licence, "plurals": plurals}


def main():
    name, root = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        made, expected = BREACHES[name]
        for path, text in made.items():
            bad = pathlib.Path(folder) / path
            bad.parent.mkdir(parents=True, exist_ok=True)
            bad.write_text(text)
        found = CHECKS[name](pathlib.Path(folder))
        if len(found) != expected:
            sys.exit(f"the check itself is broken: it found {found} in a tree with {expected} known breaches")
    problems = CHECKS[name](root)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

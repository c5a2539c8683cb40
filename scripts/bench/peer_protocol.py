"""Lines between the benchmark and a peer process: `round` comes in, one JSON object goes out; the end of input ends it."""

import json
import os
import sys
import time


def open_lines():
    """Keeps the real standard output for answers and sends whatever libraries print to standard error."""
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return answers


def answer(answers, **fields):
    answers.write(json.dumps(fields) + "\n")
    answers.flush()


def wait_for_round():
    """When the next round was asked for, or None when there is no other."""
    line = sys.stdin.readline()
    if line == "":
        return None
    if line != "round\n":
        raise SystemExit(f"peer: unknown line {line!r}, expected 'round'")
    return time.perf_counter()


def peak_rss_bytes():
    """The most memory this process has held so far, as the kernel counts it."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise SystemExit("peer: /proc/self/status has no VmHWM")


def versions():
    import importlib.metadata as metadata

    found = {}
    for name in ("torch", "transformers", "trl"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return {"python": sys.version.split()[0], **found}

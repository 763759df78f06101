#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Counts what tests have left out, by reason, from ctest's log. usage: skipped_tests.py LastTest.log
import re
import sys
from collections import Counter


def skipped(log):
    """Reasons and how many rows have each, the most frequent first; of Qt Test and of our scripts ("SKIP: why")."""
    return Counter(match.group(1).strip() for match in re.finditer(r"^SKIP\s*:\s*(?:\S+\(.*?\)\s+)?(.+)$", log, re.M))


def main():
    try:
        with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
            reasons = skipped(file.read())
    except OSError:
        return
    if not reasons:
        return
    print(f"\nLeft out within tests: {sum(reasons.values())}")
    for reason, number in reasons.most_common():
        print(f"{number:5}  {reason}")


if __name__ == "__main__":
    main()

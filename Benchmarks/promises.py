"""What the benchmarks promise. One that is missed is shown like the others, and ends its script with 1."""
import sys

missed = []


def judge(name, target, is_met):
    """The words behind a figure that has a target."""
    if not is_met:
        missed.append(name)
    return f"{target}  {'met' if is_met else 'MISSED'}"


def finish():
    """Call it when everything has been shown."""
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")

#!/usr/bin/env python3
"""Calibration: real Flink beside drey, row by row.

    scenarios/studies/calibration/measure.py [--drey build/release/drey] [--out build/calibration] [--jobs 2]
                                             [--write] [--check PERCENT]

One command: runs throughput.json and snapshots.json and prints each row of measured.json with drey's figure and the
relative error. --write puts the table into table.md; --check 25 ends with exit code 1 if a row is further off. A run
that was done is not done again (drey sweep resumes). Standard library only.

Records per second: the records of the run by its time from submission on, less that of a run with hardly any records.
Checkpoint: median from trigger to completion. Failure: from the exception to all tasks RUNNING again.
"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
START_UP = 0.05  # s from submission to the first record, see the docstring


def sweep(args, name):
    """The points of a study: [(params, {measure: mean})]."""
    folder = os.path.join(args.out, name)
    os.makedirs(folder, exist_ok=True)
    subprocess.run([args.drey, "sweep", os.path.join(HERE, f"{name}.json"), "--out", folder, "--jobs", str(args.jobs)],
                   check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "sweep.json"), encoding="utf-8") as done:
        points = json.load(done)["points"]
    return [(p["params"], {k: v["mean"] for k, v in p["metrics"].items()}) for p in points]


def rows_of(args, measured):
    """[(row, unit, flink, drey)]"""
    rows = []
    for params, values in sweep(args, "throughput"):
        seconds = values["job.duration"] / 1e9 - START_UP
        rows.append((params["row"], "records/s", measured["records_per_second"][params["row"]],
                     values["job.emitted_records"] / seconds))
    snapshots = sweep(args, "snapshots")
    for kind, measure in (("checkpoint", "checkpoint.duration.p50"), ("failure", "job.downtime.last")):
        for params, values in snapshots:
            rows.append((f"{kind}, {params['backend']}, {params['state']}", "s",
                         measured[f"{kind}_seconds"][params["backend"]][params["state"]], values[measure] / 1e9))
    return rows


def number(value):
    return f"{value / 1e6:.2f} M" if value > 1e5 else f"{value:.3g}"


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--drey", default="build/release/drey")
    options.add_argument("--out", default="build/calibration", help="folder of the sweeps")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--write", action="store_true", help="the result into table.md")
    options.add_argument("--check", type=float, metavar="PERCENT", help="exit code 1 if a row is further off")
    args = options.parse_args()
    with open(os.path.join(HERE, "measured.json"), encoding="utf-8") as source:
        measured = json.load(source)
    lines = ["| row | unit | Flink | drey | error |", "|---|---|---:|---:|---:|"]
    worst = 0.0
    for row, unit, flink, drey in rows_of(args, measured):
        error = 100 * (drey - flink) / flink
        worst = max(worst, abs(error))
        lines.append(f"| {row} | {unit} | {number(flink)} | {number(drey)} | {error:+.0f} % |")
    text = "\n".join(lines) + f"\n\nFurthest off: {worst:.1f} %.\n"
    sys.stdout.write(text)
    if args.write:
        with open(os.path.join(HERE, "table.md"), "w", encoding="utf-8") as out:
            out.write("Made by `measure.py --write`; see there how it is measured.\n\n" + text)
    return 1 if args.check is not None and worst > args.check else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Calibration: real Flink beside drey, row by row.

    scenarios/studies/calibration/measure.py [--drey build/release/drey] [--out build/calibration] [--jobs 2]
                                             [--fast] [--write] [--check PERCENT] [--self-test]

One command: runs throughput.json and snapshots.json and prints each row of measured.json with drey's figure and the
ratio. --write puts the table into table.md; --check 25 ends with exit code 1 if a row is further off; --fast runs only
the rows that take seconds; --self-test plants costs that are too high into them and ends with exit code 1 unless
--check finds each. A run that was done is not done again (drey sweep resumes). Standard library only. README.md says
what a row means.
"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
START_UP = 0.05  # s from submission to the first record: of a run of the same job with hardly any records
KINDS = (("checkpoint", "checkpoint.duration.p50"), ("failure", "job.downtime.last"))
FAST = {"throughput": {"row": ["sum, heap, 10^4 keys, parallelism 1", "1 s window sum, heap, 10^4 keys",
                               "sum, RocksDB, 10^4 keys"]},
        "snapshots": {"state": ["10 MB"]}}
# Each planted cost: the study, what is merged into it, and the rows that must leave 25 %.
PLANTED = [("throughput", {"job": {"vertices": {"sum": {"cost": "2 us"}}}}, "sum, "),
           ("snapshots", {"cluster": {"disk": {"sync": "60 ms"}}}, "checkpoint, RocksDB incremental"),
           ("snapshots", {"cluster": {"storage": {"latency": "200 ms"}}}, "failure, ")]


def merged(base, patch):
    """JSON merge: objects key by key, everything else replaced."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    return {**base, **{key: merged(base.get(key), value) for key, value in patch.items()}}


def sweep(args, name, patch, folder):
    """The points of a study: [(params, {measure: mean})]."""
    with open(os.path.join(HERE, f"{name}.json"), encoding="utf-8") as source:
        study = merged(json.load(source), patch)
    if args.fast:
        for axis, kept in FAST[name].items():
            cases = study["sweep"]["axes"][axis]["cases"]
            study["sweep"]["axes"][axis]["cases"] = {case: cases[case] for case in kept}
    folder = os.path.join(args.out, folder)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "study.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump(study, out)
    subprocess.run([args.drey, "sweep", path, "--out", folder, "--jobs", str(args.jobs)],
                   check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "sweep.json"), encoding="utf-8") as done:
        points = json.load(done)["points"]
    return [(p["params"], {k: v["mean"] for k, v in p["metrics"].items()}) for p in points]


def throughput_rows(args, measured, patch, folder):
    return [(params["row"], "records/s", measured["records_per_second"][params["row"]],
             values["job.emitted_records"] / (values["job.duration"] / 1e9 - START_UP))
            for params, values in sweep(args, "throughput", patch, folder)]


def snapshot_rows(args, measured, patch, folder):
    points = sweep(args, "snapshots", patch, folder)
    return [(f"{kind}, {params['backend']}, {params['state']}", "s",
             measured[f"{kind}_seconds"][params["backend"]][params["state"]], values[measure] / 1e9)
            for kind, measure in KINDS for params, values in points]


ROWS = {"throughput": throughput_rows, "snapshots": snapshot_rows}  # [(row, unit, flink, drey)]


def number(value):
    return f"{value / 1e6:.2f} M" if value > 1e5 else f"{value:.3g}"


def off(flink, drey):
    """Per cent."""
    return 100 * abs(drey - flink) / flink


def report(rows):
    """Markdown."""
    lines = ["| row | unit | Flink | drey | drey / Flink |", "|---|---|---:|---:|---:|"]
    lines += [f"| {row} | {unit} | {number(flink)} | {number(drey)} | {drey / flink:.2f} |"
              for row, unit, flink, drey in rows]
    worst = max(rows, key=lambda row: off(*row[2:]))
    lines += ["", f"{len(rows)} rows. Furthest off: {off(*worst[2:]):.1f} % ({worst[0]})."]
    return "\n".join(lines) + "\n"


def self_test(args, measured):
    """Whether --check 25 would find each planted cost, in each row that it is meant for."""
    missed = []
    for number_of, (name, patch, meant) in enumerate(PLANTED):
        rows = [row for row in ROWS[name](args, measured, patch, f"planted-{number_of}") if row[0].startswith(meant)]
        missed += [f"{row[0]}: {patch} is within 25 %" for row in rows if off(*row[2:]) <= 25]
        if not rows:
            missed.append(f"no row begins with {meant}")
    sys.stderr.write("".join(line + "\n" for line in missed))
    return 1 if missed else 0


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--drey", default="build/release/drey")
    options.add_argument("--out", default="build/calibration", help="folder of the sweeps")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--fast", action="store_true", help="only the rows that take seconds")
    options.add_argument("--write", action="store_true", help="the result into table.md")
    options.add_argument("--check", type=float, metavar="PERCENT", help="exit code 1 if a row is further off")
    options.add_argument("--self-test", action="store_true", help="exit code 1 unless planted costs are found")
    args = options.parse_args()
    with open(os.path.join(HERE, "measured.json"), encoding="utf-8") as source:
        measured = json.load(source)
    if args.self_test:
        args.fast = True
        return self_test(args, measured)
    rows = [row for name, rows_of in ROWS.items()
            for row in rows_of(args, measured, {}, f"fast-{name}" if args.fast else name)]
    text = report(rows)
    sys.stdout.write(text)
    if args.write:
        with open(os.path.join(HERE, "table.md"), "w", encoding="utf-8") as out:
            out.write("Made by `measure.py --write`; README.md says what the rows mean.\n\n" + text)
    return 1 if args.check is not None and any(off(*row[2:]) > args.check for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())

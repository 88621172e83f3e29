"""Medians and ratios from Google Benchmark's JSON: benchmarks named with one part group/…/peer/…, ours being "trireme".

  ratios.py <command that was run> <file>...

A ratio above 1 means that Trireme is faster than that peer by this factor.
"""
import json
import os
import statistics
import sys
from collections import defaultdict

COUNTERS = {"bytes_per_second": ("GB/s", 1e-9), "GFLOP/s": ("GFLOP/s", 1.0), "of_ideal": ("of ideal", 1.0),
            "bodies": ("bodies", 1.0), "items_per_second": ("billion/s", 1e-9)}
PEERS = ("trireme", "tbb", "openmp", "eigen", "openblas", "libm", "sleef", "mt19937", "random123", "words_alone", "memcpy",
         "unordered", "loop", "threads", "std_async", "bs_thread_pool", "taskflow", "dispenso",
         "ProcessPoolExecutor", "ThreadPoolExecutor", "multiprocessing.Pool",
         "curand", "cublas", "cub", "copy", "link", "bare", "thrust")
NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def readable(nanoseconds):
    for unit in ("s", "ms", "us"):
        if nanoseconds >= NANOSECONDS[unit]:
            return f"{nanoseconds / NANOSECONDS[unit]:.4g} {unit.replace('us', 'µs')}"
    return f"{nanoseconds:.4g} ns"


def main(command, files):
    context, runs = None, defaultdict(lambda: defaultdict(list))
    counters = defaultdict(lambda: defaultdict(list))
    for file in files:
        with open(file, encoding="utf-8") as stream:
            data = json.load(stream)
        if context is None or context["mhz_per_cpu"] == 0:  # Python does not know it
            context = data["context"]
        for run in data["benchmarks"]:
            if run.get("run_type") == "aggregate" or run.get("error_occurred"):
                continue
            parts = [p for p in run["name"].split("/") if p not in ("real_time", "manual_time") and not p.startswith("iterations:")]
            at = next(i for i, p in enumerate(parts) if i > 0 and p.startswith(PEERS))
            case, peer = "/".join(parts[:at] + parts[at + 1:]), parts[at]
            runs[case][peer].append(run["real_time"] * NANOSECONDS[run["time_unit"]])
            for counter in COUNTERS:
                if counter in run:
                    counters[case, peer][counter].append(run[counter])

    print(f"# Benchmarks, {context['date'][:10]}\n")
    print(f"{context['num_cpus']} cores at {context['mhz_per_cpu']} MHz, {os.uname().sysname} {os.uname().machine}. "
          "Medians of interleaved repetitions; real time. \"Trireme is\" above 1: faster than that peer.\n")
    if "device" in context:
        print(f"{context['device']}, {context['cuda']}.\n")
    print(f"Command: {command}.\n")
    print("| case | what | median | min to max | | Trireme is |\n|---|---|---|---|---|---|")
    for case, peers in runs.items():
        ours = statistics.median(peers["trireme"]) if "trireme" in peers else None
        for peer, times in sorted(peers.items(), key=lambda p: p[0] != "trireme"):
            median = statistics.median(times)
            extra = ", ".join(f"{statistics.median(values) * COUNTERS[name][1]:.4g} {COUNTERS[name][0]}"
                              for name, values in counters[case, peer].items())
            ratio = "" if peer == "trireme" or ours is None else f"{median / ours:.2f} ×"
            print(f"| {case} | {peer} | {readable(median)} | {readable(min(times))} to {readable(max(times))} "
                  f"| {extra} | {ratio} |")


main(sys.argv[1], sys.argv[2:])

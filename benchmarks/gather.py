"""What Google Benchmark, or a script in its manner, has written in some files, as one: the machine, and the times of each
peer in each case. Benchmarks are named with one part group/…/peer/…, ours being "trireme".

  python3 benchmarks/gather.py "a line about the compiler" raw/*.json > result.json
"""
import json
import os
import platform
import statistics
import sys
from collections import defaultdict

COUNTERS = {"bytes_per_second": "GB/s", "GFLOP/s": "GFLOP/s", "of_ideal": "of ideal", "bodies": "bodies", "items_per_second": "billion/s"}
PEERS = ("trireme", "tbb", "openmp", "eigen", "openblas", "libm", "sleef", "mt19937", "random123", "words_alone", "memcpy",
         "unordered", "loop", "threads", "std_async", "std_par", "bs_thread_pool", "taskflow", "dispenso", "ProcessPoolExecutor",
         "ThreadPoolExecutor", "multiprocessing.Pool", "thrust", "curand", "cublas", "cub", "copy", "link", "bare", "scalapack")
NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def short(x):
    return float(f"{x:.4g}")


def main(compiler, files):
    context, times, counters = None, defaultdict(list), defaultdict(lambda: defaultdict(list))
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
            key = "/".join(parts[:at] + parts[at + 1:]), parts[at]
            times[key].append(short(run["real_time"] * NANOSECONDS[run["time_unit"]]))
            for counter in COUNTERS.keys() & run.keys():
                counters[key][counter].append(run[counter])

    caches = {}
    for cache in context.get("caches", []):
        if cache["type"] != "Instruction":
            caches[f"L{cache['level']}"] = cache["size"]
    machine = {"processor": processor(), "cores": context["num_cpus"], "mhz": context["mhz_per_cpu"], "caches": caches,
               "system": f"{os.uname().sysname} {os.uname().machine}", "compiler": compiler}
    if "device" in context:
        machine |= {"device": context["device"], "cuda": context["cuda"]}
    results = []
    for (case, peer), ns in times.items():
        rates = {COUNTERS[name]: short(statistics.median(values) * (1e-9 if name.endswith("_per_second") else 1))
                 for name, values in counters[case, peer].items()}
        results.append({"case": case, "peer": peer, "ns": ns, **({"rates": rates} if rates else {})})
    lines = ",\n  ".join(json.dumps(r) for r in results)
    print(f'{{"date": {json.dumps(context["date"][:10])},\n "machine": {json.dumps(machine)},\n "results": [\n  {lines}\n]}}')


main(sys.argv[1], sys.argv[2:])

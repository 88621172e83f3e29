"""The table of a result that benchmarks/run has written: what report and the benchmarks on a GPU share.

  python3 benchmarks/table.py "the command that was run" result.json
"""
import json
import statistics
import sys


def readable(nanoseconds):
    for unit, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if nanoseconds >= unit:
            return f"{nanoseconds / unit:.4g} {name}"
    return f"{nanoseconds:.4g} ns"


def machine_text(data):
    m = data["machine"]
    caches = ", ".join(f"{name} {size // 1024} KiB" for name, size in m["caches"].items())
    device = f", {m['device']}, {m['cuda']}" if "device" in m else ""
    return f"{m['processor']}, {m['cores']} cores at {m['mhz']} MHz ({caches}), {m['system']}, {m['compiler']}, {data['date']}{device}"


def medians_of(data):
    medians = {}
    for r in data["results"]:
        medians.setdefault(r["case"], {})[r["peer"]] = statistics.median(r["ns"])
    return medians


def table(data, command):
    medians = medians_of(data)
    out = [f"# Benchmarks, {data['date']}\n", machine_text(data) + ".\n",
           "Medians of interleaved repetitions; real time. \"Trireme is\" above 1: faster than that peer.\n",
           f"Command: {command}.\n",
           "| case | what | median | min to max | | Trireme is |", "|---|---|---|---|---|---|"]
    every = {(r["case"], r["peer"]): r for r in data["results"]}
    for case, times in medians.items():
        for peer in sorted(times, key=lambda p: p != "trireme"):
            run = every[case, peer]
            rates = ", ".join(f"{value:.4g} {unit}" for unit, value in run.get("rates", {}).items())
            ratio = f"{times[peer] / times['trireme']:.2f} ×" if "trireme" in times and peer != "trireme" else ""
            out.append(f"| {case} | {peer} | {readable(times[peer])} | {readable(min(run['ns']))} to {readable(max(run['ns']))} | {rates} | {ratio} |")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        print(table(json.load(file), sys.argv[1]), end="")

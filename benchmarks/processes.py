"""The cases of processes.cpp by Python's pools (fork), as JSON like Google Benchmark's, for ratios.py.

  python3 benchmarks/processes.py [repetitions] > processes.py.json
"""
import concurrent.futures
import json
import multiprocessing
import sys
import time

fork = multiprocessing.get_context("fork")
results = []


def nothing():
    return None


def timed(case, peer, repetitions, call):
    for _ in range(repetitions):
        results.append({"name": f"processes/{case}/{peer}", "run_type": "iteration", "real_time": call() * 1e9, "time_unit": "ns"})


def since(begun):
    return time.perf_counter() - begun


def start_executor():
    begun = time.perf_counter()
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork) as pool:
        pool.submit(nothing).result()
        return since(begun)


def start_pool():
    begun = time.perf_counter()
    with fork.Pool(2) as pool:
        pool.apply(nothing)
        return since(begun)


def measure(call_each, tasks=2000):
    """call_each(n) does n calls; the time of one."""
    def once():
        begun = time.perf_counter()
        call_each(tasks)
        return since(begun) / tasks
    return once


def main(repetitions):
    timed("start to first result", "ProcessPoolExecutor", repetitions, start_executor)
    timed("start to first result", "multiprocessing.Pool", repetitions, start_pool)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork) as executor, fork.Pool(2) as pool:
        executor.submit(nothing).result()
        one = {"ProcessPoolExecutor": lambda n: [executor.submit(nothing).result() for _ in range(n)],
               "multiprocessing.Pool": lambda n: [pool.apply(nothing) for _ in range(n)]}
        many = {"ProcessPoolExecutor": lambda n: [f.result() for f in [executor.submit(nothing) for _ in range(n)]],
                "multiprocessing.Pool": lambda n: [r.get() for r in [pool.apply_async(nothing) for _ in range(n)]]}
        for peer, call in one.items():
            timed("empty task", peer, repetitions, measure(call))
        for peer, call in many.items():
            timed("tasks one by one", peer, repetitions, measure(call))
        argument = bytes(100_000_000)

        def send(to=executor):
            begun = time.perf_counter()
            to.submit(len, argument).result()
            return since(begun)

        def send_cold():
            with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork) as fresh:
                fresh.submit(nothing).result()
                return send(fresh)
        few = max(3, repetitions // 3)
        timed("100 MB argument, cold", "ProcessPoolExecutor", few, send_cold)
        timed("100 MB argument, warm", "ProcessPoolExecutor", few, send)
    ballast = bytearray(b"\1") * (4 << 30)
    timed("start to first result, 4 GB resident", "ProcessPoolExecutor", max(3, repetitions // 3), start_executor)
    del ballast
    json.dump({"context": {"date": time.strftime("%Y-%m-%d"), "num_cpus": multiprocessing.cpu_count(), "mhz_per_cpu": 0},
               "benchmarks": results}, sys.stdout)


main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)

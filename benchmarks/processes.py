"""The cases of processes.cpp, and some of tasks.cpp, by Python's pools, as JSON like Google Benchmark's, for gather.py.

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
        results.append({"name": f"{case}/{peer}", "run_type": "iteration", "real_time": call() * 1e9, "time_unit": "ns"})


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


def tasks_on_threads(repetitions):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        def one():
            begun = time.perf_counter()
            pool.submit(nothing).result()
            return since(begun)

        def one_after_idle():
            time.sleep(0.001)
            return one()

        def million():
            begun = time.perf_counter()
            for future in [pool.submit(nothing) for _ in range(1_000_000)]:
                future.result()
            return since(begun)
        one()
        timed("submit_get", "ThreadPoolExecutor", 300, one)
        timed("after_idle", "ThreadPoolExecutor", 300, one_after_idle)
        timed("million_futures", "ThreadPoolExecutor", max(1, repetitions // 5), million)


def main(repetitions):
    tasks_on_threads(repetitions)
    timed("processes/start to first result", "ProcessPoolExecutor", repetitions, start_executor)
    timed("processes/start to first result", "multiprocessing.Pool", repetitions, start_pool)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork) as executor, fork.Pool(2) as pool:
        executor.submit(nothing).result()
        one = {"ProcessPoolExecutor": lambda n: [executor.submit(nothing).result() for _ in range(n)],
               "multiprocessing.Pool": lambda n: [pool.apply(nothing) for _ in range(n)]}
        many = {"ProcessPoolExecutor": lambda n: [f.result() for f in [executor.submit(nothing) for _ in range(n)]],
                "multiprocessing.Pool": lambda n: [r.get() for r in [pool.apply_async(nothing) for _ in range(n)]]}
        for peer, call in one.items():
            timed("processes/empty task", peer, repetitions, measure(call))
        for peer, call in many.items():
            timed("processes/tasks one by one", peer, repetitions, measure(call))
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
        timed("processes/100 MB argument, cold", "ProcessPoolExecutor", few, send_cold)
        timed("processes/100 MB argument, warm", "ProcessPoolExecutor", few, send)
    ballast = bytearray(b"\1") * (4 << 30)
    timed("processes/start to first result, 4 GB resident", "ProcessPoolExecutor", max(3, repetitions // 3), start_executor)
    del ballast
    json.dump({"context": {"date": time.strftime("%Y-%m-%d"), "num_cpus": multiprocessing.cpu_count(), "mhz_per_cpu": 0},
               "benchmarks": results}, sys.stdout)


main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)

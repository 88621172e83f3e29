"""Some cases of random.cpp, math.cpp, loops.cpp and matmul.cpp by numpy, as JSON like Google Benchmark's, for gather.py. numpy works
on one thread, but for products, which are its BLAS's.

  python3 benchmarks/with_numpy.py [repetitions] > with_numpy.py.json
"""
import json
import multiprocessing
import sys
import time

try:
    import numpy as np
except ModuleNotFoundError:
    np = None
    print("with_numpy.py: numpy not found: without it", file=sys.stderr)

repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 9
SAMPLES = 1 << 23
results = []


def timed(name, call):
    for _ in range(repetitions):
        begun = time.perf_counter()
        call()
        results.append({"name": name, "run_type": "iteration", "real_time": (time.perf_counter() - begun) * 1e9, "time_unit": "ns"})


def pi(rng, dtype):
    """In blocks that the caches hold, as everywhere with numpy."""
    block, hits = 1 << 16, 0
    for _ in range(SAMPLES // block):
        x, y = rng.random(block, dtype=dtype), rng.random(block, dtype=dtype)
        hits += np.count_nonzero(x * x + y * y < 1)
    return 4 * hits / SAMPLES


def measure():
    rng = np.random.Generator(np.random.Philox(42))
    for dtype, name in ((np.float32, "float"), (np.float64, "double")):
        timed(f"pi/numpy/{name}", lambda dtype=dtype: pi(rng, dtype))
        x = rng.random(1_000_000, dtype=dtype)
        timed(f"sin+cos/numpy/{name}/1000000", lambda x=x: np.sin(x) + np.cos(x))
        timed(f"exp/numpy/{name}/1000000", lambda x=x: np.exp(x))
        timed(f"log/numpy/{name}/1000000", lambda x=x: np.log(x))
        a, b = rng.random((1000, 1000), dtype=dtype), rng.random((1000, 1000), dtype=dtype)
        timed(f"matmul/numpy/{name}/1000x1000x1000", lambda a=a, b=b: a @ b)
    x = rng.random(100_000_000)
    timed("reduce/numpy", lambda: np.sum(x))


def main():
    if np is not None:
        measure()
    json.dump({"context": {"date": time.strftime("%Y-%m-%d"), "num_cpus": multiprocessing.cpu_count(), "mhz_per_cpu": 0},
               "benchmarks": results}, sys.stdout)


main()

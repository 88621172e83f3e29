"""How long nvcc takes for the program of π, with Trireme and with Thrust in turn; in the units of Google Benchmark. Both
include the header of the algorithm alone; "trireme_whole" has <trireme/cuda.hpp> before it, with all backends.

  measure.py <repetitions> <compiler> <option>...
"""
import json
import multiprocessing
import os
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))


PROGRAMS = {"trireme": ["pi_trireme.cu"], "trireme_whole": ["pi_trireme.cu", "-include", "trireme/cuda.hpp"], "thrust": ["pi_thrust.cu"]}


def seconds(compiler, options, program):
    begun = time.perf_counter()
    subprocess.run([compiler, *options, *program[1:], "-c", os.path.join(here, program[0]), "-o", os.devnull], check=True)
    return time.perf_counter() - begun


def main(repetitions, compiler, *options):
    results = [{"name": f"compile/pi by nvcc/{peer}", "real_time": seconds(compiler, options, program), "time_unit": "s"}
               for _ in range(int(repetitions)) for peer, program in PROGRAMS.items()]
    json.dump({"context": {"date": time.strftime("%Y-%m-%d"), "num_cpus": multiprocessing.cpu_count(), "mhz_per_cpu": 0},
               "benchmarks": results}, sys.stdout)


main(*sys.argv[1:])

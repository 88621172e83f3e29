"""The time that compilers take for the program of π with each backend, beside the same by other libraries, as JSON like
Google Benchmark's, for gather.py. CXX, NVCC and PEERS (a folder of headers, as TRIREME_BENCHMARK_PEERS) come from the environment.

  python3 benchmarks/compile_time.py [repetitions] > compile_time.json
"""
import json
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CUDA = ROOT / "benchmarks/gpu/compile_time"
PI = (CUDA / "pi_trireme.cu").read_text(encoding="utf-8")
BY_HAND = """
struct sample {
  double operator()(unsigned i) const {
    unsigned long long s = i * 0x9E3779B97F4A7C15ull;
    auto next = [&] { s ^= s >> 12; s ^= s << 25; s ^= s >> 27; return double(s * 0x2545F4914F6CDD1Dull >> 11) * 0x1p-53; };
    double x = next(), y = next();
    return x * x + y * y < 1 ? 4.0 : 0.0;
  }
};
"""


def trireme(executor, *headers):
    """The program of pi_trireme.cu on another executor."""
    return PI.replace("#include <trireme/cuda/monte_carlo.hpp>\n", "".join(f"#include <trireme/{h}>\n" for h in headers)).replace("cuda_device", executor)


PROGRAMS = {
    "trireme_inline": trireme("inline_executor", "algorithm/monte_carlo.hpp", "inline/executor.hpp"),
    "trireme_threads": trireme("thread_pool", "algorithm/monte_carlo.hpp", "threads/executor.hpp"),
    "trireme_processes": trireme("process_pool", "algorithm/monte_carlo.hpp", "processes/executor.hpp"),
    "trireme_all": trireme("thread_pool", "trireme.hpp"),
    "std_par": "#include <algorithm>\n#include <execution>\n#include <iostream>\n#include <numeric>\n#include <vector>\n" + BY_HAND + """
int main() {
  std::vector<unsigned> at(1000000);
  std::iota(at.begin(), at.end(), 0u);
  std::cout << std::transform_reduce(std::execution::par, at.begin(), at.end(), 0.0, std::plus<>{}, sample{}) / 1e6 << '\\n';
}
""",
    "taskflow": "#include <taskflow/taskflow.hpp>\n#include <taskflow/algorithm/reduce.hpp>\n#include <iostream>\n#include <numeric>\n#include <vector>\n" + BY_HAND + """
int main() {
  std::vector<unsigned> at(1000000);
  std::iota(at.begin(), at.end(), 0u);
  tf::Executor executor;
  tf::Taskflow flow;
  double sum = 0;
  flow.transform_reduce(at.begin(), at.end(), sum, std::plus<>{}, sample{});
  executor.run(flow).wait();
  std::cout << sum / 1e6 << '\\n';
}
""",
}
CUDA_PROGRAMS = {
    "trireme_cuda": PI,
    "trireme_cuda_whole": "#include <trireme/cuda.hpp>\n" + PI,  # all backends and algorithms before it
    "thrust": (CUDA / "pi_thrust.cu").read_text(encoding="utf-8"),
}


def main(repetitions):
    include = ["-I", str(ROOT / "include"), "-isystem", "/usr/include/eigen3"]
    if "PEERS" in os.environ:
        include += ["-isystem", os.environ["PEERS"]]
    compiler = [os.environ.get("CXX", "c++"), "-std=c++20", "-O2", "-pthread"]
    jobs = [("pi", peer, text, ".cpp", compiler) for peer, text in PROGRAMS.items()]
    if nvcc := os.environ.get("NVCC") or shutil.which("nvcc"):
        options = [nvcc, "-std=c++20", "-O2", "-arch=sm_90", "--expt-relaxed-constexpr", "-diag-suppress=1675,2810,20012"]
        jobs += [("pi by nvcc", peer, text, ".cu", options) for peer, text in CUDA_PROGRAMS.items()]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for repetition in range(repetitions + 1):  # the first fills the system's cache of files
            for job in list(jobs):
                case, peer, text, suffix, command = job
                source = pathlib.Path(folder) / (peer + suffix)
                source.write_text(text, encoding="utf-8")
                begun = time.perf_counter()
                done = subprocess.run([*command, *include, "-c", str(source), "-o", str(source) + ".o"], stderr=subprocess.PIPE, text=True, check=False)
                seconds = time.perf_counter() - begun
                if done.returncode != 0:
                    jobs.remove(job)
                    if peer.startswith("trireme"):
                        sys.exit(done.stderr)
                    print(f"compile_time.py: without {peer}: {done.stderr.splitlines()[0]}", file=sys.stderr)
                elif repetition > 0:
                    results.append({"name": f"compile time/{case}/{peer}", "run_type": "iteration", "real_time": seconds, "time_unit": "s"})
    json.dump({"context": {"date": time.strftime("%Y-%m-%d"), "num_cpus": multiprocessing.cpu_count(), "mhz_per_cpu": 0}, "benchmarks": results}, sys.stdout)


main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)

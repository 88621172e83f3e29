#!/bin/sh
# From a bare Debian to a program that runs, in one command; see `usage`.
set -eu

usage() {
  cat <<'END'
usage: sh cmake/quickstart.sh demo|test|bench

  demo   build the weather-risk example and run it on every backend
  test   build everything and run all tests
  bench  build the benchmarks, with their peers, and say how to run them

Installs what is missing from Debian's packages first, as root or through sudo.
Builds in $BUILD_DIR, by default build/release.
END
}

packages="g++ cmake ninja-build libtbb-dev libeigen3-dev libcereal-dev catch2 libcli11-dev"
needs="a C++20 compiler, CMake 3.24, Ninja or make, oneTBB 2021, Eigen 3.4, cereal, Catch2 2.13.10 or 3, CLI11"

case "${1-}" in
  demo) ;;
  test)
    packages="$packages libopenblas-dev libopenmpi-dev openmpi-bin"
    needs="$needs, and for the tests of trireme::mpi an MPI" ;;
  bench)
    packages="$packages libbenchmark-dev libopenblas-dev libsleef-dev librandom123-dev libopenmpi-dev openmpi-bin libscalapack-openmpi-dev python3-numpy python3-matplotlib"
    needs="$needs, Google Benchmark; for the report python3, numpy and matplotlib" ;;
  *) usage >&2; exit 2 ;;
esac

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else fail "to install these, run me as root or install sudo"
  fi
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

if have dpkg-query && have apt-get; then
  missing=
  for package in $packages; do
    installed "$package" || missing="$missing $package"
  done
  if [ -n "$missing" ]; then
    say "installing from Debian's packages:$missing"
    as_root apt-get update -qq
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  fi
elif ! have cmake || ! { have c++ || have g++ || have clang++; } || ! { have ninja || have make; }; then
  fail "not a Debian system, so please install these yourself: $needs"
fi

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=${BUILD_DIR:-$root/build/release}
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

say "configuring in $build"
if [ ! -e "$build/CMakeCache.txt" ] && have ninja; then set -- "$1" -G Ninja; fi
command=$1
shift
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release "$@" || fail "Trireme needs $needs"

case $command in
  demo)
    say "building weather_risk"
    cmake --build "$build" --parallel "$jobs" --target example_weather_risk
    say "running weather_risk --backend all"
    exec "$build/examples/weather_risk" --backend all --data "$root/examples/data/weather.csv" ;;
  test)
    say "building everything"
    cmake --build "$build" --parallel "$jobs"
    say "running all tests"
    cd "$build"
    exec ctest --output-on-failure --no-tests=error --parallel "$jobs" ;;
  bench)
    say "building the benchmarks"
    cmake --build "$build" --parallel "$jobs"
    say "benchmarks/run runs all, and benchmarks/report shows what came of it; or run one, with --help to learn its options"
    find "$build/benchmarks" -maxdepth 1 -name 'benchmark_*' ;;
esac

# shellcheck shell=bash
# machine_facts: what a measurement depends on, a line each of a name, a tab and a value. For sourcing, with the root of
# the project as directory and the release preset built.

machine_facts() {
  fact() { printf '%s\t%s\n' "$1" "$2"; }
  fact "CPU" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores"
  fact "instruction sets" "$(grep -m1 '^flags' /proc/cpuinfo | tr ' ' '\n' |
    grep -Ex 'sse4_2|avx|avx2|fma|avx512(f|dq|bw|vl)' | paste -sd ' ')"
  fact "system" "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release), Linux $(uname -r)"
  fact "compiler" "$(c++ --version | head -1)"
  local package version
  for package in libopenblas-dev libbenchmark-dev libeigen3-dev libxtensor-dev libxsimd-dev libtorch-dev; do
    version=$(dpkg-query --show --showformat='${Version}' "$package" 2>/dev/null) && fact "$package" "$version"
  done
  fact "xgrad" "$(git describe --always --dirty 2>/dev/null || echo 'not under version control')"
  fact "libxgrad.so, stripped, MB" "$(stripped_megabytes build-release/src/libxgrad.so)"
  local torch
  torch=$(ldconfig -p | sed -n 's/.*libtorch_cpu\.so[^ ]* .*=> //p' | head -1)
  if [[ $torch ]]; then
    fact "libtorch_cpu.so, stripped, MB" "$(stripped_megabytes "$torch")"
  fi
}

# stripped_megabytes <library>
stripped_megabytes() {
  local copy
  copy=$(mktemp)
  strip --strip-unneeded -o "$copy" "$1"
  awk -v bytes="$(stat --dereference --format %s "$copy")" 'BEGIN { printf "%.2f\n", bytes / 1e6 }'
  rm -f "$copy"
}

# shellcheck shell=bash disable=SC2034
# The one list of Debian packages, and install_packages, which gets those that are missing. For sourcing.

# What building the library, the command, the tests and the benchmarks takes.
build_packages=(
  g++ cmake ninja-build pkg-config
  libxtensor-dev libxtensor-blas-dev libxsimd-dev libopenblas-dev
  libcli11-dev libfmt-dev nlohmann-json3-dev zlib1g-dev
  doctest-dev libmpfr-dev libbenchmark-dev
)
# What scripts/bench takes besides: the plot and the rivals, of which libtorch is by far the largest.
bench_packages=("${build_packages[@]}" gnuplot-nox libeigen3-dev)
libtorch_packages=(libtorch-dev)
# What scripts/style takes besides, and what scripts/sanitize does.
style_packages=(clang-format clang-tidy-19 clang-19)
# With these the tests also compile the LaTeX that is printed; without them that one test does nothing.
latex_packages=(texlive-latex-base)
sanitizer_packages=(clang-19 libclang-rt-19-dev)

is_installed() {
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# install_packages <package>...
# Asks nothing. Needs root or sudo only if something is missing; elsewhere than on Debian it says what is needed.
install_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "No apt-get here. Needed, under whatever names this system has for them: $*"
    return
  fi
  local package missing=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    return
  fi
  local as_root=()
  if ((EUID != 0)); then
    if ! sudo --non-interactive true 2>/dev/null; then
      echo "Missing packages, and neither root nor sudo without a password; run  apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo --non-interactive)
  fi
  echo "Installing ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install --yes --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    echo "Installing failed; apt-get's words are above" >&2
    return 1
  fi
  rm -f "$log"
}

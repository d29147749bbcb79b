# shellcheck shell=bash
# configure and build for the presets in CMakePresets.json. For sourcing, with the root of the project as directory.

# configure <preset> [<cmake option>...]
# Uses ccache if it is there. What the generator says goes to build-<preset>/configure.log.
configure() {
  local preset=$1
  shift
  local options=("$@")
  if command -v ccache >/dev/null; then
    options+=(-D CMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  mkdir -p "build-$preset"
  if ! cmake --preset "$preset" "${options[@]}" >"build-$preset/configure.log" 2>&1; then
    cat "build-$preset/configure.log" >&2
    return 1
  fi
}

# build <preset> [<target>...]
# On a terminal the build tool shows its progress in one line; else only what fails is shown.
build() {
  local preset=$1
  shift
  local targets=()
  if (($#)); then
    targets=(--target "$@")
  fi
  echo "Building ($preset)"
  if [[ -t 1 ]]; then
    cmake --build --preset "$preset" --parallel "$(nproc)" "${targets[@]}"
  elif ! cmake --build --preset "$preset" --parallel "$(nproc)" "${targets[@]}" >"build-$preset/build.log" 2>&1; then
    grep --extended-regexp --invert-match '^\[[0-9]+/[0-9]+\]' "build-$preset/build.log" | tail --lines 200 >&2
    echo "Building failed; all of it is in build-$preset/build.log" >&2
    return 1
  fi
}

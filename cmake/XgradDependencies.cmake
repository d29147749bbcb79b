# What the sources use and no user of the installed library needs.
find_package(PkgConfig REQUIRED)
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
find_package(xtensor REQUIRED)
find_package(xtensor-blas REQUIRED)
find_package(xsimd REQUIRED)
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)

# The header-only ones as one target, and SYSTEM, because xsimd's and xtensor's headers don't pass our warnings.
add_library(xgrad_arrays INTERFACE)
foreach(dependency xtensor xtensor-blas xsimd nlohmann_json::nlohmann_json fmt::fmt-header-only)
  get_target_property(include_directories ${dependency} INTERFACE_INCLUDE_DIRECTORIES)
  target_include_directories(xgrad_arrays SYSTEM INTERFACE ${include_directories})
endforeach()
target_compile_definitions(xgrad_arrays INTERFACE FMT_HEADER_ONLY=1)

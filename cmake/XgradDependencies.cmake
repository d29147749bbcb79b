# What the sources use and no user of the installed library needs.
find_package(PkgConfig REQUIRED)
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
find_package(xtensor REQUIRED)
find_package(xtensor-blas REQUIRED)
find_package(xsimd REQUIRED)
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)

# The header-only ones and fmt as one target; SYSTEM, because xsimd's and xtensor's headers don't pass our warnings.
add_library(xgrad_arrays INTERFACE)
foreach(dependency xtensor xtensor-blas xsimd nlohmann_json::nlohmann_json)
  get_target_property(include_directories ${dependency} INTERFACE_INCLUDE_DIRECTORIES)
  target_include_directories(xgrad_arrays SYSTEM INTERFACE ${include_directories})
endforeach()
target_link_libraries(xgrad_arrays INTERFACE fmt::fmt)

# Up to xtensor 0.25, some partial specialisations are ambiguous to clang 19, by the rule that it matches template
# template arguments with.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  include(CheckCXXSourceCompiles)
  get_target_property(CMAKE_REQUIRED_INCLUDES xgrad_arrays INTERFACE_INCLUDE_DIRECTORIES)
  check_cxx_source_compiles(
    "#if __has_include(<xtensor/containers/xarray.hpp>)
     #include <xtensor/containers/xarray.hpp>
     #else
     #include <xtensor/xarray.hpp>
     #endif
     int main() { xt::xarray<double> a; }" XGRAD_XTENSOR_COMPILES)
  unset(CMAKE_REQUIRED_INCLUDES)
  if(NOT XGRAD_XTENSOR_COMPILES)
    target_compile_options(xgrad_arrays INTERFACE -fno-relaxed-template-template-args
                                                  -Wno-deprecated-no-relaxed-template-template-args)
  endif()
endif()

# Installs the build tree BUILD below WORK and uses the result as a stranger would. Fails at the first thing that doesn't
# work. Needs SOURCE, LIBDIR, VERSION, GENERATOR, COMPILER, LAUNCHER, PKG_CONFIG.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "Failed (${result}): ${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/installed)
# Nothing may depend on where it was installed first.
set(prefix ${WORK}/moved)
file(RENAME ${WORK}/installed ${prefix})

foreach(file LICENSE README.md data/README.md)
  if(NOT EXISTS ${prefix}/share/doc/xgrad/${file})
    message(FATAL_ERROR "Not installed: share/doc/xgrad/${file}")
  endif()
endforeach()

# The package names neither another package nor a place on this machine.
file(GLOB package_files ${prefix}/${LIBDIR}/cmake/xgrad/*.cmake ${prefix}/${LIBDIR}/pkgconfig/xgrad.pc)
foreach(file ${package_files})
  file(READ ${file} text)
  foreach(word openblas OPENBLAS ZLIB xtensor xsimd nlohmann fmt:: LINK_ONLY ${SOURCE} ${WORK})
    string(FIND "${text}" "${word}" place)
    if(NOT place EQUAL -1)
      message(FATAL_ERROR "${file} mentions ${word}")
    endif()
  endforeach()
endforeach()

run(${prefix}/bin/xgrad --version)
if(NOT output MATCHES "${VERSION}")
  message(FATAL_ERROR "The installed command says it is version ${output}, not ${VERSION}")
endif()

# Each example as a project of its own.
include(${SOURCE}/examples/small.cmake)
foreach(example first_program residual custom_operation document pinn graph_network charlm gpt lenet resnet vae)
  set(build ${WORK}/${example})
  run(${CMAKE_COMMAND} -S ${SOURCE}/examples/${example} -B ${build} -G ${GENERATOR} -D CMAKE_BUILD_TYPE=Release
      -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
      -D "CMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror")
  file(STRINGS ${build}/CMakeCache.txt found REGEX "^xgrad_DIR:")
  if(NOT found MATCHES "${prefix}/")
    message(FATAL_ERROR "${example} was built against another xgrad: ${found}")
  endif()
  run(${CMAKE_COMMAND} --build ${build})
  run(${build}/${example} ${small_${example}})
  message(STATUS "${example}: ${output}")
endforeach()

# A release with another minor version isn't compatible.
file(WRITE ${WORK}/wrong_version/CMakeLists.txt
     "cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES NONE)\nfind_package(xgrad 0.0 REQUIRED)\n")
execute_process(COMMAND ${CMAKE_COMMAND} -S ${WORK}/wrong_version -B ${WORK}/wrong_version/build -G ${GENERATOR}
                        -D CMAKE_PREFIX_PATH=${prefix} RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE output)
if(result EQUAL 0 OR NOT output MATCHES "version: ${VERSION}")
  message(FATAL_ERROR "find_package(xgrad 0.0) took version ${VERSION}: ${output}")
endif()

# There are no components, and whoever asks for one is told so; an optional one isn't found.
function(configure_with arguments result_name)
  file(WRITE ${WORK}/components/CMakeLists.txt
       "cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES NONE)\nfind_package(xgrad ${arguments})\n"
       "message(STATUS \"xgrad \${xgrad_FOUND} cuda \${xgrad_cuda_FOUND}\")\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${WORK}/components -B ${WORK}/components/build -G ${GENERATOR}
                          -D CMAKE_PREFIX_PATH=${prefix} RESULT_VARIABLE result OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  set(output "${output}" PARENT_SCOPE)
  set(${result_name} ${result} PARENT_SCOPE)
endfunction()
configure_with("REQUIRED COMPONENTS cuda mpi" result)
if(result EQUAL 0 OR NOT output MATCHES "xgrad has no components, but these were asked for: cuda, mpi")
  message(FATAL_ERROR "find_package(xgrad COMPONENTS cuda mpi) doesn't say why it fails: ${output}")
endif()
configure_with("REQUIRED OPTIONAL_COMPONENTS cuda" result)
if(NOT result EQUAL 0 OR NOT output MATCHES "xgrad (TRUE|1) cuda FALSE")
  message(FATAL_ERROR "find_package(xgrad OPTIONAL_COMPONENTS cuda) fails: ${output}")
endif()

# pkg-config, and every public header on its own: the standard library, and xtensor for xtensor.hpp alone.
set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
run(${PKG_CONFIG} --cflags --libs xgrad)
separate_arguments(package UNIX_COMMAND "${output}")
if(NOT output MATCHES "-std=c[+][+]20")
  message(FATAL_ERROR "pkg-config doesn't ask for C++20: ${output}")
endif()
separate_arguments(flags UNIX_COMMAND "-Wall -Wextra -Wpedantic -Werror")
run(${COMPILER} ${flags} ${SOURCE}/examples/first_program/main.cpp -o ${WORK}/by_pkg_config ${package}
    -Wl,-rpath,${prefix}/${LIBDIR})
run(${WORK}/by_pkg_config)

file(GLOB_RECURSE headers RELATIVE ${prefix}/include ${prefix}/include/xgrad/*.hpp)
list(LENGTH headers count)
if(count LESS 25)
  message(FATAL_ERROR "Only ${count} headers are installed")
endif()
run(${PKG_CONFIG} --cflags xgrad)
separate_arguments(package UNIX_COMMAND "${output}")
foreach(header ${headers})
  file(WRITE ${WORK}/header.cpp "#include <${header}>\nint main() {}\n")
  run(${COMPILER} ${flags} -fsyntax-only -MD -MF ${WORK}/header.d ${WORK}/header.cpp ${package})
  file(READ ${WORK}/header.d included)
  if(NOT header STREQUAL xgrad/xtensor.hpp AND included MATCHES "xtensor|xtl|xsimd|blas|fmt/|nlohmann|zlib")
    message(FATAL_ERROR "${header} includes more than the standard library: ${included}")
  endif()
endforeach()
message(STATUS "${count} headers compile alone")

# With an older standard each of them gives the one error that says so, and ends there.
foreach(header ${headers})
  file(WRITE ${WORK}/header.cpp "#include <${header}>\nint main() { return xgrad::nothing; }\n")
  execute_process(COMMAND ${COMPILER} ${package} -std=c++17 -fsyntax-only ${WORK}/header.cpp RESULT_VARIABLE result
                  OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX MATCHALL "error:[^\n]*" errors "${output}")
  list(LENGTH errors number)
  list(GET errors 0 first)
  if(result EQUAL 0 OR NOT first MATCHES "xgrad needs C[+][+]20: compile with -std=c[+][+]20" OR number GREATER 2)
    message(FATAL_ERROR "${header} with C++17: ${output}")
  endif()
endforeach()
message(STATUS "${count} headers ask for C++20")

# The vector kernels: the same sources once per instruction set, one of which is picked at run time.
file(GLOB kernel_sources CONFIGURE_DEPENDS run/kernels/*.cpp)
# g++ inlines less in a large file, so a kernel would be slower for standing beside many.
set_source_files_properties(run/kernels/vector_kernels.cpp PROPERTIES COMPILE_OPTIONS
                            "$<$<CXX_COMPILER_ID:GNU>:--param=large-unit-insns=1000000>")
set(kernel_objects)
set(isa_flags_baseline "")
set(isa_flags_avx2 -mavx2 -mfma)
set(isa_flags_avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma -mprefer-vector-width=512)
foreach(isa baseline avx2 avx512)
  set(target xgrad_kernels_${isa})
  add_library(${target} OBJECT ${kernel_sources})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_compile_definitions(${target} PRIVATE XGRAD_ISA=${isa})
  target_compile_options(${target} PRIVATE ${isa_flags_${isa}} -ffp-contract=off)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${target} PRIVATE xgrad_arrays)
  xgrad_warnings(${target})
  # g++ 12 takes the deliberately undefined lanes in its own AVX-512 intrinsics for a mistake (GCC bug 105593).
  target_compile_options(${target} PRIVATE "$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-uninitialized>")
  # xsimd's baseline functions convert all lanes, those too that they then replace.
  if(XGRAD_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${target} PRIVATE -fno-sanitize=float-cast-overflow)
  endif()
  list(APPEND kernel_objects $<TARGET_OBJECTS:${target}>)
endforeach()

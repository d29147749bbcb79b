# What release builds are protected by: relocations that are read-only and bound at the start, stack canaries, checked
# standard functions. The vector kernels do without canaries: they are called per tile and write what they were given.
function(xgrad_harden target)
  target_link_options(${target} PRIVATE "$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:LINKER:-z,relro,-z,now>")
  if(NOT XGRAD_SANITIZE)
    target_compile_options(
      ${target} PRIVATE "$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-fstack-protector-strong;-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
  endif()
endfunction()

# Keeps what isn't xgrad's out of a shared library's dynamic symbols.
function(xgrad_export_own_names target)
  set(map ${PROJECT_SOURCE_DIR}/cmake/exports.map)
  target_link_options(${target} PRIVATE LINKER:--version-script=${map})
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})
endfunction()

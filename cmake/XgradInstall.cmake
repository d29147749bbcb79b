# cmake --install: the library with its headers, the command, the CMake package, xgrad.pc, documents and licences. All of
# it may be moved as a whole. The package names no other: what the sources use stays inside the shared library.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/xgrad)
set(pc_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS xgrad EXPORT xgrad-targets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/xgrad DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp")
install(EXPORT xgrad-targets NAMESPACE xgrad:: DESTINATION ${package_folder})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/xgrad-config.cmake.in
                              ${CMAKE_CURRENT_BINARY_DIR}/xgrad-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/xgrad-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/xgrad-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/xgrad-config-version.cmake
        DESTINATION ${package_folder})

file(RELATIVE_PATH XGRAD_PREFIX_FROM_PC /${pc_folder} /)
string(REGEX REPLACE "/$" "" XGRAD_PREFIX_FROM_PC "${XGRAD_PREFIX_FROM_PC}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/xgrad.pc.in ${CMAKE_CURRENT_BINARY_DIR}/xgrad.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/xgrad.pc DESTINATION ${pc_folder})

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/data/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/data)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")

# embed_file(<target> FILE <file> FUNCTION <namespace>::<name> HEADER <header>)
#
# Builds the bytes of a file into a target, as the function `std::string_view name() noexcept` that the header declares.
# The source is generated at build time, again whenever the file changes. Include the module for the function; it calls
# this same file as a script (cmake -P) for the work.

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  file(READ "${EMBED_FILE}" bytes HEX)
  string(REPEAT "[0-9a-f]" 64 line)
  string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX MATCH "^(.*)::([^:]+)$" matched "${EMBED_FUNCTION}")
  if(NOT matched OR bytes STREQUAL "")
    message(FATAL_ERROR "EmbedFile: ${EMBED_FILE} is empty, or ${EMBED_FUNCTION} isn't namespace::name")
  endif()
  get_filename_component(name "${EMBED_FILE}" NAME)
  file(WRITE "${EMBED_OUTPUT}"
       "// Generated from ${name}.\n"
       "#include \"${EMBED_HEADER}\"\n\n"
       "namespace ${CMAKE_MATCH_1} {\n"
       "namespace {\n"
       "constexpr unsigned char bytes[] = {\n${bytes}};\n"
       "}  // namespace\n\n"
       "std::string_view ${CMAKE_MATCH_2}() noexcept { return {reinterpret_cast<const char*>(bytes), sizeof bytes}; }\n"
       "}  // namespace ${CMAKE_MATCH_1}\n")
  return()
endif()

function(embed_file target)
  cmake_parse_arguments(PARSE_ARGV 1 EMBED "" "FILE;FUNCTION;HEADER" "")
  get_filename_component(name ${EMBED_FILE} NAME)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D EMBED_FILE=${EMBED_FILE} -D EMBED_OUTPUT=${output} -D EMBED_FUNCTION=${EMBED_FUNCTION}
            -D EMBED_HEADER=${EMBED_HEADER} -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
    DEPENDS ${EMBED_FILE} ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
    COMMENT "Embedding ${name}"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

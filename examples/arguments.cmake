# What PROGRAM, an example with options, does with --help and with arguments that it doesn't know.
cmake_minimum_required(VERSION 3.25)
get_filename_component(name ${PROGRAM} NAME)

execute_process(COMMAND ${PROGRAM} --help RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE error)
if(NOT result EQUAL 0 OR NOT output MATCHES "^usage: ${name} " OR NOT error STREQUAL "")
  message(FATAL_ERROR "--help: ${result}, ${output}${error}")
endif()

foreach(arguments --no-such-option "--seed" "--seed;x" "--steps;1.5" "--steps;0" "3")
  execute_process(COMMAND ${PROGRAM} ${arguments} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE error)
  if(NOT result EQUAL 2 OR NOT output STREQUAL "" OR NOT error MATCHES "^${name}: [^\n]+\n$")
    message(FATAL_ERROR "${arguments}: ${result}, ${output}${error}")
  endif()
endforeach()

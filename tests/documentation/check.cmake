# One block of PLACE, a document. Runs PROGRAM or the line in SHELL_LINE (with COMMAND_FOLDER first in the PATH) in
# DIRECTORY, leaves what it prints in ACTUAL, and compares that with EXPECTED, if given. Or looks for the text in
# EXPECTED in FILE.
cmake_minimum_required(VERSION 3.25)

if(DEFINED FILE)
  file(READ ${EXPECTED} excerpt)
  file(READ ${DIRECTORY}/${FILE} text)
  string(FIND "${text}" "${excerpt}" place)
  if(place EQUAL -1)
    message(FATAL_ERROR "${PLACE} quotes ${FILE}, in which this doesn't stand:\n${excerpt}")
  endif()
  return()
endif()

if(DEFINED SHELL_LINE)
  set(ENV{PATH} "${COMMAND_FOLDER}:$ENV{PATH}")
  set(command bash -eu -o pipefail ${SHELL_LINE})
else()
  set(command ${PROGRAM})
endif()
execute_process(COMMAND ${command} WORKING_DIRECTORY ${DIRECTORY} RESULT_VARIABLE result OUTPUT_FILE ${ACTUAL}
                ERROR_VARIABLE errors)
file(READ ${ACTUAL} actual)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "A block of ${PLACE} failed (${result}):\n${actual}${errors}")
endif()
if(DEFINED EXPECTED)
  file(READ ${EXPECTED} expected)
  if(NOT actual STREQUAL expected)
    message(FATAL_ERROR "${PLACE} says\n${expected}\nbut it is\n${actual}")
  endif()
endif()

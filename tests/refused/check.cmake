# Compiles SOURCE with COMPILER, which must fail: every "// refused: Class" in it has to be an error that names the class
# as CannotLookInto<Class> and says what to do, and there may be no other error. Needs SOURCE, INCLUDE, COMPILER.
cmake_minimum_required(VERSION 3.25)

set(unlimited)
if(COMPILER MATCHES "clang")
  set(unlimited -ferror-limit=0)
endif()
execute_process(COMMAND ${COMPILER} -std=c++20 ${unlimited} -I${INCLUDE} -fsyntax-only ${SOURCE}
                RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles")
endif()
string(REPLACE ";" "," output "${output}")
# Compilers differ in blanks: "void *", "A<B> >", "Tensor (const Tensor &)".
string(REPLACE " " "" squeezed "${output}")

file(STRINGS ${SOURCE} lines REGEX "// refused: ")
list(LENGTH lines count)
foreach(line ${lines})
  string(REGEX REPLACE ".*// refused: " "" class "${line}")
  string(REPLACE " " "" class "${class}")
  string(REPLACE "*" "[*]" class "${class}")
  if(class STREQUAL "lambda")
    set(class "[^\n]*lambda")  # its name is the compiler's
  endif()
  if(NOT squeezed MATCHES "CannotLookInto<${class}")
    message(FATAL_ERROR "No error names ${class}:\n${output}")
  endif()
endforeach()

string(REGEX MATCHALL "error:[^\n]*" errors "${output}")
foreach(error ${errors})
  foreach(part "xgrad can't look" "aggregate" "field_names" "parameters\\(\\) const" "holds_no_parameters<class> = true")
    if(NOT error MATCHES "${part}")
      message(FATAL_ERROR "Another error than expected, or it doesn't say '${part}': ${error}")
    endif()
  endforeach()
endforeach()
list(LENGTH errors refused)
if(NOT refused EQUAL count)
  message(FATAL_ERROR "${refused} errors for ${count} models:\n${output}")
endif()
message(STATUS "${count} models are refused by ${COMPILER}")

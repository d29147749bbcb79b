# A wall that nobody can run into is no wall: rooms.cmake must find every wrong include that is planted in a copy of
# SOURCE, made in WORK.
cmake_minimum_required(VERSION 3.25)

function(copy_sources)
  file(REMOVE_RECURSE ${WORK})
  file(COPY ${SOURCE}/src ${SOURCE}/include DESTINATION ${WORK})
endfunction()

# found_out(<what> <words>): the rule is broken in the copy, and the error says so with these words.
function(found_out what words)
  execute_process(COMMAND ${CMAKE_COMMAND} -D SOURCE=${WORK} -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/rooms.cmake
                  RESULT_VARIABLE result ERROR_VARIABLE error OUTPUT_QUIET)
  string(REGEX REPLACE "[ \n]+" " " error "${error}")
  string(FIND "${error}" "${words}" at)
  if(result EQUAL 0 OR at EQUAL -1)
    message(SEND_ERROR "Not found out: ${what}")
  endif()
  file(REMOVE_RECURSE ${WORK})
endfunction()

# planted(<what> <file> <line>): the line at the end of the file is found out, and what it includes is named.
function(planted what file line)
  copy_sources()
  file(APPEND ${WORK}/${file} "${line}\n")
  string(REGEX REPLACE "^#include \"(.*)\"$" "\\1" included "${line}")
  found_out("${what}: ${line} in ${file}" "${included}")
endfunction()

planted("a lower room that enters a higher one" src/graph/node.cpp "#include \"planning/simplify.hpp\"")
planted("a subfolder that enters the room above it" src/check/verdict/agreement.cpp "#include \"check/manual.hpp\"")
planted("a room that enters one beside it" src/optim/sgd.cpp "#include \"data/rows.hpp\"")
planted("a folder that is no room of its own" src/ops/index/take.cpp "#include \"autodiff/reverse.hpp\"")
planted("kernels that see the graph" src/run/kernels/row_kernels.cpp "#include \"graph/node.hpp\"")
planted("the document's formulas that see a derivative" src/check/document/document_formulas.cpp
        "#include \"xgrad/autodiff.hpp\"")
planted("layers by hand that see an operation" src/check/layers/convolution.cpp "#include \"xgrad/convolution.hpp\"")
planted("layers by hand that see a layer" src/check/layers/lstm.cpp "#include \"xgrad/nn/recurrent.hpp\"")
planted("layers by hand that see the graph" src/check/layers/values.hpp "#include \"graph/node.hpp\"")
planted("a source with a public header above it" src/graph/order.cpp "#include \"xgrad/compile.hpp\"")
planted("a public header with one above it" include/xgrad/tensor.hpp "#include \"xgrad/optim.hpp\"")
planted("a core header that includes nn" include/xgrad/compile.hpp "#include \"xgrad/nn/layers.hpp\"")
planted("a public header that is nobody's" include/xgrad/stray.hpp "include/xgrad/stray.hpp")
planted("a source in no room" src/stray/stray.cpp "stray/stray.cpp")

copy_sources()
file(READ ${WORK}/src/tensor/README.md text)
string(REPLACE "May use: nothing." "May use: graph." text "${text}")
file(WRITE ${WORK}/src/tensor/README.md "${text}")
found_out("two rooms in a circle" "in a circle: ")

copy_sources()
file(READ ${WORK}/src/tensor/README.md text)
string(REPLACE "May use: nothing." "May use: memory." text "${text}")
file(WRITE ${WORK}/src/tensor/README.md "${text}")
found_out("a room that may use what it doesn't" "src/tensor/README.md allows memory")

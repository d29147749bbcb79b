// faults_writer FILE NUMBER: an array of 300 times the number, as write_npy() writes it.
#include <cstdlib>
#include <iostream>

#include "xgrad/creation.hpp"
#include "xgrad/data.hpp"
#include "xgrad/error.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    return 1;
  }
  try {
    xgrad::data::write_npy(argv[1], xgrad::full({300}, std::atof(argv[2])));
    return 0;
  } catch (const xgrad::IoError& error) {
    std::cerr << "xgrad: " << error.what() << '\n';
    return 2;
  }
}

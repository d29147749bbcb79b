// The environment's settings: a value that isn't known is an error at the first call that would need it, each time,
// and what is in force afterwards is what the variable then says.
#include <array>
#include <cstdlib>
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <utility>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;

namespace {

// All in one thread, before anything is computed: the settings are read when they are first found to be right.
void set(const char* variable, const char* value) {
  REQUIRE(setenv(variable, value, 1) == 0);  // NOLINT(concurrency-mt-unsafe)
}

void unset(const char* variable) {
  REQUIRE(unsetenv(variable) == 0);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace

TEST_CASE("an unknown setting is an error wherever it would count, until it is right") {
  const std::array<std::pair<const char*, const char*>, 3> saved{
      {{"XGRAD_ISA", std::getenv("XGRAD_ISA")},              // NOLINT(concurrency-mt-unsafe)
       {"XGRAD_PRODUCTS", std::getenv("XGRAD_PRODUCTS")},    // NOLINT(concurrency-mt-unsafe)
       {"XGRAD_OPTIMIZE", std::getenv("XGRAD_OPTIMIZE")}}};  // NOLINT(concurrency-mt-unsafe)
  for (const auto& [variable, was] : saved) {
    unset(variable);
  }
  const xg::Tensor x = xg::tensor({1.0, 2.0}, xg::float64);

  const std::array<std::array<std::string, 3>, 6> wrong{{
      {"XGRAD_ISA", "avx", "[environment] XGRAD_ISA=avx: expected baseline or avx2 or avx512"},
      {"XGRAD_ISA", "AVX2", "[environment] XGRAD_ISA=AVX2: expected baseline or avx2 or avx512"},
      {"XGRAD_PRODUCTS", "Plain", "[environment] XGRAD_PRODUCTS=Plain: expected plain or measured"},
      {"XGRAD_PRODUCTS", "1", "[environment] XGRAD_PRODUCTS=1: expected plain or measured"},
      {"XGRAD_OPTIMIZE", "off", "[environment] XGRAD_OPTIMIZE=off: expected 0 or 1"},
      {"XGRAD_OPTIMIZE", "00", "[environment] XGRAD_OPTIMIZE=00: expected 0 or 1"},
  }};
  for (const auto& [variable, value, message] : wrong) {
    set(variable.c_str(), value.c_str());
    for (int time = 0; time < 2; ++time) {
      CHECK(message_of<xg::ValueError>([&] { return (x * x).eval(); }) == message);
      CHECK(message_of<xg::ValueError>([] { return xg::plan_options(); }) == message);
      CHECK(message_of<xg::ValueError>([] { return std::make_unique<xg::PlanScope>(xg::PlanOptions{}); }) == message);
      CHECK(message_of<xg::ValueError>([] { return xg::compile([](const xg::Tensor& a) { return a * a; }); }) ==
            message);
      CHECK(message_of<xg::ValueError>([] { return xg::Random{1}.normal({8}).eval(); }) == message);
    }
    unset(variable.c_str());
  }

  for (const auto& [variable, was] : saved) {
    if (was != nullptr) {
      set(variable, was);
    }
  }
  CHECK((x * x).to_vector<double>()[1] == 4.0);
  // Read once: what the environment says later changes nothing.
  set("XGRAD_ISA", "no such");
  CHECK((x + x).to_vector<double>()[1] == 4.0);
}

// Readers and writers of files, and batches.
#include <doctest/doctest.h>
#include <iterator>
#include <memory>

#include "xgrad/xgrad.hpp"

#include "every_allocation.hpp"
#include "support/idx_bytes.hpp"
#include "support/temporary_folder.hpp"

namespace xg = xgrad;
using faults::around;
using faults::bits_of;
using faults::fail_every_allocation;
using faults::World;

namespace {

constexpr std::int64_t most = 150;

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

/// A file is read.
template <class Read>
void fail_in_reading(const std::string& bytes, Read read) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", bytes).string();
  fail_every_allocation(
      [&] {
        const auto found = std::make_shared<std::vector<xg::Tensor>>();
        return World{[=] { *found = read(file); }, [=] { return bits_of(*found); }, [] { return std::string{}; }};
      },
      most);
}

std::vector<xg::Tensor> read_npy(const std::string& file) {
  return {xg::data::read_npy(file)};
}
std::vector<xg::Tensor> read_idx(const std::string& file) {
  return {xg::data::read_idx(file)};
}

std::string npy_bytes() {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "array.npy").string();
  xg::data::write_npy(file, xg::Random{2}.normal({3, 4}, 0, 1, xg::float64));
  return content_of(file);
}

std::string fortran_bytes() {
  std::string bytes = npy_bytes();
  const std::size_t place = bytes.find("False");
  return bytes.replace(place, 5, "True ");
}

}  // namespace

TEST_CASE("memory runs out while an array is read") {
  fail_in_reading(npy_bytes(), read_npy);
  fail_in_reading(gzip(npy_bytes()), read_npy);
  fail_in_reading(fortran_bytes(), read_npy);
  fail_in_reading(idx_header({2, 3}) + noise_bytes(6), read_idx);
  fail_in_reading(gzip(idx_header({2, 3}) + noise_bytes(6)), read_idx);
}

TEST_CASE("memory runs out while an array is written: the old file stays, and no other is left") {
  struct Place {
    TemporaryFolder folder;
    std::string file = folder.write("array.npy", "old").string();
    xg::Tensor tensor = xg::Random{2}.normal({3, 4}).eval();
  };
  fail_every_allocation(around<Place>([](const Place& place) { xg::data::write_npy(place.file, place.tensor); },
                                      [](const Place& /*place*/) { return std::string{}; },
                                      [](const Place& place) {
                                        const std::filesystem::directory_iterator entries{place.folder.path()};
                                        return content_of(place.file) +
                                               std::to_string(std::distance(begin(entries), end(entries)));
                                      }),
                        most);
}

TEST_CASE("memory runs out while samples are split and handed out in batches: the next order is the same") {
  struct Samples {
    xg::Random random{9};
    xg::data::Dataset all =
        xg::data::dataset(random.normal({7, 2}).eval(), xg::from_vector<std::int64_t>({0, 1, 2, 0, 1, 2, 0}, {7}), 3);
    std::vector<xg::Tensor> given;
  };
  const auto act = [](Samples& samples) {
    const auto [train, test] = xg::data::split(samples.all, 0.3, 5);
    std::vector<xg::Tensor> given{test.inputs};
    xg::Random random = samples.random;
    for (const auto& [x, y] : xg::data::batches(train, {.size = 2, .shuffle = random})) {
      given.push_back(x);
      given.push_back(y);
    }
    samples.given = std::move(given);
  };
  const auto result = [](const Samples& samples) { return bits_of(samples.given); };
  const auto state = [](const Samples& samples) { return bits_of({samples.all.inputs, samples.all.labels}); };
  fail_every_allocation(around<Samples>(act, result, state), most);
}

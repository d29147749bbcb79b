#include <cstdint>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "xgrad/data.hpp"
#include "xgrad/error.hpp"

#include "support/idx_bytes.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace xg = xgrad;

namespace {

const std::string train_images = "train-images-idx3-ubyte";
const std::string train_labels = "train-labels-idx1-ubyte";
const std::string test_images = "t10k-images-idx3-ubyte";
const std::string test_labels = "t10k-labels-idx1-ubyte";

/// 5 images of 3×2 to train, 2 to test. Pixel p of training image i is 40 i + p, of test image i 250 − 100 i + p.
struct SmallMnist {
  TemporaryFolder folder;

  SmallMnist() {
    std::string train;
    for (int i = 0; i < 5; ++i) {
      for (int p = 0; p < 6; ++p) {
        train += static_cast<char>(40 * i + p);
      }
    }
    std::string test;
    for (int i = 0; i < 2; ++i) {
      for (int p = 0; p < 6; ++p) {
        test += static_cast<char>(250 - 100 * i + p);
      }
    }
    folder.write(train_images, idx_header({5, 3, 2}) + train);
    folder.write(train_labels, idx_header({5}) + std::string{"\7\0\x09\3\7", 5});
    folder.write(test_images, idx_header({2, 3, 2}) + test);
    folder.write(test_labels, idx_header({2}) + std::string{"\1\x09", 2});
  }

  [[nodiscard]] std::string error() const {
    return message_of<xg::IoError>([this] { return xg::data::mnist(folder.path()); });
  }
};

template <class T>
void check_content(const xg::data::TrainTest& data, xg::DType dtype) {
  CHECK(data.train.inputs.dtype() == dtype);
  CHECK(data.test.targets.dtype() == dtype);
  CHECK(data.train.inputs.shape() == xg::Shape{5, 6});
  CHECK(data.test.inputs.shape() == xg::Shape{2, 6});
  CHECK(data.train.targets.shape() == xg::Shape{5, 10});
  CHECK(data.test.targets.shape() == xg::Shape{2, 10});
  CHECK(data.train.labels.template to_vector<std::int64_t>() == std::vector<std::int64_t>{7, 0, 9, 3, 7});
  CHECK(data.test.labels.template to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 9});
  const auto train = data.train.inputs.template to_vector<T>();
  const auto test = data.test.inputs.template to_vector<T>();
  for (std::size_t i = 0; i < train.size(); ++i) {
    const std::size_t pixel = 40 * (i / 6) + i % 6;
    CHECK(train[i] == static_cast<T>(pixel) / T{255});
  }
  for (std::size_t i = 0; i < test.size(); ++i) {
    const std::size_t pixel = 250 - 100 * (i / 6) + i % 6;
    CHECK(test[i] == static_cast<T>(pixel) / T{255});
  }
  const auto targets = data.train.targets.template to_vector<T>();
  const std::vector<std::size_t> labels = {7, 0, 9, 3, 7};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    CHECK(targets[i] == (i % 10 == labels[i / 10] ? T{1} : T{0}));
  }
}

}  // namespace

TEST_CASE("mnist: pixels over 255, labels and one-hot targets, in both floating dtypes") {
  const SmallMnist small;
  check_content<float>(xg::data::mnist(small.folder.path()), xg::float32);
  check_content<double>(xg::data::mnist(small.folder.path(), xg::float64), xg::float64);
}

TEST_CASE("mnist: gzipped files may stand for plain ones, each by itself") {
  const SmallMnist small;
  for (const std::string& name : {train_images, test_labels}) {
    std::ifstream in{small.folder.path() / name, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    small.folder.write(name + ".gz", gzip(bytes));
    std::filesystem::remove(small.folder.path() / name);
  }
  check_content<float>(xg::data::mnist(small.folder.path()), xg::float32);
}

TEST_CASE("mnist: an integer dtype is a DTypeError") {
  const SmallMnist small;
  const std::string message =
      message_of<xg::DTypeError>([&] { return xg::data::mnist(small.folder.path(), xg::int64); });
  CHECK(message == "[mnist] dtype int64: expected float32 or float64");
}

TEST_CASE("mnist: a folder that isn't one is an IoError") {
  const SmallMnist small;
  const auto absent = small.folder.path() / "absent";
  CHECK(message_of<xg::IoError>([&] { return xg::data::mnist(absent); }) ==
        "[mnist] " + absent.string() + ": no such folder");
  const auto file = small.folder.path() / train_labels;
  CHECK(message_of<xg::IoError>([&] { return xg::data::mnist(file); }) ==
        "[mnist] " + file.string() + ": isn't a folder");
}

TEST_CASE("mnist: a missing, truncated, overlong or misplaced file is an IoError that names it, whichever it is") {
  for (const std::string& name : {train_images, train_labels, test_images, test_labels}) {
    CAPTURE(name);
    const SmallMnist small;
    const auto path = small.folder.path() / name;
    std::ifstream in{path, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    const std::string prefix = "[mnist] " + path.string() + ": ";

    small.folder.write(name, bytes.substr(0, bytes.size() - 1));
    CHECK(contains(small.error(), prefix + "truncated"));
    small.folder.write(name, bytes + "x");
    CHECK(contains(small.error(), prefix + "trailing bytes"));
    small.folder.write(name, idx_header({1, 1}) + "x");
    CHECK(contains(small.error(), prefix + "wrong magic number 0x00000802: expected 0x0000080"));
    small.folder.write(name, "");
    CHECK(contains(small.error(), prefix + "is empty"));
    std::filesystem::remove(path);
    CHECK(contains(small.error(), prefix + "no such file, nor with .gz, nor "));
    std::filesystem::create_directory(path);
    CHECK(contains(small.error(), prefix + "is a directory"));
  }
}

TEST_CASE("mnist: images and labels that don't fit are an IoError") {
  SUBCASE("more labels than images") {
    const SmallMnist small;
    small.folder.write(train_labels, idx_header({6}) + std::string(6, '\1'));
    CHECK(contains(small.error(), train_images + ": 5 images, but 6 labels in "));
  }
  SUBCASE("fewer labels than images") {
    const SmallMnist small;
    small.folder.write(test_labels, idx_header({1}) + std::string(1, '\1'));
    CHECK(contains(small.error(), test_images + ": 2 images, but 1 labels in "));
  }
  SUBCASE("a label past 9") {
    const SmallMnist small;
    small.folder.write(train_labels, idx_header({5}) + std::string{"\0\1\2\x0a\3", 5});
    CHECK(contains(small.error(), train_labels + ": label 10 of sample 3: expected 0 to 9"));
  }
  SUBCASE("test images of another size") {
    const SmallMnist small;
    small.folder.write(test_images, idx_header({2, 2, 3}) + std::string(12, '\1'));
    CHECK(contains(small.error(), test_images + ": images of 2×3: expected 3×2"));
  }
  SUBCASE("images and labels swapped") {
    const SmallMnist small;
    std::filesystem::rename(small.folder.path() / train_images, small.folder.path() / "x");
    std::filesystem::rename(small.folder.path() / train_labels, small.folder.path() / train_images);
    std::filesystem::rename(small.folder.path() / "x", small.folder.path() / train_labels);
    CHECK(contains(small.error(),
                   train_labels + ": wrong magic number 0x00000803: expected 0x00000801, that of labels with 1 axis"));
  }
  SUBCASE("no images at all") {
    const SmallMnist small;
    small.folder.write(test_images, idx_header({0, 3, 2}));
    small.folder.write(test_labels, idx_header({0}));
    CHECK(contains(small.error(), test_images + ": 0 images of 3×2: expected at least one pixel"));
  }
}

TEST_CASE("mnist: names with a dot before idx are found, plain and gzipped") {
  const SmallMnist small;
  for (const std::string& name : {train_images, train_labels, test_images, test_labels}) {
    std::string dotted = name;
    dotted.replace(dotted.find("-idx"), 1, ".");
    std::filesystem::rename(small.folder.path() / name, small.folder.path() / dotted);
  }
  check_content<float>(xg::data::mnist(small.folder.path()), xg::float32);
  std::filesystem::remove(small.folder.path() / "t10k-labels.idx1-ubyte");
  CHECK(contains(small.error(), test_labels + ": no such file, nor with .gz, nor t10k-labels.idx1-ubyte"));
}

TEST_CASE("mnist: labels in place of images are a wrong magic number") {
  const SmallMnist small;
  small.folder.write(train_images, idx_header({5}) + std::string{"\7\0\x09\3\7", 5});
  CHECK(contains(small.error(), train_images + ": wrong magic number 0x00000801: expected 0x00000803"));
}

TEST_CASE("mnist: max_bytes is a limit for each tensor") {
  const SmallMnist small;
  CHECK(xg::data::mnist(small.folder.path(), xg::float32, {.max_bytes = 5 * 6 * 4}).train.size() == 5);
  CHECK(contains(message_of<xg::IoError>(
                     [&] { return xg::data::mnist(small.folder.path(), xg::float64, {.max_bytes = 5 * 6 * 8 - 1}); }),
                 train_images + ": the header says (5, 3, 2)"));
}

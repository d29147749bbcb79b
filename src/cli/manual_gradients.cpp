#include "cli/manual_gradients.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <system_error>

#include "xgrad/creation.hpp"
#include "xgrad/data.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

#include "files/output_file.hpp"
#include "files/output_folder.hpp"

namespace xgrad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

IoError error_of(const fs::path& file, const std::string& what) {
  return IoError(fmt::format("{}: {}", file.string(), what));
}

/// What a file may have gradients of.
class Slots {
 public:
  Slots(const std::vector<NamedParameter>& parameters, const std::vector<Slot>& layers)
      : parameter_count_{parameters.size()} {
    for (const NamedParameter& named : parameters) {
      all_.push_back({named.name, named.parameter.shape(), named.parameter.dtype()});
    }
    all_.insert(all_.end(), layers.begin(), layers.end());
  }

  [[nodiscard]] const std::vector<Slot>& all() const noexcept { return all_; }
  [[nodiscard]] std::size_t parameter_count() const noexcept { return parameter_count_; }
  [[nodiscard]] bool contains(const std::string& name) const {
    return std::any_of(all_.begin(), all_.end(), [&name](const Slot& slot) { return slot.name == name; });
  }
  /// Of parameters: "W1, b1, W2, b2".
  [[nodiscard]] std::string names(std::string_view suffix = "") const {
    return listed(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(parameter_count_), suffix);
  }
  /// "W1, b1, W2, b2, or of layers z1, a1, z2, a2"
  [[nodiscard]] std::string all_names() const {
    return names() + ", or of layers " +
           listed(all_.begin() + static_cast<std::ptrdiff_t>(parameter_count_), all_.end(), "");
  }

 private:
  using Place = std::vector<Slot>::const_iterator;
  [[nodiscard]] static std::string listed(Place from, Place to, std::string_view suffix) {
    std::string names;
    for (; from != to; ++from) {
      names += fmt::format("{}{}{}", names.empty() ? "" : ", ", from->name, suffix);
    }
    return names;
  }

  std::vector<Slot> all_;
  std::size_t parameter_count_;
};

IoError unknown_name(const fs::path& file, const std::string& name, const Slots& slots) {
  return error_of(file, fmt::format("'{}' isn't a parameter of this network: expected {}", name, slots.all_names()));
}

IoError wrong_shape(const fs::path& file, const Slot& slot, const std::string& found) {
  return error_of(file,
                  fmt::format("the gradient of {} has shape {}, expected {}", slot.name, found, to_string(slot.shape)));
}

Tensor read_npy_gradient(const fs::path& file, const Slot& slot) {
  constexpr std::uint64_t most = std::uint64_t{1} << 30U;  // more than the largest parameter takes
  const Tensor found = data::read_npy(file.string(), {.max_bytes = most});
  if (found.shape() != slot.shape) {
    throw wrong_shape(file, slot, to_string(found.shape()));
  }
  if (found.dtype() == boolean) {
    throw error_of(
        file, fmt::format("the gradient of {} is bool, expected numbers, best {}", slot.name, to_string(slot.dtype)));
  }
  if (found.dtype() == float32 && slot.dtype == float64) {
    throw error_of(file, fmt::format("the gradient of {} is float32, whose rounding would be called wrong: expected "
                                     "float64, or --dtype float32",
                                     slot.name));
  }
  return found.dtype() == slot.dtype ? found : cast(found, slot.dtype).detach();
}

/// One gradient in JSON on its way to row-major numbers.
class JsonGradient {
 public:
  JsonGradient(const fs::path& file, const Slot& slot) : file_{file}, slot_{slot} {}

  [[nodiscard]] Tensor read(const Json& value) {
    require_shape(value);
    append(value);
    return cast(from_vector(numbers_, slot_.shape), slot_.dtype).detach();
  }

 private:
  /// The shape that the first of each list's items tell.
  void require_shape(const Json& value) const {
    std::vector<std::size_t> found;
    for (const Json* item = &value; item->is_array(); item = &item->front()) {
      found.push_back(item->size());
      if (item->empty() || found.size() > Shape::max_rank) {
        break;
      }
    }
    const Shape& expected = slot_.shape;
    if (!std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                    [](std::size_t a, std::int64_t b) { return a == static_cast<std::size_t>(b); })) {
      throw wrong_shape(file_, slot_, fmt::format("({}{})", fmt::join(found, ", "), found.size() == 1 ? "," : ""));
    }
  }

  void append(const Json& value) {
    const Shape& shape = slot_.shape;
    const std::size_t axis = index_.size();
    if (axis == shape.rank()) {
      if (!value.is_number()) {
        throw error_of(file_, fmt::format("{} is of type {}, expected a number", place(), value.type_name()));
      }
      numbers_.push_back(value.get<double>());
      return;
    }
    if (!value.is_array() || value.size() != static_cast<std::size_t>(shape[axis])) {
      const std::string found =
          value.is_array() ? fmt::format("a list of {}", value.size()) : fmt::format("of type {}", value.type_name());
      throw error_of(file_, fmt::format("{} is {}, expected a list of {}", place(), found, shape[axis]));
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      index_.push_back(i);
      append(value[i]);
      index_.pop_back();
    }
  }

  /// "W1[2][0]"
  [[nodiscard]] std::string place() const {
    std::string text = slot_.name;
    for (const std::size_t i : index_) {
      text += fmt::format("[{}]", i);
    }
    return text;
  }

  const fs::path& file_;
  const Slot& slot_;
  std::vector<double> numbers_;
  std::vector<std::size_t> index_;  ///< of what is being read
};

/// Throws IoError for text that isn't JSON, or that has a name twice.
Json parse_file(const fs::path& file) {
  std::ifstream stream{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
  if (!stream || stream.bad()) {
    throw error_of(file, "can't be read");
  }
  std::set<std::string> names;
  std::optional<std::string> twice;
  const auto note_name = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1 && !names.insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  Json root;
  try {
    root = Json::parse(text, note_name);
  } catch (const Json::exception& error) {
    throw error_of(file, fmt::format("isn't JSON: {}", error.what()));
  }
  if (twice) {
    throw error_of(file, fmt::format("'{}' is there twice, expected once", *twice));
  }
  return root;
}

std::vector<Tensor> read_json(const fs::path& file, const Slots& slots) {
  const Json root = parse_file(file);
  if (!root.is_object()) {
    throw error_of(file,
                   fmt::format("holds JSON of type {}, expected an object with {}", root.type_name(), slots.names()));
  }
  for (const auto& [name, value] : root.items()) {
    if (!slots.contains(name)) {
      throw unknown_name(file, name, slots);
    }
  }
  std::vector<Tensor> result;
  result.reserve(slots.all().size());
  for (const Slot& slot : slots.all()) {
    const auto found = root.find(slot.name);
    result.push_back(found == root.end() ? Tensor{} : JsonGradient{file, slot}.read(*found));
  }
  if (root.empty()) {
    throw error_of(file, fmt::format("no gradients in it: expected {}", slots.names()));
  }
  return result;
}

/// The names of the .npy files, without that ending, sorted.
std::set<std::string> npy_names(const fs::path& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".npy") {
      names.insert(entry->path().stem().string());
    }
  }
  if (error) {
    throw error_of(folder, error.message());
  }
  return names;
}

std::vector<Tensor> read_folder(const fs::path& folder, const Slots& slots) {
  std::error_code ignored;
  const bool is_export = fs::exists(folder / network_file, ignored);
  const bool has_json = fs::exists(folder / gradients_file, ignored);
  const std::set<std::string> names = npy_names(folder);
  if (has_json && (is_export || names.empty())) {
    return read_json(folder / gradients_file, slots);
  }
  if (has_json) {
    throw error_of(folder, fmt::format("{} and .npy files beside it: expected one or the other", gradients_file));
  }
  if (is_export) {
    throw error_of(folder, fmt::format("holds what --export wrote ({}), the parameters: expected a folder of gradients",
                                       network_file));
  }
  if (names.empty()) {
    throw error_of(folder, fmt::format("no gradients in it: expected {} or {}", slots.names(".npy"), gradients_file));
  }
  for (const std::string& name : names) {
    if (!slots.contains(name)) {
      throw unknown_name(folder / (name + ".npy"), name, slots);
    }
  }
  std::vector<Tensor> result;
  result.reserve(slots.all().size());
  for (const Slot& slot : slots.all()) {
    result.push_back(names.contains(slot.name) ? read_npy_gradient(folder / (slot.name + ".npy"), slot) : Tensor{});
  }
  return result;
}

/// Whether write_export makes files of this name: W1.npy, b1.npy, W2.npy, …, x.npy, y.npy and network.json.
bool is_of_an_export(std::string_view name) {
  if (name == network_file || name == "x.npy" || name == "y.npy") {
    return true;
  }
  constexpr std::string_view ending = ".npy";
  if (!(name.starts_with('W') || name.starts_with('b')) || !name.ends_with(ending)) {
    return false;
  }
  const std::string_view number = name.substr(1, name.size() - 1 - ending.size());
  return !number.empty() && number.front() != '0' &&
         std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

ManualGradients read_manual_gradients(const fs::path& path, const std::vector<NamedParameter>& parameters,
                                      const std::vector<Slot>& layers) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw error_of(path, "no such file or folder: expected one with gradients");
  }
  if (!fs::is_directory(status) && (path.extension() != ".json" || !fs::is_regular_file(status))) {
    throw error_of(path, "expected a folder or a .json file");
  }
  const Slots slots{parameters, layers};
  const std::vector<Tensor> found = fs::is_directory(status) ? read_folder(path, slots) : read_json(path, slots);
  ManualGradients result;
  result.source = fmt::format("from {}", path.string());
  std::string missing;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string& name = slots.all()[i].name;
    if (i < slots.parameter_count()) {
      result.parameters.push_back(found[i]);
      if (!found[i].defined()) {
        missing += fmt::format("{}{}", missing.empty() ? "; none for " : ", ", name);
      }
    } else if (found[i].defined()) {
      result.tensors.push_back({name, found[i]});
    }
  }
  result.source += missing;
  return result;
}

void write_export(const fs::path& folder, const std::vector<NamedTensor>& tensors, const std::string& network) {
  files::OutputFolder output{folder, {.marker = network_file, .is_own = is_of_an_export}};
  for (const NamedTensor& named : tensors) {
    data::write_npy((output.staging() / (named.name + ".npy")).string(), named.tensor);
  }
  files::OutputFile{output.staging() / network_file}.write({network});
  output.commit();
}

}  // namespace xgrad::cli

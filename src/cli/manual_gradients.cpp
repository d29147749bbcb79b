#include "manual_gradients.hpp"

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
#include <unistd.h>

#include "xgrad/creation.hpp"
#include "xgrad/data.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

#include "files/output_file.hpp"

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
  const Tensor found = data::read_npy(file.string());
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

/// A folder for files on their way into the folder around it. Removed at the end, with that one if it was made for it.
class Staging {
 public:
  explicit Staging(const fs::path& folder) : folder_{folder}, path_{folder / fmt::format(".{}.partial", getpid())} {
    std::error_code error;
    is_new_ = fs::create_directory(folder, error);
    if (!error) {
      fs::create_directory(path_, error);
    }
    if (error) {
      remove();
      throw error_of(folder, fmt::format("can't be written: {}", error.message()));
    }
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() { remove(); }

  [[nodiscard]] const fs::path& path() const { return path_; }

  void move_out(const std::vector<std::string>& files) {
    for (const std::string& file : files) {
      std::error_code error;
      fs::rename(path_ / file, folder_ / file, error);
      if (error) {
        throw error_of(folder_ / file, fmt::format("can't be written: {}", error.message()));
      }
    }
    is_new_ = false;
  }

 private:
  void remove() noexcept {
    std::error_code ignored;
    fs::remove_all(is_new_ ? folder_ : path_, ignored);
  }

  const fs::path& folder_;
  fs::path path_;
  bool is_new_ = false;
};

void require_free(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) {
    return;
  }
  if (!fs::is_directory(status)) {
    throw error_of(folder, "isn't a folder");
  }
  const bool is_free = fs::is_empty(folder, error) || fs::exists(folder / network_file, error);
  if (!is_free) {
    throw error_of(folder, fmt::format("isn't empty: expected a new or empty folder, or an earlier export with its {}",
                                       network_file));
  }
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
  require_free(folder);
  Staging staging{folder};
  std::vector<std::string> files;
  for (const NamedTensor& named : tensors) {
    files.push_back(named.name + ".npy");
    data::write_npy((staging.path() / files.back()).string(), named.tensor);
  }
  files.emplace_back(network_file);
  files::OutputFile{staging.path() / network_file}.write({network});
  staging.move_out(files);
}

}  // namespace xgrad::cli

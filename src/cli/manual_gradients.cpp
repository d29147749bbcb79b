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

/// "W1, b1, W2, b2"
std::string names_of(const std::vector<NamedParameter>& parameters, std::string_view suffix = "") {
  std::string names;
  for (const NamedParameter& named : parameters) {
    names += fmt::format("{}{}{}", names.empty() ? "" : ", ", named.name, suffix);
  }
  return names;
}

bool is_name(const std::vector<NamedParameter>& parameters, const std::string& name) {
  return std::any_of(parameters.begin(), parameters.end(),
                     [&name](const NamedParameter& named) { return named.name == name; });
}

IoError unknown_name(const fs::path& file, const std::string& name, const std::vector<NamedParameter>& parameters) {
  return error_of(file, fmt::format("'{}' isn't a parameter of this network: expected {}", name, names_of(parameters)));
}

IoError wrong_shape(const fs::path& file, const NamedParameter& named, const std::string& found) {
  return error_of(file, fmt::format("the gradient of {} has shape {}, expected {}", named.name, found,
                                    to_string(named.parameter.shape())));
}

Tensor read_npy_gradient(const fs::path& file, const NamedParameter& named) {
  const Tensor found = data::read_npy(file.string());
  const Parameter& parameter = named.parameter;
  if (found.shape() != parameter.shape()) {
    throw wrong_shape(file, named, to_string(found.shape()));
  }
  if (found.dtype() == boolean) {
    throw error_of(file, fmt::format("the gradient of {} is bool, expected numbers, best {}", named.name,
                                     to_string(parameter.dtype())));
  }
  return found.dtype() == parameter.dtype() ? found : cast(found, parameter.dtype()).detach();
}

/// One gradient in JSON on its way to row-major numbers.
class JsonGradient {
 public:
  JsonGradient(const fs::path& file, const NamedParameter& named) : file_{file}, named_{named} {}

  [[nodiscard]] Tensor read(const Json& value) {
    require_shape(value);
    append(value);
    return cast(from_vector(numbers_, named_.parameter.shape()), named_.parameter.dtype()).detach();
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
    const Shape& expected = named_.parameter.shape();
    if (!std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                    [](std::size_t a, std::int64_t b) { return a == static_cast<std::size_t>(b); })) {
      throw wrong_shape(file_, named_, fmt::format("({}{})", fmt::join(found, ", "), found.size() == 1 ? "," : ""));
    }
  }

  void append(const Json& value) {
    const Shape& shape = named_.parameter.shape();
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
    std::string text = named_.name;
    for (const std::size_t i : index_) {
      text += fmt::format("[{}]", i);
    }
    return text;
  }

  const fs::path& file_;
  const NamedParameter& named_;
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

std::vector<Tensor> read_json(const fs::path& file, const std::vector<NamedParameter>& parameters) {
  const Json root = parse_file(file);
  if (!root.is_object()) {
    throw error_of(
        file, fmt::format("holds JSON of type {}, expected an object with {}", root.type_name(), names_of(parameters)));
  }
  for (const auto& [name, value] : root.items()) {
    if (!is_name(parameters, name)) {
      throw unknown_name(file, name, parameters);
    }
  }
  std::vector<Tensor> result;
  result.reserve(parameters.size());
  for (const NamedParameter& named : parameters) {
    const auto found = root.find(named.name);
    result.push_back(found == root.end() ? Tensor{} : JsonGradient{file, named}.read(*found));
  }
  if (root.empty()) {
    throw error_of(file, fmt::format("no gradients in it: expected {}", names_of(parameters)));
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

std::vector<Tensor> read_folder(const fs::path& folder, const std::vector<NamedParameter>& parameters) {
  std::error_code ignored;
  const bool is_export = fs::exists(folder / network_file, ignored);
  const bool has_json = fs::exists(folder / gradients_file, ignored);
  const std::set<std::string> names = npy_names(folder);
  if (has_json && (is_export || names.empty())) {
    return read_json(folder / gradients_file, parameters);
  }
  if (has_json) {
    throw error_of(folder, fmt::format("{} and .npy files beside it: expected one or the other", gradients_file));
  }
  if (is_export) {
    throw error_of(folder, fmt::format("holds what --export wrote ({}), the parameters: expected a folder of gradients",
                                       network_file));
  }
  if (names.empty()) {
    throw error_of(folder,
                   fmt::format("no gradients in it: expected {} or {}", names_of(parameters, ".npy"), gradients_file));
  }
  for (const std::string& name : names) {
    if (!is_name(parameters, name)) {
      throw unknown_name(folder / (name + ".npy"), name, parameters);
    }
  }
  std::vector<Tensor> result;
  result.reserve(parameters.size());
  for (const NamedParameter& named : parameters) {
    result.push_back(names.contains(named.name) ? read_npy_gradient(folder / (named.name + ".npy"), named) : Tensor{});
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

ManualGradients read_manual_gradients(const fs::path& path, const std::vector<NamedParameter>& parameters) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw error_of(path, "no such file or folder: expected one with gradients");
  }
  if (!fs::is_directory(status) && (path.extension() != ".json" || !fs::is_regular_file(status))) {
    throw error_of(path, "expected a folder or a .json file");
  }
  ManualGradients result{fs::is_directory(status) ? read_folder(path, parameters) : read_json(path, parameters),
                         fmt::format("from {}", path.string())};
  std::string missing;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!result.tensors[i].defined()) {
      missing += fmt::format("{}{}", missing.empty() ? "; none for " : ", ", parameters[i].name);
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

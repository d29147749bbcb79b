// Loads the plug-in named in the first argument, and with it libxgrad, in a program that runs threads already, and has
// each of them train. Ends with 0 if all found the weight.
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <dlfcn.h>
#include <link.h>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr int thread_count = 4;

using Train = double (*)(double);

int failed(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  return 1;
}

// The bytes of thread-local storage that libxgrad asks of every thread; 0 unless it is loaded.
std::size_t thread_local_bytes() {
  std::size_t bytes = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t /*size*/, void* found) {
        if (std::string_view{info->dlpi_name}.find("libxgrad.so") != std::string_view::npos) {
          for (int i = 0; i < info->dlpi_phnum; ++i) {
            if (info->dlpi_phdr[i].p_type == PT_TLS) {
              *static_cast<std::size_t*>(found) = info->dlpi_phdr[i].p_memsz;
            }
          }
        }
        return 0;
      },
      &bytes);
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    return failed("usage: faults_plugin_host PLUGIN");
  }
  if (thread_local_bytes() != 0) {
    return failed("libxgrad is part of the program, which tests nothing");
  }
  std::atomic<Train> train{nullptr};
  std::atomic<bool> ready{false};
  std::array<double, thread_count> weights{};
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&, i] {
      ready.wait(false);
      if (const Train function = train.load(); function != nullptr) {
        weights[static_cast<std::size_t>(i)] = function(i);
      }
    });
  }
  void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  const char* error = plugin == nullptr ? dlerror() : nullptr;
  if (plugin != nullptr) {
    train = reinterpret_cast<Train>(dlsym(plugin, "train"));
  }
  ready = true;
  ready.notify_all();
  for (std::thread& thread : threads) {
    thread.join();
  }
  if (error != nullptr || train.load() == nullptr) {
    return failed(error != nullptr ? error : "the plug-in has no function 'train'");
  }
  for (int i = 0; i < thread_count; ++i) {
    // dLoss/dw = 9 (w − 2): a step takes the distance from 2 to a tenth of it.
    const double expected = 2.0 + (i - 2.0) * 1e-10;
    if (!(std::abs(weights[static_cast<std::size_t>(i)] - expected) < 1e-13)) {
      return failed("a thread found another weight");
    }
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  if (thread_local_bytes() == 0 || thread_local_bytes() >= 500) {
    return failed("libxgrad takes 500 bytes of thread-local storage or more");
  }
#endif
  return dlclose(plugin) == 0 ? 0 : failed("the plug-in can't be let go");
}

// Which form a product takes.
#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <tuple>

#include "memory/thread_store.hpp"
#include "run/products/product.hpp"
#include "run/products/product_shape.hpp"
#include "run/products/product_timing.hpp"
#include "run/settings.hpp"
#include "run/threads.hpp"

namespace xgrad::run {

namespace {

constinit XGRAD_STATIC_TLS thread_local bool measuring_here = true;

using Kind = ProductForm::Kind;

constexpr double tiny = 256;              // multiplications up to which starting counts more than running
constexpr double small_limit = 4096;      // and up to which the small kernel may still win
constexpr double vector_limit = 1 << 20;  // up to which a product with a side below `narrow` is measured
constexpr std::int64_t narrow = 8;
constexpr std::int64_t skinny = 64;  // the longest shortest side of a product that is measured

bool is_tiny(const ProductShape& s) noexcept {
  return multiplications(s) <= tiny && (s.m * s.n > 4 || s.k <= 16);
}

ProductForm plain(const ProductShape& s) noexcept {
  if (s.m == 0 || s.n == 0 || s.k == 0) {
    return {Kind::gemm};
  }
  if (is_tiny(s)) {
    return {Kind::small};
  }
  if (s.m == 1) {
    return {s.n == 1 ? Kind::dot : Kind::gemv};
  }
  return {s.k == 1 ? Kind::outer : Kind::gemm};
}

// The plain form first, then those that have been seen to beat it for shapes of this kind; alone if none has.
std::vector<ProductForm> contenders(const ProductShape& s) {
  std::vector<ProductForm> result{plain(s)};
  const double size = multiplications(s);
  const std::int64_t shortest = std::min({s.m, s.n, s.k});
  const Kind kind = result.front().kind;
  if (size == 0 || kind == Kind::small || kind == Kind::outer || kind == Kind::dot || shortest > skinny ||
      (shortest < narrow && size > vector_limit)) {
    return result;
  }
  if (size <= small_limit) {
    result.push_back({Kind::small});
  }
  result.push_back({fits({Kind::dots}, s) ? Kind::dots : Kind::panels});
  if (fits({Kind::dots}, s) && s.m >= 4 && s.k <= skinny) {
    result.push_back({Kind::panels});
  }
  constexpr std::int64_t rows = 32;
  constexpr std::int64_t columns = 64;
  if (s.m >= 3 * rows && s.n <= 2 * skinny) {
    result.push_back({Kind::gemm_rows, rows});
  }
  if (s.k >= 2 * columns && s.m > 1) {
    result.push_back({Kind::gemm_columns, columns});
  }
  return result;
}

// The forms that were measured, by canonical shape and number of threads.
class Measured {
 public:
  static ProductForm form(const ProductShape& s) {
    static Measured instance;
    const Key key{s.transpose_a, s.transpose_b, s.m, s.n, s.k, s.dtype, s.adds, usable_threads()};
    {
      const std::shared_lock lock{instance.mutex_};
      if (const auto found = instance.forms_.find(key); found != instance.forms_.end()) {
        return found->second;
      }
    }
    const std::unique_lock lock{instance.mutex_};  // held while measuring: two at a time would disturb each other
    const auto [place, isnew] = instance.forms_.try_emplace(key, plain(s));
    if (isnew) {
      place->second = measure(s);
    }
    return place->second;
  }

 private:
  using Key = std::tuple<bool, bool, std::int64_t, std::int64_t, std::int64_t, DType, bool, int>;

  static ProductForm measure(const ProductShape& s) {
    try {
      const std::vector<ProductForm> forms = contenders(s);
      return forms.size() == 1 ? forms.front() : fastest_product_form(s, forms);
    } catch (const std::bad_alloc&) {  // no room for scratch data
      return plain(s);
    }
  }

  std::shared_mutex mutex_;
  std::map<Key, ProductForm> forms_;
};

}  // namespace

std::vector<ProductForm> product_forms(const ProductShape& shape) {
  constexpr std::array<ProductForm, 11> all{{{Kind::small},
                                             {Kind::dot},
                                             {Kind::gemv},
                                             {Kind::outer},
                                             {Kind::dots},
                                             {Kind::panels},
                                             {Kind::gemm},
                                             {Kind::gemm_rows, 32},
                                             {Kind::gemm_rows, 64},
                                             {Kind::gemm_columns, 32},
                                             {Kind::gemm_columns, 64}}};
  const ProductShape s = canonical(shape).shape;
  std::vector<ProductForm> result;
  std::copy_if(all.begin(), all.end(), std::back_inserter(result),
               [&s](const ProductForm& form) { return fits(form, s); });
  return result;
}

ProductForm plain_product_form(const ProductShape& shape) noexcept {
  return plain(canonical(shape).shape);
}

void set_measuring(bool on) noexcept {
  measuring_here = on;
}

ProductForm product_form(const ProductShape& shape) {
  const ProductShape s = canonical(shape).shape;
  const ProductForm form = plain(s);
  const bool settled = form.kind == Kind::small || form.kind == Kind::outer || multiplications(s) == 0 ||
                       std::min({s.m, s.n, s.k}) > skinny || !measuring_here || !settings().measure_products;
  return settled ? form : Measured::form(s);
}

}  // namespace xgrad::run

#pragma once

#include <span>

#include "run/product.hpp"

namespace xgrad::run {

/// Of forms that carry out a product of this canonical shape, the one that took the least time on scratch data, which
/// has to be clearly less than that of the first; otherwise the first. Takes a few milliseconds. Long products are
/// measured on a part of them. Throws std::bad_alloc.
[[nodiscard]] ProductForm fastest_product_form(const ProductShape& shape, std::span<const ProductForm> forms);

}  // namespace xgrad::run

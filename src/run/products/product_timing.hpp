#pragma once

#include <span>

#include "run/products/product.hpp"

namespace xgrad::run {

/// The first of these forms, which all carry out a product of this canonical shape, that is as fast on scratch data as
/// the fastest of them, to a few per cent. Takes some milliseconds, and longer where that isn't clear or a single
/// product takes one: some ten. Longer products are measured on a part of them. Throws std::bad_alloc.
[[nodiscard]] ProductForm fastest_product_form(const ProductShape& shape, std::span<const ProductForm> forms);

}  // namespace xgrad::run

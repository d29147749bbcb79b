#pragma once

#include "run/kernels/product_kernels.hpp"

// The kernels of product_kernels.hpp, one file each, compiled once per instruction set.
namespace xgrad::run::XGRAD_ISA {

template <class T>
void small_product(const ProductCall<T>& p);
template <class T>
void dot_tiles(const ProductCall<T>& p);
template <class T>
void panel_tiles(const ProductCall<T>& p);
template <class T>
void outer_product(const ProductCall<T>& p);
template <class T>
void vector_update(const VectorUpdateCall<T>& p);

}  // namespace xgrad::run::XGRAD_ISA

#include "support/random_program.hpp"

#include <algorithm>
#include <array>

#include "support/program_grower.hpp"

namespace xgrad::test {

Types types_of(std::uint64_t seed) {
  constexpr std::array<Types, 6> turns{Types::doubles, Types::doubles, Types::doubles,
                                       Types::doubles, Types::floats,  Types::both};
  return turns[seed % turns.size()];
}

Program Grower::run() {
  const std::size_t leaf_count = entries_.size();
  const std::size_t operations = 5 + dice_.below(56);
  for (std::size_t tries = 0; entries_.size() < leaf_count + operations && tries < 4 * operations; ++tries) {
    step();
  }
  Program program;
  program.outputs.push_back(entries_.back().tensor);
  for (std::size_t more = dice_.below(3); more-- > 0;) {
    program.outputs.push_back(inner(leaf_count));
  }
  for (std::size_t more = dice_.below(4); more-- > 0;) {
    program.held.push_back(inner(leaf_count));
  }
  program.listing = listing_;
  return program;
}

Tensor Grower::inner(std::size_t leaf_count) {
  return entries_.size() == leaf_count ? entries_.back().tensor
                                       : entries_[leaf_count + dice_.below(entries_.size() - leaf_count)].tensor;
}

void Grower::step() {
  const std::size_t turn = dice_.below(elementwise_ ? 10 : 20);
  if (turn < 3) {
    unary(some());
  } else if (turn < 6) {
    binary();
  } else if (turn < 7) {
    number(some());
  } else if (turn < 8) {
    choice();
  } else if (turn < 9) {
    types_ == Types::both ? conversion(some()) : unary(some());
  } else if (turn < 10) {
    pointwise_identity(some());
  } else if (turn < 12) {
    view(some());
  } else if (turn < 14) {
    product();
  } else if (turn < 16) {
    reduction(some());
  } else if (turn < 17) {
    widening(some());
  } else {
    composition(some());
  }
}

Entry Grower::some() {
  const std::size_t count = entries_.size();
  return entries_[dice_.one_in(2) ? dice_.below(count) : count - 1 - dice_.below(std::min<std::size_t>(count, 4))];
}

std::optional<Entry> Grower::some_exact() {
  std::vector<Entry> all;
  std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(all), [](const Entry& e) { return e.exact; });
  return all.empty() ? std::nullopt : std::optional{dice_.pick(all)};
}

bool Grower::broadcasts(const Tensor& a, const Tensor& b, std::int64_t most) {
  Shape shape;
  return broadcast(a.shape(), b.shape(), shape) && shape.size() <= most;
}

Entry Grower::partner(const Entry& x) {
  for (int tries = 0; tries < 12; ++tries) {
    const Entry other = some();
    if (other.tensor.dtype() == x.tensor.dtype() && broadcasts(x.tensor, other.tensor)) {
      return other;
    }
  }
  return x;
}

void Grower::add(const Tensor& tensor, double bound, bool exact, const std::string& text) {
  if (tensor.size() > most_elements || tensor.rank() > 6) {
    return;
  }
  listing_ += "  " + std::to_string(entries_.size()) + ": " + text + " " + to_string(tensor.shape()) + " " +
              std::string{to_string(tensor.dtype())} + "\n";
  if (bound <= largest_value) {
    entries_.push_back({tensor, bound, exact});
  } else if (dice_.one_in(2)) {
    entries_.push_back({tanh(tensor), 1, false});
  } else {
    entries_.push_back({tensor * (1 / bound), 1, false});
  }
}

bool has_float32(std::uint64_t seed) {
  return types_of(seed) != Types::doubles;
}

std::vector<ProgramLeaf> program_leaves(std::uint64_t seed) {
  Dice dice{seed + 0x1234567};
  std::vector<std::int64_t> lengths;
  for (int i = 0; i < 3; ++i) {
    const bool is_long = dice.one_in(12);
    const bool is_empty = dice.one_in(25);
    lengths.push_back(is_empty ? 0 : static_cast<std::int64_t>(1 + dice.below(is_long ? 70 : 7)));
  }
  const bool tiles = dice.one_in(20);
  std::vector<ProgramLeaf> leaves;
  const std::size_t count = 2 + dice.below(4);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::int64_t> shape;
    for (std::size_t rank = dice.below(5); rank-- > 0;) {
      shape.push_back(dice.one_in(6) ? 1 : dice.pick(lengths));
    }
    if (tiles && i < 3) {
      shape =
          i == 0 ? std::vector<std::int64_t>{37, 130} : std::vector<std::int64_t>{i == 1 ? 130 : 37, i == 1 ? 1 : 1};
      if (i == 1) {
        shape = {130};
      }
    }
    Shape made{std::span<const std::int64_t>{shape}};
    if (made.size() > 5'000) {
      made = Shape{lengths[0]};
    }
    leaves.push_back({made, types_of(seed) == Types::floats ? float32 : float64});
  }
  return leaves;
}

std::vector<Tensor> leaf_values(std::span<const ProgramLeaf> leaves, std::uint64_t seed, std::uint64_t turn) {
  Dice dice{seed * 7 + turn + 0x7654321};
  std::vector<Tensor> values;
  for (const ProgramLeaf& leaf : leaves) {
    std::vector<double> elements(static_cast<std::size_t>(leaf.shape.size()));
    // A number may be one that a rule looks for.
    const bool is_one = leaf.shape.rank() == 0 && dice.one_in(2);
    std::generate(elements.begin(), elements.end(), [&] {
      const double size = dice.uniform(0.1, 1);
      return is_one ? 1 : dice.one_in(2) ? size : -size;
    });
    values.push_back(cast(from_vector(elements, leaf.shape), leaf.dtype).eval());
  }
  return values;
}

Program build_program(std::uint64_t seed, Operations operations, std::span<const Tensor> leaves) {
  return Grower{seed, operations, leaves}.run();
}

}  // namespace xgrad::test

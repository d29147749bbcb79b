// Losses with solutions, factors, determinants and inverses of matrices.
#include "support/wrong_layers.hpp"

namespace xgrad::test {

namespace {

constexpr std::int64_t n = 4;

// Far from singular, its determinant positive.
Parameter regular(Draw& draw) {
  return Parameter{(draw.uniform({n, n}) + 4.0 * eye(n, n, float64)).eval(), "A"};
}

}  // namespace

// ½ Σ (A⁻¹ B − Y)².
Example linear_system(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter A = regular(draw);
  const Parameter B = draw.parameter({n, n}, "B");
  const Tensor y = draw.normal({n, n}).named("Y");
  Example example{"linear system", {{"A", A}, {"B", B}}, {}, {}};
  example.loss = [=] { return half_of_squares(solve(A, B).named("X") - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor inverse_a = inverse(A);
    const Tensor x = matmul(inverse_a, B);
    const Tensor d = x - y;
    Tensor dB = matmul(t(inverse_a), d);
    if (is("A not transposed")) {
      dB = matmul(inverse_a, d);
    } else if (is("A for its inverse")) {
      dB = matmul(t(A), d);
    } else if (is("A's inverse left out")) {
      dB = d;
    }
    Tensor dA = -matmul(dB, t(x));
    if (is("sign forgotten")) {
      dA = matmul(dB, t(x));
    } else if (is("B for X")) {
      dA = -matmul(dB, t(B));
    } else if (is("outer product the other way")) {
      dA = -matmul(x, t(dB));
    } else if (is("X's gradient for B's")) {
      dA = -matmul(d, t(x));
    }
    return std::vector<Tensor>{dA, dB};
  };
  return example;
}

// L Lᵀ = A, ½ Σ (L − Y)² of all elements.
Example cholesky_factor(std::uint64_t seed) {
  Draw draw{seed};
  const Tensor root = draw.normal({n, n});
  const Parameter A{(matmul(root, t(root)) + 2.0 * eye(n, n, float64)).eval(), "A"};
  const Tensor y = draw.normal({n, n}).named("Y");
  Example example{"Cholesky", {{"A", A}}, {}, {}};
  example.loss = [=] { return half_of_squares(cholesky(A).named("L") - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor l = cholesky(A);
    const Tensor inner = matmul(t(l), l - y);
    const Tensor diagonal = eye(n, n, float64);
    Tensor phi = tril(inner) * (1.0 - 0.5 * diagonal);
    if (is("diagonal not halved")) {
      phi = tril(inner);
    } else if (is("triangle forgotten")) {
      phi = inner;
    } else if (is("upper triangle")) {
      phi = triu(inner) * (1.0 - 0.5 * diagonal);
    }
    const Tensor inverse_l = inverse(l);
    const Tensor left = is("L not transposed") ? inverse_l : t(inverse_l);
    const Tensor p = matmul(matmul(left, phi), inverse_l);
    if (is("not made symmetric")) {
      return std::vector<Tensor>{p};
    }
    return std::vector<Tensor>{is("half forgotten") ? p + t(p) : 0.5 * (p + t(p))};
  };
  return example;
}

// ½ uᵀ A⁻¹ u + ½ log |A|, a Gaussian's.
Example log_determinant(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter A = regular(draw);
  const Parameter W = draw.parameter({n, 3}, "W");
  const Tensor x = draw.normal({3}).named("x");
  Example example{"log-determinant", {{"A", A}, {"W", W}}, {}, {}};
  example.loss = [=] {
    const Tensor u = matmul(W, x).named("u");
    return 0.5 * dot(u, solve(A, u)) + 0.5 * logdet(A);
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor inverse_a = inverse(A);
    const Tensor u = matmul(W, x);
    const Tensor of_quadratic = -0.5 * outer(matmul(t(inverse_a), u), matmul(inverse_a, u));
    Tensor dA = of_quadratic + 0.5 * t(inverse_a);
    if (is("A not transposed")) {
      dA = of_quadratic + 0.5 * inverse_a;
    } else if (is("log-determinant forgotten")) {
      dA = of_quadratic;
    } else if (is("sign of the quadratic part")) {
      dA = 0.5 * t(inverse_a) - of_quadratic;
    } else if (is("half forgotten in the log-determinant's")) {
      dA = of_quadratic + t(inverse_a);
    } else if (is("determinant's gradient for its logarithm's")) {
      dA = of_quadratic + 0.5 * det(A) * t(inverse_a);
    }
    const Tensor du = 0.5 * (matmul(inverse_a, u) + matmul(t(inverse_a), u));
    return std::vector<Tensor>{dA, outer(is("A as symmetric") ? matmul(inverse_a, u) : du, x)};
  };
  return example;
}

// ½ Σ (A⁻¹ − Y)² + ½ (|A| − 1)².
Example inverse_matrix(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter A = regular(draw);
  const Parameter B{(draw.uniform({n, n}) + eye(n, n, float64)).eval(), "B"};
  const Tensor y = draw.normal({n, n}).named("Y");
  Example example{"inverse and determinant", {{"A", A}, {"B", B}}, {}, {}};
  example.loss = [=] { return half_of_squares(inverse(A).named("X") - y) + 0.5 * square(det(B) - 1.0); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor x = inverse(A);
    const Tensor d = x - y;
    Tensor dA = -matmul(matmul(t(x), d), t(x));
    if (is("nothing transposed")) {
      dA = -matmul(matmul(x, d), x);
    } else if (is("the right factor left out")) {
      dA = -matmul(t(x), d);
    } else if (is("sign forgotten")) {
      dA = -dA;
    }
    const Tensor determinant = det(B);
    Tensor dB = (determinant - 1.0) * determinant * t(inverse(B));
    if (is("the determinant left out")) {
      dB = (determinant - 1.0) * t(inverse(B));
    } else if (is("cofactors not transposed")) {
      dB = (determinant - 1.0) * determinant * inverse(B);
    }
    return std::vector<Tensor>{dA, dB};
  };
  return example;
}

}  // namespace xgrad::test

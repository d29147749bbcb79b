// What is planted in networks of layers, and what the diagnosis has to say.
#include "support/wrong_layers.hpp"

namespace xgrad::test {

namespace {

std::vector<Subject> convolutional_subjects() {
  return {
      {convolutions,
       {{"kernel not flipped", "W² in place of flip(W²): the kernel not flipped in δ¹"},
        {"stride 1", "a stride of 1 in place of 2 in δ¹"},
        {"stride 3", "a stride of 3 in place of 2 in δ¹"},
        {"no padding", "a padding of 0 in place of 1 in δ¹"},
        {"padding 2", "a padding of 2 in place of 1 in δ¹"},
        {"in- and output channels exchanged", "in- and output channels of W² exchanged in δ¹"},
        {"rows and columns of the kernel exchanged", "spatial axes of W² exchanged in δ¹"},
        {"windows overwritten", "overlapping windows overwritten, not added up in δ¹"},
        {"last row of the kernel forgotten", "the last tap of W² along axis 2 left out in δ¹"},
        {"not passed on", "zero in its place in δ¹"},
        {"no slope", "the factor tanh′(z¹) left out in δ¹"},
        {"slope at the activation", "tanh′(a¹) in place of tanh′(z¹): the derivative taken at the activation in δ¹"},
        {"kernel flipped twice", "the kernel flipped in ∂Loss/∂W²"},
        {"stride forgotten for the weight", "a stride of 1 in place of 2 in ∂Loss/∂W²"},
        {"padding forgotten for the weight", "a padding of 0 in place of 1 in ∂Loss/∂W¹"},
        {"z for a", "z¹ in place of a¹ in ∂Loss/∂W²"},
        {"batch and channels exchanged", "batch and channels of a¹ exchanged in ∂Loss/∂W²"},
        {"channels of the weight's gradient exchanged", "in- and output channels exchanged in ∂Loss/∂W²"},
        {"weight of the last sample", "only the last sample taken in ∂Loss/∂W¹"},
        {"mean over samples for the weight", "one over the number of samples (a mean in place of a sum?) in ∂Loss/∂W²"},
        {"bias as a mean", "the mean in place of the sum in ∂Loss/∂b¹"},
        {"bias over the channels", "Σ₁₂₃ δ² in place of Σ₀₂₃ δ² in ∂Loss/∂b²"},
        {"bias of the last sample", "only the last sample taken in ∂Loss/∂b²"}}},
      {grouped_convolution,
       {{"kernel not flipped", "W² in place of flip(W²): the kernel not flipped in δ¹"},
        {"dilation forgotten", "a dilation of 1 in place of 2 in δ¹"},
        {"dilation forgotten for the weight", "a dilation of 1 in place of 2 in ∂Loss/∂W²"},
        {"groups dealt out in turn", "output channels dealt out to the groups in turn in δ¹"},
        {"groups dealt out in turn for the weight", "output channels dealt out to the groups in turn in ∂Loss/∂W²"},
        {"first group's channels for all", "the channels of the first group taken for all in ∂Loss/∂W²"},
        {"padding off by one", "a padding of 1 in place of 2 in δ¹"}}},
      {transposed_convolution,
       {{"kernel flipped", "flip(W²) in place of W²: the kernel flipped in δ¹"},
        {"stride 1", "a stride of 1 in place of 2 in δ¹"},
        {"no padding", "a padding of 0 in place of 1 in δ¹"},
        {"in- and output channels exchanged", "in- and output channels of W² exchanged in δ¹"},
        {"stride forgotten for the weight", "a stride of 1 in place of 2 in ∂Loss/∂W²"},
        {"weight flipped", "the kernel flipped in ∂Loss/∂W²"},
        {"weight as a convolution's", "in- and output channels exchanged in ∂Loss/∂W²"}}},
      {reflected_convolution,
       {{"reflected elements' share forgotten", "what the padding repeats not added in δ¹"},
        {"added to the edge, as a replicated one's", "replicated elements in place of reflected ones in δ¹"},
        {"zeros for the reflected elements", "zeros in place of what the padding repeats in ∂Loss/∂W²"}}}};
}

std::vector<Subject> pooled_subjects() {
  return {{max_pooling,
           {{"all elements of a window", "all elements of a window in place of its largest in δ"},
            {"shared out as a mean's", "the mean of a window in place of its largest in δ"},
            {"first element of a window", "the first element of a window in place of its largest in δ"},
            {"smallest element of a window", "the smallest element of a window in place of its largest in δ"},
            {"no slope", "the factor tanh′(z) left out in δ"}}},
          {overlapping_max_pooling,
           {{"windows overwritten", "overlapping windows overwritten, not added up in δ"},
            {"all elements of a window", "all elements of a window in place of its largest in δ"}}},
          {average_pooling,
           {{"not divided", "the division by the 9 elements of a window left out in δ"},
            {"padding not counted", "padding not counted among a window's elements in δ"},
            {"windows overwritten", "overlapping windows overwritten, not added up in δ"},
            {"stride 3", "a stride of 3 in place of 2 in δ"}}},
          {upsampling,
           {{"first of the repeated elements", "only the first of repeated elements taken in δ¹"},
            {"mean of the repeated elements", "the mean of repeated elements in place of their sum in δ¹"},
            {"not passed on", "zero in its place in δ¹"}}},
          {pixel_shuffling,
           {{"rows and columns of a channel's pixels exchanged",
             "the axes in the order (0, 1, 5, 3, 2, 4) in place of (0, 1, 3, 5, 2, 4) in δ"},
            {"channels behind the pixels, as TensorFlow has them",
             "the axes in the order (0, 3, 5, 1, 2, 4) in place of (0, 1, 3, 5, 2, 4) in δ"}}}};
}

std::vector<Subject> normalized_subjects() {
  return {{batch_norm,
           {{"statistics as constants", "mean and variance taken as constants in δ_h"},
            {"mean as a constant", "the mean taken as a constant in δ_h"},
            {"variance as a constant", "the variance taken as a constant in δ_h"},
            {"sign of the mean's part", "the sign of the summand 1/80 Σ₀₂₃ δ_x̂ wrong in δ_h"},
            {"sign of the variance's part", "the sign of the summand 1/80 (Σ₀₂₃ (δ_x̂ ⊙ x̂)) ⊙ x̂ wrong in δ_h"},
            {"unbiased variance in the variance's part",
             "n − 1 in place of n in the variance's part, as for an unbiased one in δ_h"},
            {"unbiased deviation", "the unbiased deviation, by n − 1, in place of that by n in δ_h"},
            {"sums in place of means", "sums in place of means in δ_h"},
            {"not divided by the deviation", "the division by the deviation left out in δ_h"},
            {"divided by the variance", "the variance in place of the deviation in δ_h"},
            {"epsilon forgotten", "ε left out of the deviation in δ_h"},
            {"h for x̂", "h in place of x̂ in δ_h"},
            {"means over the samples alone", "means over axes (0) in place of (0, 2, 3) in δ_h"},
            {"means as a layer norm's", "means over axes (1, 2, 3) in place of (0, 2, 3) in δ_h"},
            {"means as an instance norm's", "means over axes (2, 3) in place of (0, 2, 3) in δ_h"},
            {"γ forgotten", "the factor γ left out in δ_x̂"},
            {"h for x̂ in γ's", "h in place of x̂ in ∂Loss/∂γ"},
            {"γ as a mean", "the mean in place of the sum in ∂Loss/∂γ"},
            {"β over the channels", "Σ₁₂₃ δ² in place of Σ₀₂₃ δ² in ∂Loss/∂β"}}},
          {layer_norm_layer,
           {{"statistics as constants", "mean and variance taken as constants in δ_h"},
            {"mean as a constant", "the mean taken as a constant in δ_h"},
            {"variance as a constant", "the variance taken as a constant in δ_h"},
            {"sign of the mean's part", "the sign of the summand ⅙ Σ₁ δ_x̂ wrong in δ_h"},
            {"unbiased variance in the variance's part",
             "n − 1 in place of n in the variance's part, as for an unbiased one in δ_h"},
            {"not divided by the deviation", "the division by the deviation left out in δ_h"},
            {"means over the samples", "means over axes (0) in place of (1) in δ_h"},
            {"γ forgotten", "the factor γ left out in δ_x̂"}}},
          {group_norm,
           {{"statistics as constants", "mean and variance taken as constants in δ_h"},
            {"mean as a constant", "the mean taken as a constant in δ_h"},
            {"variance as a constant", "the variance taken as a constant in δ_h"}}},
          {rms_norm,
           {{"root of the mean square as a constant", "the root mean square taken as a constant in δ_h"},
            {"mean taken off, as a layer norm's", "a mean's part taken off, as a layer norm's in δ_h"},
            {"sum in place of the mean", "sums in place of means in δ_h"},
            {"h for x̂", "h in place of x̂ in δ_h"}}}};
}

std::vector<Subject> embedded_subjects() {
  return {{embedding,
           {{"repeated indices overwritten", "repeated indices overwritten, not added up in ∂Loss/∂E"},
            {"padding's row not left out", "the padding's rows not left out in ∂Loss/∂E"},
            {"divided by how often an index occurs", "divided by how often an index occurs in ∂Loss/∂E"},
            {"index off by one", "indices off by one in ∂Loss/∂E"},
            {"no slope", "the factor tanh′(e) left out in δ_e"}}},
          {embedding_bag,
           {{"sum in place of the mean", "the division by the number of a bag's rows left out in ∂Loss/∂E"},
            {"repeated indices overwritten", "repeated indices overwritten, not added up in ∂Loss/∂E"},
            {"u for a", "u in place of a in ∂Loss/∂W"}}}};
}

std::vector<Subject> algebraic_subjects() {
  return {{linear_system,
           {{"A not transposed", "A⁻¹ in place of A⁻ᵀ in ∂Loss/∂A, and likewise in ∂Loss/∂B"},
            {"A for its inverse", "A in place of A⁻¹ in ∂Loss/∂A, and likewise in ∂Loss/∂B"},
            {"A's inverse left out", "the factor A⁻ᵀ left out in ∂Loss/∂A, and likewise in ∂Loss/∂B"},
            {"sign forgotten", "the sign flipped in ∂Loss/∂A"},
            {"B for X", "B in place of X in ∂Loss/∂A"},
            {"outer product the other way", "X δ_Xᵀ A⁻¹ in place of A⁻ᵀ δ_X Xᵀ in ∂Loss/∂A"},
            {"X's gradient for B's", "the factor A⁻ᵀ left out in ∂Loss/∂A"}}},
          {cholesky_factor,
           {{"diagonal not halved", "the diagonal not halved in ∂Loss/∂A"},
            {"triangle forgotten", "the triangle not taken in ∂Loss/∂A"},
            {"upper triangle", "the other triangle taken in ∂Loss/∂A"},
            {"L not transposed", "L⁻¹ in place of L⁻ᵀ in ∂Loss/∂A"},
            {"not made symmetric", "not made symmetric in ∂Loss/∂A"},
            {"half forgotten", "a factor 2 too much in δ_L (or, just the same, in ∂Loss/∂A)"}}},
          {log_determinant,
           {{"A not transposed", "A⁻¹ in place of A⁻ᵀ in ∂Loss/∂A"},
            {"log-determinant forgotten", "the summand A⁻ᵀ left out in ∂Loss/∂A"},
            {"sign of the quadratic part", "the sign of the summand A⁻ᵀ u (A⁻¹ u)ᵀ wrong in ∂Loss/∂A"},
            {"half forgotten in the log-determinant's", "the factor ½ of the summand A⁻ᵀ left out in ∂Loss/∂A"},
            {"determinant's gradient for its logarithm's",
             "|A| A⁻ᵀ in place of A⁻ᵀ: the determinant's derivative for that of its logarithm in ∂Loss/∂A"},
            {"A as symmetric", "A⁻¹ in place of A⁻ᵀ in δ_u"}}},
          {inverse_matrix,
           {{"nothing transposed", "nothing transposed in ∂Loss/∂A"},
            {"the right factor left out", "the factor Xᵀ behind Xᵀ δ_X left out in ∂Loss/∂A"},
            {"sign forgotten", "the sign flipped in δ_X (or, just the same, in ∂Loss/∂A)"},
            {"the determinant left out", "the factor |B| of (|B| − 1) |B| B⁻ᵀ left out in ∂Loss/∂B"},
            {"cofactors not transposed", "B⁻¹ in place of B⁻ᵀ in ∂Loss/∂B"}}}};
}

std::vector<Subject> activated_subjects() {
  return {
      {gelu_network,
       {{"first term of the product rule", "the first term of the product rule alone in δ_z"},
        {"second term of the product rule", "the second term of the product rule alone in δ_z"},
        {"slope of the tanh form", "gelu_tanh′(z) in place of gelu′(z) in δ_z"},
        {"activation for slope", "a in place of gelu′(z) in δ_z"},
        {"no slope", "the factor gelu′(z) left out in δ_z"},
        {"z for a", "z in place of a in ∂Loss/∂W2"}}},
      {silu_network,
       {{"gate alone", "the first term of the product rule alone in δ_z"},
        {"sigmoid's slope", "σ′(z) in place of silu′(z) in δ_z"},
        {"slope at the activation", "silu′(a) in place of silu′(z): the derivative taken at the activation in δ_z"}}},
      {elu_network,
       {{"α forgotten", "elu′(z; alpha=1) in place of elu′(z; alpha=0.5) in δ_z"},
        {"relu's slope", "relu′(z) in place of elu′(z; alpha=0.5) in δ_z"},
        {"activation for slope", "a in place of elu′(z; alpha=0.5) in δ_z"}}},
      {leaky_relu_network,
       {{"relu's slope", "relu′(z) in place of leaky_relu′(z; slope=0.1) in δ_z"},
        {"default slope", "leaky_relu′(z; slope=0.01) in place of leaky_relu′(z; slope=0.1) in δ_z"},
        {"sides exchanged", "the two sides exchanged in δ_z"},
        {"no slope", "the factor leaky_relu′(z; slope=0.1) left out in δ_z"}}},
      {prelu_network,
       {{"relu's slope", "relu′(z) in place of prelu′(z, α) in δ_z"},
        {"slopes by the other side", "[z > 0] in place of [z ≤ 0] in ∂Loss/∂α"},
        {"slopes by both sides", "the factor [z ≤ 0] left out in ∂Loss/∂α"},
        {"a for z in the slopes'", "a in place of z in ∂Loss/∂α"}}},
      {glu_network,
       {{"gate's slope forgotten", "the factor σ′(z[:, 3:6]) left out in δ_z"},
        {"gate for its slope", "σ(z[:, 3:6]) in place of σ′(z[:, 3:6]) in δ_z"},
        {"halves exchanged", "the halves exchanged in δ_z"}}},
      {swiglu_network,
       {{"silu for its slope", "silu(z[:, 0:3]) in place of silu′(z[:, 0:3]) in δ_z"},
        {"gate alone", "the first term of the product rule alone in δ_z"},
        {"halves exchanged", "the halves exchanged in δ_z"}}},
      {small_network,
       {{"kernel not flipped", "the kernel not flipped"},
        {"all elements of a window", "all elements of a window in place of its largest"},
        {"statistics as constants", "mean and variance taken as constants"},
        {"mean over positions not divided", "the factor 1/12 left out"},
        {"no slope behind the second convolution", "the factor relu′(z³) left out"}}}};
}

}  // namespace

const std::vector<Subject>& layer_subjects() {
  static const std::vector<Subject> all = [] {
    std::vector<Subject> result;
    for (const auto& part : {convolutional_subjects(), pooled_subjects(), normalized_subjects(), embedded_subjects(),
                             algebraic_subjects(), activated_subjects()}) {
      result.insert(result.end(), part.begin(), part.end());
    }
    return result;
  }();
  return all;
}

}  // namespace xgrad::test

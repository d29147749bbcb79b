#include <algorithm>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>
#include <string>
#include <vector>

#include "support/message_of.hpp"
#include "support/run_command.hpp"
#include "support/temporary_folder.hpp"

using xgrad::test::Outcome;
using xgrad::test::run_command;
using Lines = std::vector<std::string>;

namespace {

// "left = right" of all equations, without numbers, spaces for alignment, shapes and labels.
Lines equations(const std::vector<std::string>& arguments) {
  const Outcome outcome = run_command(arguments);
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  Lines result;
  for (const std::string& line : xgrad::test::lines_of(outcome.out)) {
    const std::size_t sign = line.find(" = ");
    if (line.find('(') > 5 || line.find(")  ") > 6 || sign == std::string::npos) {
      continue;
    }
    std::string left = line.substr(line.find(")  ") + 3, sign - line.find(")  ") - 3);
    left.erase(left.find_last_not_of(' ') + 1);
    std::string right = line.substr(sign + 3);
    right.erase(right.find("  "));
    result.push_back(left + " = " + right);
  }
  return result;
}

Lines of_layer(const std::string& name, std::vector<std::string> options = {}) {
  options.insert(options.begin(), {"derive", "--layer", name});
  return equations(options);
}

}  // namespace

TEST_CASE("xgrad derive: without options, the document's four formulas, labelled") {
  const Outcome outcome = run_command({"derive"});
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  for (const char* line :
       {"δ²        = (a² − y) ⊙ σ′(z²)  (1,)        BP1", "δ¹        = (W²ᵀ δ²) ⊙ σ′(z¹)  (3,)        BP2",
        "∂Loss/∂b¹ = δ¹                 (3,)        BP3", "∂Loss/∂W¹ = δ¹ xᵀ              (3, 2)      BP4"}) {
    CAPTURE(line);
    CHECK(contains(outcome.out, line));
  }
}

TEST_CASE("xgrad derive: runs for every activation and loss, one sample and several") {
  for (const char* activation : {"sigmoid", "tanh", "relu", "softmax", "identity"}) {
    for (const char* loss : {"quadratic", "cross-entropy", "binary-cross-entropy", "mse"}) {
      for (const char* samples : {"1", "5"}) {
        CAPTURE(activation);
        CAPTURE(loss);
        CAPTURE(samples);
        const Outcome outcome = run_command(
            {"derive", "--layers", "3-4-2", "--activation", activation, "--loss", loss, "--samples", samples});
        CHECK(outcome.code == 0);
        CHECK(contains(outcome.out, "∂Loss/∂W¹ = "));
        CHECK(contains(outcome.out, "δ²"));
      }
    }
  }
}

TEST_CASE("xgrad derive: a layer by itself") {
  const Outcome dense = run_command({"derive", "--layer", "Dense", "--samples", "5"});
  CHECK(contains(dense.out, "∂Loss/∂W = Gᵀ x"));
  CHECK(contains(dense.out, "∂Loss/∂b = Σ₀ G"));
  CHECK(contains(dense.out, "∂Loss/∂x = G W"));
  CHECK(contains(dense.out, "G := ∂Loss/∂z, given"));
  CHECK(contains(run_command({"derive", "--layer", "Sigmoid"}).out, "∂Loss/∂x = G ⊙ σ′(x)"));
  CHECK(contains(run_command({"derive", "--layer", "Tanh"}).out, "∂Loss/∂x = G ⊙ tanh′(x)"));
  CHECK(contains(run_command({"derive", "--layer", "ReLU"}).out, "∂Loss/∂x = G ⊙ relu′(x)"));
  CHECK(contains(run_command({"derive", "--layer", "Softmax"}).out, "∂Loss/∂x = (G − Σ (G ⊙ a)) ⊙ a"));
}

TEST_CASE("xgrad derive --layer: convolutions and their two adjoints") {
  CHECK(of_layer("Conv2d") == Lines{"z = W ⋆ x + b", "∂Loss/∂b = Σ₁₂ G", "∂Loss/∂x = flip(W) ⋆ G", "∂Loss/∂W = x ⋆ G"});
  CHECK(of_layer("Conv1d", {"--samples", "7"}) ==
        Lines{"z = W ⋆ x + b", "∂Loss/∂b = Σ₀₂ G", "∂Loss/∂x = flip(W) ⋆ G", "∂Loss/∂W = x ⋆ G"});
  CHECK(of_layer("ConvTranspose2d") ==
        Lines{"z = flip(W) ⋆ x + b", "∂Loss/∂b = Σ₁₂ G", "∂Loss/∂x = W ⋆ G", "∂Loss/∂W = G ⋆ x"});
}

TEST_CASE("xgrad derive --layer: pooling selects, or shares out") {
  CHECK(of_layer("MaxPool2d") ==
        Lines{"y = max_pool(x; kernel=(2, 2))", "∂Loss/∂x = scatter(G, argmax_pool(x; kernel=(2, 2)); size=(4, 4))"});
  CHECK(of_layer("GlobalAvgPool") == Lines{"y = 1/16 Σ₁₂ x", "∂Loss/∂x = 1/16 G"});
  CHECK(of_layer("AvgPool1d") ==
        Lines{"y = avg_pool(x; kernel=(2))", "∂Loss/∂x = avg_pool_adjoint(G; kernel=(2), size=(4))"});
}

TEST_CASE("xgrad derive --layer: norms have the two terms with means, and none that is zero") {
  CHECK(of_layer("BatchNorm") ==
        Lines{"x̂ = normalize(x; axes=(0), epsilon=1e-05)", "y = x̂ ⊙ γ + β", "∂Loss/∂β = Σ₀ G", "∂Loss/∂γ = Σ₀ (G ⊙ x̂)",
              "δ_x̂ = G ⊙ γ",
              "∂Loss/∂x = (δ_x̂ − ¼ Σ₀ δ_x̂ − ¼ (Σ₀ (δ_x̂ ⊙ x̂)) ⊙ x̂) / deviation(x; axes=(0), epsilon=1e-05)"});
  CHECK(of_layer("LayerNorm", {"--layers", "3-1", "--samples", "2"}) ==
        Lines{"x̂ = normalize(x; axes=(1), epsilon=1e-05)", "y = x̂ ⊙ γ + β", "∂Loss/∂β = Σ₀ G", "∂Loss/∂γ = Σ₀ (G ⊙ x̂)",
              "δ_x̂ = G ⊙ γ",
              "∂Loss/∂x = (δ_x̂ − ⅙ Σ₁ δ_x̂ − ⅙ (Σ₁ (δ_x̂ ⊙ x̂)) ⊙ x̂) / deviation(x; axes=(1), epsilon=1e-05)"});
  CHECK(of_layer("RMSNorm") ==
        Lines{"x̂ = rms_normalize(x; axes=(0), epsilon=1e-05)", "y = x̂ ⊙ γ", "∂Loss/∂γ = G ⊙ x̂", "δ_x̂ = G ⊙ γ",
              "∂Loss/∂x = (δ_x̂ − ¼ (Σ (δ_x̂ ⊙ x̂)) x̂) / root_mean_square(x; axes=(0), epsilon=1e-05)"});
}

TEST_CASE("xgrad derive --layer: attention has dS = P ⊙ (dP − rowsum(dP ⊙ P))") {
  CHECK(of_layer("attention") == Lines{"S = ½ Q Kᵀ", "P = softmax(S)", "O = P V", "∂Loss/∂V = Pᵀ G", "δ_P = G Vᵀ",
                                       "δ_S = (δ_P − Σ₁ (δ_P ⊙ P)) ⊙ P", "∂Loss/∂Q = ½ δ_S K", "∂Loss/∂K = ½ δ_Sᵀ Q"});
  const Lines of_heads = of_layer("MultiHeadAttention");
  for (const char* line : {"S = Q Kᵀ / √2", "δ_S = (δ_P − Σ₃ (δ_P ⊙ P)) ⊙ P", "δ_Q = δ_S K / √2", "δ_K = δ_Sᵀ Q / √2",
                           "δ_V = Pᵀ δ_O", "∂Loss/∂W_in = δ_Zᵀ x"}) {
    CAPTURE(line);
    CHECK(std::find(of_heads.begin(), of_heads.end(), line) != of_heads.end());
  }
}

TEST_CASE("xgrad derive --layer: an LSTM gate by gate") {
  CHECK(of_layer("LSTMCell") == Lines{"z = W_ih x + b_ih + b_hh + W_hh h0",
                                      "z_o = z[9:12]",
                                      "o = σ(z_o)",
                                      "z_f = z[3:6]",
                                      "f = σ(z_f)",
                                      "z_i = z[0:3]",
                                      "i = σ(z_i)",
                                      "z_g = z[6:9]",
                                      "g = tanh(z_g)",
                                      "c = f ⊙ c0 + i ⊙ g",
                                      "h = o ⊙ tanh(c)",
                                      "δ_c = G ⊙ o ⊙ tanh′(c)",
                                      "∂Loss/∂c0 = δ_c ⊙ f",
                                      "δ_g = δ_c ⊙ i",
                                      "δ_z_g = δ_g ⊙ tanh′(z_g)",
                                      "δ_i = δ_c ⊙ g",
                                      "δ_z_i = δ_i ⊙ σ′(z_i)",
                                      "δ_f = δ_c ⊙ c0",
                                      "δ_z_f = δ_f ⊙ σ′(z_f)",
                                      "δ_o = G ⊙ tanh(c)",
                                      "δ_z_o = δ_o ⊙ σ′(z_o)",
                                      "δ_z = [δ_z_i; δ_z_f; δ_z_g; δ_z_o]",
                                      "∂Loss/∂x = W_ihᵀ δ_z",
                                      "∂Loss/∂h0 = W_hhᵀ δ_z",
                                      "∂Loss/∂b_ih = δ_z",
                                      "∂Loss/∂b_hh = δ_z",
                                      "∂Loss/∂W_ih = δ_z xᵀ",
                                      "∂Loss/∂W_hh = δ_z h0ᵀ"});
}

TEST_CASE("xgrad derive --layer: an LSTM step by step, from the last to the first") {
  const Lines lines = of_layer("LSTM");
  std::size_t before = 0;
  for (const char* line :
       {"p = x W_ihᵀ + b_ih + b_hh", "z¹ = p[:, 0, :]", "c¹ = i¹ ⊙ g¹", "h¹ = o¹ ⊙ tanh(c¹)",
        "z² = p[:, 1, :] + h¹ W_hhᵀ", "c² = f² ⊙ c¹ + i² ⊙ g²", "c³ = f³ ⊙ c² + i³ ⊙ g³", "y = [h¹; h²; h³]₁",
        "δ_h³ = G[:, 2, :]", "δ_c³ = δ_h³ ⊙ o³ ⊙ tanh′(c³)", "δ_h² = δ_z³ W_hh + G[:, 1, :]",
        "δ_c² = δ_c³ ⊙ f³ + δ_h² ⊙ o² ⊙ tanh′(c²)", "δ_f² = δ_c² ⊙ c¹", "δ_z² = [δ_z_i²; δ_z_f²; δ_z_g²; δ_z_o²]₁",
        "δ_h¹ = δ_z² W_hh + G[:, 0, :]", "δ_c¹ = δ_c² ⊙ f² + δ_h¹ ⊙ o¹ ⊙ tanh′(c¹)"}) {
    CAPTURE(line);
    const auto found = std::find(lines.begin(), lines.end(), line);
    REQUIRE(found != lines.end());
    const auto at = static_cast<std::size_t>(found - lines.begin());
    CHECK(at >= before);
    before = at;
  }
  // The first step starts with zeros, so its forget gate has no part in the gradient.
  for (const char* line : {"δ_z¹ = [δ_z_i¹; 0; δ_z_g¹; δ_z_o¹]₁", "δ_p = [δ_z¹; δ_z²; δ_z³]₁", "∂Loss/∂W_ih = δ_pᵀ x",
                           "∂Loss/∂W_hh = δ_z³ᵀ h² + δ_z²ᵀ h¹", "∂Loss/∂b_ih = Σ₀₁ δ_p"}) {
    CAPTURE(line);
    CHECK(std::find(lines.begin(), lines.end(), line) != lines.end());
  }
}

TEST_CASE("xgrad derive --layer: a GRU gate by gate") {
  CHECK(of_layer("GRUCell") == Lines{"p = W_ih x + b_ih",
                                     "q = W_hh h0 + b_hh",
                                     "a_z = p[3:6] + q[3:6]",
                                     "z = σ(a_z)",
                                     "a_r = p[0:3] + q[0:3]",
                                     "r = σ(a_r)",
                                     "q_n = q[6:9]",
                                     "a_n = p[6:9] + r ⊙ q_n",
                                     "n = tanh(a_n)",
                                     "h = (1 − z) ⊙ n + z ⊙ h0",
                                     "δ_n = G ⊙ (1 − z)",
                                     "δ_a_n = δ_n ⊙ tanh′(a_n)",
                                     "δ_q_n = δ_a_n ⊙ r",
                                     "δ_r = δ_a_n ⊙ q_n",
                                     "δ_a_r = δ_r ⊙ σ′(a_r)",
                                     "δ_z = G ⊙ (h0 − n)",
                                     "δ_a_z = δ_z ⊙ σ′(a_z)",
                                     "δ_q = [δ_a_r; δ_a_z; δ_q_n]",
                                     "∂Loss/∂h0 = G ⊙ z + W_hhᵀ δ_q",
                                     "∂Loss/∂b_hh = δ_q",
                                     "∂Loss/∂W_hh = δ_q h0ᵀ",
                                     "δ_p = [δ_a_r; δ_a_z; δ_a_n]",
                                     "∂Loss/∂x = W_ihᵀ δ_p",
                                     "∂Loss/∂b_ih = δ_p",
                                     "∂Loss/∂W_ih = δ_p xᵀ"});
}

TEST_CASE("xgrad derive --layer: embeddings scatter, dropout masks, weight norm projects") {
  CHECK(of_layer("Embedding") == Lines{"y = E[i]", "∂Loss/∂E = scatter(G, i; axis=0, length=5)"});
  CHECK(of_layer("Dropout") == Lines{"mask = bernoulli(probability=0.5)", "y = 2 x ⊙ mask", "∂Loss/∂x = 2 G ⊙ mask"});
  CHECK(of_layer("WeightNorm") == Lines{"z = (V ⊙ g / ‖V‖₁) x + b", "∂Loss/∂x = (V ⊙ g / ‖V‖₁)ᵀ G", "∂Loss/∂b = G",
                                        "∂Loss/∂V = g ⊙ (G xᵀ / ‖V‖₁ − (Σ₁ ((G xᵀ) ⊙ V)) ⊙ V / ‖V‖₁³)",
                                        "∂Loss/∂g = Σ₁ ((G xᵀ) ⊙ V) / ‖V‖₁"});
}

TEST_CASE("xgrad derive --layer: functions of matrices") {
  CHECK(of_layer("inverse") == Lines{"B = A⁻¹", "∂Loss/∂A = −Bᵀ G Bᵀ"});
  CHECK(of_layer("solve") == Lines{"x = A⁻¹ b", "∂Loss/∂b = A⁻ᵀ G", "∂Loss/∂A = −A⁻ᵀ G xᵀ"});
  CHECK(of_layer("det") == Lines{"d = |A|", "∂Loss/∂A = G |A| A⁻ᵀ"});
  CHECK(of_layer("logdet") == Lines{"s = log|A|", "∂Loss/∂A = G A⁻ᵀ"});
  CHECK(of_layer("cholesky") == Lines{"L = chol(A)", "∂Loss/∂A = ½ L⁻ᵀ (Φ(Lᵀ G) + Φ(Lᵀ G)ᵀ) L⁻¹"});
}

TEST_CASE("xgrad derive --layer: losses have no cotangent") {
  CHECK(of_layer("QuadraticLoss") == Lines{"Loss = ½ Σ (a − y)²", "∂Loss/∂a = a − y"});
  CHECK(of_layer("CrossEntropy") ==
        Lines{"Loss = −Σ (log_softmax(z) ⊙ one_hot(y))", "∂Loss/∂z = softmax(z) − one_hot(y)"});
  CHECK(of_layer("BinaryCrossEntropy") == Lines{"Loss = Σ (softplus(z) − y ⊙ z)", "∂Loss/∂z = σ(z) − y"});
  CHECK(of_layer("HuberLoss") == Lines{"Loss = ½ Σ where(|a − y| < 1, ½ (a − y)², |a − y| − ½)",
                                       "∂Loss/∂a = ½ ([|a − y| ≥ 1] ⊙ sign(a − y) + [|a − y| < 1] ⊙ (a − y))"});
  CHECK(of_layer("KLDivergence") == Lines{"Loss = Σ (y ⊙ (log(y) − a))", "∂Loss/∂a = −y"});
  CHECK(of_layer("MeanSquaredError", {"--samples", "5"}) == Lines{"Loss = 1/10 Σ (a − y)²", "∂Loss/∂a = ⅕ (a − y)"});
}

TEST_CASE("xgrad derive --layer list: a line for each, and each can be derived") {
  const Outcome list = run_command({"derive", "--layer", "list"});
  CHECK(list.code == 0);
  CHECK(list.out.starts_with("Linear\n  Dense                    W x + b\n"));
  std::size_t count = 0;
  for (const std::string& line : xgrad::test::lines_of(list.out)) {
    if (!line.starts_with("  ")) {
      continue;
    }
    ++count;
    const std::string name = line.substr(2, line.find(' ', 2) - 2);
    CAPTURE(name);
    CHECK(line.size() > 27);
    const Outcome outcome = run_command({"derive", "--layer", name});
    CHECK(outcome.code == 0);
    CHECK(outcome.err.empty());
    CHECK(contains(outcome.out, "Backward\n"));
    CHECK_FALSE(contains(outcome.out, "∂Loss/∂G"));
    const Outcome dot = run_command({"derive", "--layer", name, "--dot"});
    CHECK(dot.out.starts_with("digraph derivation {"));
  }
  CHECK(count > 110);
}

TEST_CASE("xgrad derive --layer: a name that isn't known gets the one that was meant") {
  const auto complaint = [](const char* name) { return run_command({"derive", "--layer", name}).err; };
  CHECK(complaint("lstm") == "xgrad: --layer 'lstm': did you mean LSTM? xgrad derive --layer list has all\n");
  CHECK(complaint("Conv2D") == "xgrad: --layer 'Conv2D': did you mean Conv2d? xgrad derive --layer list has all\n");
  CHECK(complaint("LayerNrm") ==
        "xgrad: --layer 'LayerNrm': did you mean LayerNorm? xgrad derive --layer list has all\n");
  CHECK(complaint("qqqqqqqqqq") == "xgrad: --layer 'qqqqqqqqqq': xgrad derive --layer list has all\n");
}

TEST_CASE("xgrad derive --layer: sizes that a layer refuses are an error that names it") {
  const Outcome outcome = run_command({"derive", "--layer", "BatchNorm", "--samples", "1"});
  CHECK(outcome.code == 2);
  CHECK(contains(outcome.err, "BatchNorm"));
}

TEST_CASE("xgrad derive: as LaTeX and as a graph") {
  const Outcome latex = run_command({"derive", "--latex"});
  CHECK(latex.out.starts_with("\\documentclass{article}"));
  CHECK(latex.out.ends_with("\\end{document}\n"));
  const Outcome dot = run_command({"derive", "--dot"});
  CHECK(dot.out.starts_with("digraph derivation {"));
  CHECK(contains(dot.out, "\"δ²\" -> \"∂Loss/∂W²\""));
}

// Where LaTeX is installed: .ci/run sees to it.
TEST_CASE("xgrad derive: the LaTeX compiles") {
  if (std::system("command -v pdflatex >/dev/null 2>&1") != 0) {  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
    MESSAGE("no pdflatex here");
    return;
  }
  const std::vector<std::vector<std::string>> cases{
      {"derive", "--latex"},
      {"derive", "--latex", "--activation", "softmax", "--loss", "mse", "--samples", "5"},
      {"derive", "--latex", "--activation", "relu", "--loss", "cross-entropy", "--samples", "5"},
      {"derive", "--latex", "--activation", "tanh", "--loss", "binary-cross-entropy"},
      {"derive", "--latex", "--layer", "Dense"}};
  for (const std::vector<std::string>& arguments : cases) {
    const TemporaryFolder folder;
    const std::string file = (folder.path() / "derivation.tex").string();
    std::ofstream{file} << run_command(arguments).out;
    const std::string command = "cd '" + folder.path().string() +
                                "' && pdflatex -interaction=nonstopmode -halt-on-error derivation.tex >log.txt 2>&1";
    const int code = std::system(command.c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
    INFO(xgrad::test::read_file((folder.path() / "log.txt").string()));
    CHECK(code == 0);
  }
}

TEST_CASE("xgrad derive: bad options are one line and exit code 2") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"derive", "--latex", "--dot"},
                                                    {"derive", "--layer", "Cnv"},
                                                    {"derive", "--layer", ""},
                                                    {"derive", "--samples", "0"},
                                                    {"derive", "--layers", "3"},
                                                    {"derive", "extra"}}) {
    const Outcome outcome = run_command(arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(xgrad::test::lines_of(outcome.err).size() == 1);
    CHECK(outcome.err.starts_with("xgrad: "));
  }
}

TEST_CASE("xgrad derive --layer: refuses options of networks") {
  for (const std::vector<std::string>& option :
       {std::vector<std::string>{"--loss", "mse"}, {"--activation", "tanh"}, {"--reduction", "sum"}}) {
    const Outcome outcome = run_command({"derive", "--layer", "Dense", option[0], option[1]});
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, option[0] + " is of networks: expected --layer without it"));
  }
}

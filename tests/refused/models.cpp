// Models that xgrad can't look into. Each line below that ends in "refused: Class" must be an error that names the
// class; see check.cmake.
#include <any>
#include <array>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "xgrad/nn/clone.hpp"
#include "xgrad/nn/layers.hpp"
#include "xgrad/nn/parameters.hpp"
#include "xgrad/nn/sequential.hpp"

namespace xg = xgrad;

class ReturnsPair {
 public:
  explicit ReturnsPair(xg::Random& random) : cell_{4, 4, random} {}
  std::pair<xg::Tensor, xg::Tensor> operator()(const xg::Tensor& x, const xg::Tensor& h) const;

 private:
  xg::nn::Dense cell_;
};

class CalledWithBool {
 public:
  explicit CalledWithBool(int width);
  xg::Tensor operator()(const xg::Tensor& x, bool training) const;
  xg::Parameter scale;
};

class HasForward {
 public:
  explicit HasForward(int width);
  [[nodiscard]] xg::Tensor forward(const xg::Tensor& x) const;
  xg::Parameter scale;
};

class OneTensor {
 public:
  xg::Tensor operator()(const xg::Tensor& x) const;

 private:
  xg::Parameter scale_;
};

class Interface {
 public:
  virtual ~Interface() = default;
  virtual xg::Tensor operator()(const xg::Tensor& x) const = 0;
};

struct Reference {
  xg::nn::Dense& layer;
};

struct DeclaredOnly;

class GrownList : public std::list<xg::nn::Dense> {
 public:
  GrownList() = default;
  xg::Parameter scale;
};

union Either {
  int number;
  xg::nn::Dense* layer;
};

class InSequential : public OneTensor {
 public:
  InSequential(const InSequential&);
};
class Cloned : public ReturnsPair {
 public:
  Cloned(const Cloned&);
};
class AsBase : public ReturnsPair {};

/// A class of its own per name.
struct InVector;
struct InOptional;
struct InVariant;
struct InUnique;
struct InShared;
struct InRaw;
struct InVectorOfPointers;
struct InMap;
struct InArray;
struct InTuple;
struct InWeak;
template <class Name>
class Hidden {
 public:
  explicit Hidden(int width);
  Hidden(const Hidden&);

 private:
  xg::Parameter scale_;
};

template <class T>
struct With {
  xg::Parameter known;
  T field;
};

template <class T>
const T& fake();

template <class T>
void look(const T& model) {
  static_cast<void>(xg::nn::parameters(model));
}

using Function = std::function<xg::Tensor(const xg::Tensor&)>;

void all(xg::nn::Dense& dense) {
  look(fake<With<ReturnsPair>>());                                // refused: ReturnsPair
  look(fake<With<CalledWithBool>>());                             // refused: CalledWithBool
  look(fake<With<AsBase>>());                                     // refused: AsBase
  look(fake<HasForward>());                                       // refused: HasForward
  look(fake<OneTensor>());                                        // refused: OneTensor
  look(fake<With<std::unique_ptr<Interface>>>());                 // refused: Interface
  look(fake<With<Reference>>());                                  // refused: Reference
  look(fake<With<DeclaredOnly*>>());                              // refused: DeclaredOnly
  look(fake<With<GrownList>>());                                  // refused: GrownList
  look(fake<With<Either>>());                                     // refused: Either
  look(fake<With<std::vector<Hidden<InVector>>>>());              // refused: Hidden<InVector>
  look(fake<With<std::optional<Hidden<InOptional>>>>());          // refused: Hidden<InOptional>
  look(fake<With<std::variant<int, Hidden<InVariant>>>>());       // refused: Hidden<InVariant>
  look(fake<With<std::unique_ptr<Hidden<InUnique>>>>());          // refused: Hidden<InUnique>
  look(fake<With<std::shared_ptr<Hidden<InShared>>>>());          // refused: Hidden<InShared>
  look(fake<With<Hidden<InRaw>*>>());                             // refused: Hidden<InRaw>
  look(fake<With<std::vector<Hidden<InVectorOfPointers>*>>>());   // refused: Hidden<InVectorOfPointers>
  look(fake<With<std::map<std::string, Hidden<InMap>>>>());       // refused: Hidden<InMap>
  look(fake<With<std::array<Hidden<InArray>, 2>>>());             // refused: Hidden<InArray>
  look(fake<With<std::tuple<int, Hidden<InTuple>>>>());           // refused: Hidden<InTuple>
  look(fake<With<std::weak_ptr<Hidden<InWeak>>>>());              // refused: std::weak_ptr<Hidden<InWeak>
  look(fake<With<void*>>());                                      // refused: void
  look(fake<With<std::any>>());                                   // refused: std::any
  look(fake<With<Function>>());                                   // refused: std::function
  look([&dense](const xg::Tensor& x) { return dense(x); });       // refused: lambda
  look([dense](const xg::Tensor& x, bool) { return dense(x); });  // refused: lambda
  static_cast<void>(xg::nn::clone(fake<With<Cloned>>()));         // refused: Cloned
  static_cast<void>(xg::nn::Sequential{fake<InSequential>()});    // refused: InSequential
}

#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/plan.hpp"
#include "xgrad/reflect.hpp"
#include "xgrad/tensor.hpp"

/// compile(f): f is traced once, and then its plan is run without building a graph.
///
///   auto step = compile([&](const Tensor& x, const Tensor& y) { return sgd.step(objective(net(x), y)); });
///   for (const auto& [x, y] : batches) { Tensor loss = step(x, y); }
///
/// f takes tensors and returns nothing, a tensor, or a tuple, vector or plain struct of tensors. Parameters and States
/// that f reads are inputs of the plan, and those that it writes (an optimiser's step does, a draw of random numbers, a
/// layer with running statistics) are outputs, updated in place if nobody else holds the old value. Tensors that f
/// captures are constants. Arguments of another shape or dtype are traced again. A Parameter, a Random or an optimiser
/// that f itself makes is new at every call, as it is without compile().
///
/// While f is traced nothing has a value: reading one (item, data, printing) is a ValueError that says so, as is
/// drawing an integer or a permutation. Branches and loops of f run at the trace only. What f returns has no history.
namespace xgrad {

namespace detail {

/// How the core of a compiled function calls back to have it traced: writes its results' tensors to the list, and
/// returns a result without its tensors.
struct Traced {
  void* context;
  std::shared_ptr<void> (*trace)(void* context, std::span<const Tensor> arguments, std::vector<Tensor>& results);
};

/// Whether a function is being traced on this thread.
[[nodiscard]] XGRAD_API bool tracing() noexcept;

/// A compiled function without its types. Belongs to one thread at a time.
class XGRAD_API CompiledCore {
 public:
  explicit CompiledCore(const PlanOptions& options);
  CompiledCore(CompiledCore&&) noexcept;
  CompiledCore& operator=(CompiledCore&&) noexcept;
  ~CompiledCore();

  /// Makes the trace for arguments of these shapes and dtypes the selected one; traces f if there is none.
  void select(std::span<const Tensor> arguments, const Traced& traced);
  /// Of the selected trace.
  [[nodiscard]] const void* form() const noexcept;
  [[nodiscard]] std::size_t result_count() const noexcept;
  /// Runs the selected trace. One slot per result.
  void run(std::span<const Tensor> arguments, std::span<Tensor> results);

  [[nodiscard]] std::size_t trace_count() const noexcept;
  void clear();
  [[nodiscard]] std::string describe() const;
  void set_profiling(bool on);
  [[nodiscard]] std::string profile() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

template <class T>
concept TupleLike = requires {
  std::tuple_size<T>::value;
};
template <class T>
concept TensorList = requires(T& list) {
  std::begin(list);
  std::end(list);
};

/// Calls visit on every tensor of what a compiled function returns.
template <class R, class Visit>
void visit_tensors(R& result, Visit& visit) {
  if constexpr (std::is_same_v<R, Tensor>) {
    visit(result);
  } else if constexpr (TupleLike<R>) {
    std::apply([&](auto&... items) { (visit_tensors(items, visit), ...); }, result);
  } else if constexpr (TensorList<R>) {
    for (auto& item : result) {
      visit_tensors(item, visit);
    }
  } else if constexpr (std::is_aggregate_v<R> && std::is_class_v<R>) {
    std::apply([&](auto&... items) { (visit_tensors(items, visit), ...); }, reflect::tie_fields(result));
  } else {
    static_assert(std::is_same_v<R, Tensor>,
                  "a compiled function returns nothing, a Tensor, or a tuple, vector or plain struct of tensors");
  }
}

}  // namespace detail

/// What compile() makes of an F. Moves, doesn't copy: what was moved from throws ValueError when it is called. Belongs
/// to one thread at a time.
template <class F>
class Compiled {
 public:
  Compiled(F function, const PlanOptions& options) : function_{std::move(function)}, core_{options} {}

  /// Runs the plan for arguments of these shapes and dtypes. Everything is computed when it returns. An error leaves
  /// all parameters and states as they were.
  /// @throws ValueError if a parameter or state that was traced is held by nothing else any more: the model or the
  /// optimiser that the function captures by reference was replaced; clear() has it traced anew
  template <class... T>
  requires(std::is_convertible_v<const T&, const Tensor&>&&...) auto operator()(const T&... arguments) {
    using Result = std::invoke_result_t<F&, decltype(static_cast<const Tensor&>(arguments))...>;
    if (detail::tracing()) {  // of a function that calls this one: it becomes part of that
      return static_cast<std::remove_cvref_t<Result>>(function_(static_cast<const Tensor&>(arguments)...));
    }
    const std::array<Tensor, sizeof...(T)> list{static_cast<const Tensor&>(arguments)...};
    if constexpr (std::is_void_v<Result>) {
      select<std::tuple<>>(list, [](F& f, const auto&... x) {
        f(x...);
        return std::tuple<>{};
      });
      core_.run(list, {});
    } else {
      using Value = std::remove_cvref_t<Result>;
      select<Value>(list, [](F& f, const auto&... x) -> Value { return f(x...); });
      if constexpr (std::is_same_v<Value, Tensor>) {
        Tensor result;
        core_.run(list, {&result, 1});
        return result;
      } else {
        Value result = *static_cast<const Value*>(core_.form());
        std::vector<Tensor> tensors(core_.result_count());
        core_.run(list, tensors);
        std::size_t next = 0;
        auto put = [&](Tensor& tensor) { tensor = std::move(tensors[next++]); };
        detail::visit_tensors(result, put);
        return result;
      }
    }
  }

  /// How many traces there are: one for each combination of shapes, dtypes and number of threads that it was called
  /// with. At most 256 are kept, and 256 MiB of plans; what was used longest ago goes first, and is traced again when
  /// it is asked for again.
  [[nodiscard]] std::size_t trace_count() const noexcept { return core_.trace_count(); }
  /// Drops all traces: the next call traces anew, with what the function captures by reference as it is then. Throws
  /// ValueError while a trace runs.
  void clear() { core_.clear(); }
  /// The plan of the last call: its steps, what was fused, bytes and peak; the states that it reads and writes; and the
  /// constants: tensors and numbers that the function captured, with their first values and what takes them. Empty
  /// before the first call.
  [[nodiscard]] std::string describe() const { return core_.describe(); }
  /// From now on every step of a plan is timed (which costs some), for profile().
  void set_profiling(bool on) { core_.set_profiling(on); }
  /// Time and bytes per step and per layer, of the last call's plan, since profiling was turned on.
  [[nodiscard]] std::string profile() const { return core_.profile(); }

 private:
  template <class Value, std::size_t N, class Call>
  void select(const std::array<Tensor, N>& list, Call call) {
    struct Context {
      Compiled* self;
      Call call;
    } context{this, call};
    const detail::Traced traced{
        &context,
        [](void* opaque, std::span<const Tensor> arguments, std::vector<Tensor>& results) -> std::shared_ptr<void> {
          auto& [self, f] = *static_cast<Context*>(opaque);
          auto form = std::make_shared<Value>([&]<std::size_t... I>(std::index_sequence<I...>) {
            return f(self->function_, arguments[I]...);
          }(std::make_index_sequence<N>{}));
          auto take = [&](Tensor& tensor) { results.push_back(std::exchange(tensor, Tensor{})); };
          detail::visit_tensors(*form, take);
          return form;
        }};
    core_.select(list, traced);
  }

  F function_;
  detail::CompiledCore core_;
};

/// f, to be traced at the first call, and planned with the options that are in force now. f is kept by copy or move;
/// what it captures by reference must outlive it.
template <class F>
[[nodiscard]] Compiled<std::decay_t<F>> compile(F&& f, const PlanOptions& options = plan_options()) {
  return Compiled<std::decay_t<F>>{std::forward<F>(f), options};
}

}  // namespace xgrad

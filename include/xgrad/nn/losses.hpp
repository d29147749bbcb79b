#pragma once

#include "xgrad/nn/classification_losses.hpp"
#include "xgrad/nn/ctc_loss.hpp"
#include "xgrad/nn/embedding_losses.hpp"
#include "xgrad/nn/metrics.hpp"
#include "xgrad/nn/reduction.hpp"
#include "xgrad/nn/regression_losses.hpp"

/// All losses, plain structs that are called with a prediction and a target; and what is measured beside them.

// SPDX-License-Identifier: Apache-2.0
// Where a training takes its batches from, and what it is measured on: the one door between the loop and
// data of any kind. Made by makeTrainingSources (run_data.h). Trainer thread only.
#pragma once

#include "core/train/model_batch.h"

#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// A micro-batch's place in a training. All that a source draws is a function of it and of the number of the
/// sequence within the step (micro · batchSize + row), so the data are the same after a resume and however a
/// step is split into micro-batches.
struct BatchPlace {
    int64_t step = 0; ///< updates finished before it
    int64_t micro = 0;
    int64_t batchSize = 1; ///< sequences of a micro-batch
    uint64_t seed = 0;     ///< of the run
    [[nodiscard]] int64_t firstSample() const { return micro * batchSize; }
};

class BatchSource {
public:
    virtual ~BatchSource() = default;
    /// Replaces `out`. May be called several times for one place, with the same result.
    virtual void fill(const BatchPlace &place, ModelBatch &out) = 0;
};

/// Windows of data that are not trained on, in a fixed order. What it draws for a window is a function of
/// the seed and the window's number.
class ValidationSource {
public:
    virtual ~ValidationSource() = default;
    [[nodiscard]] virtual int64_t context() const = 0;
    [[nodiscard]] virtual int64_t numWindows() const = 0;
    /// Windows [first, first + count), inside of numWindows(), as `count` sequences. Replaces `out`.
    virtual void fill(int64_t first, int64_t count, uint64_t seed, ModelBatch &out) = 0;
};

/// A mean loss on validation data, and the series it is reported in.
struct ValidationMeasure {
    std::string series;
    std::unique_ptr<ValidationSource> source;
};

struct TrainingSources {
    std::unique_ptr<BatchSource> batches;
    /// The first is val_loss, which the best checkpoint goes by. None beside stages.
    std::vector<ValidationMeasure> measures;
    /// One per text of a training on several: "val_loss/stage1" …, whose mean is val_loss; else none.
    std::vector<ValidationMeasure> stages;
};

} // namespace orrery

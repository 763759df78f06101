// SPDX-License-Identifier: Apache-2.0
// A small checkpoint whose every value follows from its step, so that a reader knows what must stand in it.
#pragma once

#include "core/tensorfile/checkpoint_files.h"

#include <cmath>

namespace orrery {

struct CheckpointFixture {
    std::vector<float> weights;
    std::vector<float> moments;
    CheckpointContent content;

    explicit CheckpointFixture(int64_t step, size_t numValues = 48)
        : weights(numValues, 0.5f + static_cast<float>(step)), moments(numValues, -1.0f)
    {
        content.step = step;
        content.specDigest = "spec-1";
        content.stateJson = "{\"step\": " + std::to_string(step) + "}\n";
        content.valLoss = step % 2 == 0 ? 2.25 : std::nan("");
        const auto bytes = std::as_bytes(std::span<const float>(weights));
        content.files.push_back(
            {"model.safetensors",
             {{"blocks.0.weight", TensorType::F32, {numValues / 2}, bytes.first(bytes.size() / 2)},
              {"blocks.1.weight", TensorType::F32, {numValues / 2}, bytes.last(bytes.size() / 2)}},
             {{"format", "pt"}}});
        content.files.push_back(
            {"optimizer-0.safetensors",
             {{"m", TensorType::F32, {numValues}, std::as_bytes(std::span<const float>(moments))}},
             {}});
    }
    CheckpointFixture(const CheckpointFixture &) = delete;
    CheckpointFixture &operator=(const CheckpointFixture &) = delete;
};

} // namespace orrery

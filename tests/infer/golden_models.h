// SPDX-License-Identifier: Apache-2.0
// The models of tests/infer/golden and changed copies of them.
#pragma once

#include "core/infer/text_generator.h"
#include "core/spec/run_spec.h"

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace orrery::test {

std::filesystem::path goldenModel(const std::string &name);

/// What transformers computed for a model.
struct Expected {
    at::Tensor ids_T;     ///< int64
    at::Tensor logits_TV; ///< fp32
};
Expected expectedOf(const std::filesystem::path &model);

/// A copy to change. @param change of its config.json; empty: none
std::filesystem::path copyModel(const std::filesystem::path &from, const std::filesystem::path &to,
                                const std::function<void(nlohmann::ordered_json &)> &change = {});
/// Changes a config.json in its place.
void changeConfig(const std::filesystem::path &model,
                  const std::function<void(nlohmann::ordered_json &)> &change);

/// As loadGenerator loads it, with its insides.
Result<LoadedModel> loadInsides(const std::filesystem::path &model);

} // namespace orrery::test

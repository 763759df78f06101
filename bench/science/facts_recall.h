// SPDX-License-Identifier: Apache-2.0
// Facts asked of a model that begins each text with what it remembers. The thread that may call torch.
#pragma once

#include "bench/science/facts_world.h"
#include "core/nn/transformer.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace orrery::bench {

/// States of a model's parts by their names, ended: what a text left behind.
using RememberedParts = std::map<std::string, std::shared_ptr<nn::PartState>>;

/// Share of sentences whose value and full stop are each the most probable word, one sentence after the other,
/// each beginning with what is remembered.
double recallFrom(nn::Transformer &model, const std::vector<FactSentence> &sentences,
                  const RememberedParts &remembered);

} // namespace orrery::bench

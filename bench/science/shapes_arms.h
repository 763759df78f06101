// SPDX-License-Identifier: Apache-2.0
// What the tasks on gen:shapes have in common: their worlds, their models, and exact match of what is told.
// The thread that may call torch.
#pragma once

#include "bench/science/arm_training.h"

#include <span>
#include <string>

namespace orrery::bench {

struct ShapesBudget {
    int64_t layers, width, heads, context, batchSize, steps;
    int64_t numTest; ///< documents that each accuracy is measured on
};

/// Pictures of 36 × 36 pixels in 9 patches, one a cell; recordings of 20 tokens at most.
RunSpec shapesSpec(const ShapesBudget &budget, const ScienceSetting &setting, uint64_t seed);
/// "gen:shapes?…" of such pictures. @param settings "tasks=count&n=100"
std::string shapesWorld(uint64_t seed, const std::string &settings);

/// The same model with one set of weights for all modalities.
/// @param matches of the parameters, by a wider feed-forward; else of the FLOPs a token costs, with the same
/// widths and so fewer parameters
enum class DenseOf : uint8_t { Parameters, Flops };
ModelSpec denseModel(const RunSpec &ours, DenseOf matches);

/// Share of a split's first documents whose whole text is told right by taking the most probable token each
/// time, the end included. (Told from the right text so far: where every token is the most probable one, the
/// text told freely is the same.)
double exactMatch(nn::Transformer &model, const MultiModalSource &source, Split split, int64_t numDocuments);
/// A world for a spec's model, not described. @error as parseShapesSpec and ShapesSource::create
Result<std::unique_ptr<MultiModalSource>> openWorld(const RunSpec &spec, const std::string &world);
/// Documents of several worlds in turn: number i is that of world i modulo their count. @error as openWorld
Result<RunData> openWorlds(const RunSpec &spec, std::span<const std::string> worlds);
/// exactMatch in a world of its own. @error as openWorld
Result<double> exactMatchOf(nn::Transformer &model, const RunSpec &spec, const std::string &world,
                            Split split, int64_t numDocuments);

} // namespace orrery::bench

// SPDX-License-Identifier: Apache-2.0
// Which tensors of a foreign file each of our parameters is made of: names and shapes, both ways. No torch.
// Values; any thread.
#pragma once

#include "core/infer/interchange/architecture.h"
#include "core/tensorfile/tensor_folder.h"

#include <string>
#include <vector>

namespace orrery {

/// One foreign tensor as rows of ours.
struct WeightPiece {
    std::string name;
    uint64_t numRows = 0;
};

struct WeightRecipe {
    std::string own;                 ///< "blocks.0.attention.qkv.weight"
    std::vector<uint64_t> shape;     ///< of ours
    std::vector<WeightPiece> pieces; ///< stacked by rows
    bool isTransposed = false;       ///< the foreign one has rows for columns; of one piece only
    /// The foreign model has it where ours has not: 0 in files (own is not in our model), or the other way
    /// round: pieces are not in the file and ours is 0.
    enum class Side : uint8_t { Both, ForeignOnly, OwnOnly } side = Side::Both;

    /// As it stands in the foreign file.
    [[nodiscard]] std::vector<uint64_t> pieceShape(const WeightPiece &piece) const;
};

/// Of a model with ForeignModel::model's settings; biases as the file has them.
std::vector<WeightRecipe> weightRecipes(const ForeignModel &model);

/// What our export of a model writes: families without biases in their files get none, GPT-2 gets zeros.
ForeignModel asExported(const ModelSpec &model, int64_t vocabSize, Architecture architecture);

/// Names that mean nothing here: masks and tables that old versions saved, and a head that is the embedding
/// anyway.
bool isIgnoredTensor(const std::string &name, const ForeignModel &model);

/// Checks all names, shapes and types before anything is allocated. Names of a GPT-2 without its head's
/// prefix are found, too. @param directory, sizes for errors: what says how large the tensors must be
/// @error InvalidInput naming the tensors that are missing or not known, a shape or type that is not expected
Result<std::vector<WeightRecipe>> matchRecipes(const std::filesystem::path &directory,
                                               const TensorFolder &tensors, const ForeignModel &model,
                                               const char *sizes = "config.json");

} // namespace orrery

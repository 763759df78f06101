// SPDX-License-Identifier: Apache-2.0
#include "core/infer/interchange/weight_import.h"

#include <cstring>
#include <list>

namespace orrery {

namespace {

std::vector<std::byte> transposed(std::span<const std::byte> bytes, uint64_t numRows, uint64_t numColumns)
{
    constexpr uint64_t kTile = 32; // a tile of both sides stays in the cache
    std::vector<std::byte> out(bytes.size());
    const auto copy = [&](uint64_t row, uint64_t column) {
        std::memcpy(out.data() + (column * numRows + row) * sizeof(float),
                    bytes.data() + (row * numColumns + column) * sizeof(float), sizeof(float));
    };
    for (uint64_t row = 0; row < numRows; row += kTile)
        for (uint64_t column = 0; column < numColumns; column += kTile)
            for (uint64_t r = row; r < std::min(row + kTile, numRows); ++r)
                for (uint64_t c = column; c < std::min(column + kTile, numColumns); ++c) copy(r, c);
    return out;
}

Error refuse(const std::filesystem::path &file, const std::string &found, const std::string &expected)
{
    return {ErrorCode::InvalidInput,
            "Cannot export weights of \"" + file.string() + "\": " + found + ", expected " + expected + ".",
            "Check that the file belongs to the model that config.json or spec.json describes."};
}

} // namespace

Result<uint64_t> exportWeights(const std::filesystem::path &own, const std::filesystem::path &to,
                               const ForeignModel &model, const BytesWritten &onBytes)
{
    ORRERY_ASSIGN(const SafetensorsReader reader, SafetensorsReader::open(own));
    std::vector<TensorSource> tensors;
    std::list<std::vector<std::byte>> made; // what is not written as it stands in our file
    uint64_t numBytes = 0;
    size_t numUsed = 0;
    for (const WeightRecipe &recipe : weightRecipes(model)) {
        const TensorInfo *info = reader.find(recipe.own);
        const bool isOurs = recipe.side != WeightRecipe::Side::ForeignOnly;
        if (isOurs && (!info || info->shape != recipe.shape || info->type != TensorType::F32))
            return refuse(own, "tensor \"" + recipe.own + "\" is missing or of another shape or type",
                          "all tensors of the model, in F32");
        if (isOurs) ++numUsed;
        std::span<const std::byte> rest = isOurs ? reader.bytes(*info) : std::span<const std::byte>();
        for (const WeightPiece &piece : recipe.pieces) {
            const uint64_t columns = recipe.shape.size() > 1 ? recipe.shape[1] : 1;
            const auto count = static_cast<size_t>(piece.numRows * columns * sizeof(float));
            std::span<const std::byte> data;
            if (!isOurs)
                data = made.emplace_back(count);
            else if (recipe.isTransposed)
                data = made.emplace_back(transposed(rest.first(count), piece.numRows, columns));
            else
                data = rest.first(count);
            if (isOurs) rest = rest.subspan(count);
            numBytes += count;
            tensors.push_back({piece.name, TensorType::F32, recipe.pieceShape(piece), data});
        }
    }
    if (numUsed != reader.tensors().size())
        return refuse(own, "it has " + std::to_string(reader.tensors().size()) + " tensors",
                      std::to_string(numUsed));
    ORRERY_TRY(writeSafetensors(to, tensors, {{"format", "pt"}}, onBytes));
    return numBytes;
}

} // namespace orrery

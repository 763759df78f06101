// SPDX-License-Identifier: Apache-2.0
// Sources: Wu et al. (2022), "Memorizing transformers", section 3 (top-k attention over a memory of keys and
// values); keys and queries are normed as there, section 3.2. The backward pass is that of softmax attention
// over the chosen keys; the choice itself has no gradient.
#include "plugins/memory/engine/episodic_read.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <map>

namespace orrery::memory {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kNone = -std::numeric_limits<double>::infinity();

/// Softmax of each row; rows of −inf alone become 0.
at::Tensor weightsOf(const at::Tensor &scores)
{
    const at::Tensor largest = scores.amax(-1, true).clamp_min(-1e30);
    const at::Tensor weights = (scores - largest).exp_();
    return weights / weights.sum(-1, true).clamp_min(1e-30);
}

/// Softmax over the topK largest of each row, of equal ones any; all others become 0.
at::Tensor topWeights(const at::Tensor &scores, int64_t topK)
{
    if (topK >= scores.size(-1)) return weightsOf(scores);
    const auto [best, which] = scores.topk(topK, -1, true, false);
    return at::zeros_like(scores).scatter_(-1, which, weightsOf(best));
}

struct Block {
    int64_t begin = 0, count = 0;
    int64_t numKeys = 0; ///< that the last query of the block may read
};

/// Queries in blocks of so many rows that a block's scores stay within the limit.
std::vector<Block> blocksOf(int64_t numQueries, int64_t window, int64_t numRows, int64_t blockElements)
{
    std::vector<Block> blocks;
    for (int64_t begin = window; begin < numQueries;) {
        const int64_t rows =
            std::clamp<int64_t>(blockElements / std::max<int64_t>(1, numRows * (begin + 1)), 1, numQueries);
        const int64_t count = std::min(rows, numQueries - begin);
        blocks.push_back({begin, count, begin + count - window});
        begin += count;
    }
    return blocks;
}

/// Scaled scores of a block and its weights.
struct Scored {
    at::Tensor cosine_BHTS, weights_BHTS;
};
Scored score(const Block &block, const at::Tensor &q, const at::Tensor &k, const at::Tensor &scale_H,
             int64_t window, int64_t topK)
{
    const at::Tensor cosine =
        at::matmul(q.narrow(2, block.begin, block.count), k.narrow(2, 0, block.numKeys).transpose(2, 3));
    const at::Tensor place = at::arange(block.numKeys, q.options().dtype(at::kLong));
    const at::Tensor last =
        at::arange(block.begin - window, block.begin - window + block.count, q.options().dtype(at::kLong));
    const at::Tensor isHidden_TS = place.unsqueeze(0) > last.unsqueeze(1);
    const at::Tensor scores = (cosine * scale_H.view({-1, 1, 1})).masked_fill_(isHidden_TS, kNone);
    return {cosine, topWeights(scores, topK)};
}

/// Weights of all parts' keys, one after the other, for a block of queries.
at::Tensor partWeights(const at::Tensor &q_HTD, const std::vector<ReadPart> &parts, const at::Tensor &place_T,
                       const at::Tensor &scale_H, int64_t topK)
{
    const at::Tensor place_T1 = place_T.unsqueeze(1);
    std::vector<at::Tensor> scores;
    for (const ReadPart &part : parts)
        scores.push_back(at::matmul(q_HTD, part.keys_HSD.transpose(1, 2))
                             .mul_(scale_H.view({-1, 1, 1}))
                             .masked_fill_(part.readableFrom_S.unsqueeze(0) > place_T1, kNone));
    return topWeights(at::cat(scores, -1), topK);
}

/// Joins what the queries of a block read to what those before them did.
void noteLast(const at::Tensor &weights_HTS, int64_t firstQuery, std::map<int64_t, KeyRead> &last)
{
    const int64_t numQueries = weights_HTS.size(1), numKeys = weights_HTS.size(2);
    const at::Tensor flat = weights_HTS.reshape(-1), found_N = flat.nonzero().squeeze(1);
    const at::Tensor weights_N = flat.index_select(0, found_N).to(at::kCPU, at::kFloat).contiguous();
    const at::Tensor places_N = found_N.to(at::kCPU).contiguous();
    for (int64_t i = 0; i < places_N.numel(); ++i) {
        const int64_t place = places_N.const_data_ptr<int64_t>()[i], row = place / numKeys;
        const KeyRead read{.key = place % numKeys,
                           .query = firstQuery + row % numQueries,
                           .head = row / numQueries,
                           .weight = weights_N.const_data_ptr<float>()[i]};
        const auto [known, isNew] = last.try_emplace(read.key, read);
        const bool isLater = read.query > known->second.query ||
                             (read.query == known->second.query && read.weight > known->second.weight);
        if (!isNew && isLater) known->second = read;
    }
}

int64_t rowsOfBlock(const at::Tensor &q_HTD, int64_t numKeys, int64_t blockElements)
{
    return std::clamp<int64_t>(blockElements / (q_HTD.size(0) * numKeys), 1, q_HTD.size(1));
}

struct OwnPast : torch::autograd::Function<OwnPast> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &q, const at::Tensor &k,
                              const at::Tensor &v, const at::Tensor &scale_H, int64_t window, int64_t topK,
                              int64_t blockElements)
    {
        context->save_for_backward({q, k, v, scale_H});
        context->saved_data["window"] = window;
        context->saved_data["topK"] = topK;
        context->saved_data["blockElements"] = blockElements;
        at::Tensor out = at::zeros_like(v, at::MemoryFormat::Contiguous);
        for (const Block &block : blocksOf(q.size(2), window, q.size(0) * q.size(1), blockElements))
            out.narrow(2, block.begin, block.count)
                .copy_(at::matmul(score(block, q, k, scale_H, window, topK).weights_BHTS,
                                  v.narrow(2, 0, block.numKeys)));
        return out;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &scale_H = saved[3];
        const int64_t window = context->saved_data["window"].toInt();
        const int64_t topK = context->saved_data["topK"].toInt();
        const int64_t blockElements = context->saved_data["blockElements"].toInt();
        at::Tensor dq = at::zeros_like(q), dk = at::zeros_like(k), dv = at::zeros_like(v);
        at::Tensor dScale_H = at::zeros_like(scale_H);
        for (const Block &block : blocksOf(q.size(2), window, q.size(0) * q.size(1), blockElements)) {
            const Scored scored = score(block, q, k, scale_H, window, topK);
            const at::Tensor &weights = scored.weights_BHTS;
            const at::Tensor dOut = gradients[0].narrow(2, block.begin, block.count);
            const at::Tensor dWeights = at::matmul(dOut, v.narrow(2, 0, block.numKeys).transpose(2, 3));
            const at::Tensor dScores = weights * (dWeights - (dWeights * weights).sum(-1, true));
            const at::Tensor dCosine = dScores * scale_H.view({-1, 1, 1});
            dScale_H += (dScores * scored.cosine_BHTS).sum({0, 2, 3});
            dq.narrow(2, block.begin, block.count).copy_(at::matmul(dCosine, k.narrow(2, 0, block.numKeys)));
            dk.narrow(2, 0, block.numKeys) +=
                at::matmul(dCosine.transpose(2, 3), q.narrow(2, block.begin, block.count));
            dv.narrow(2, 0, block.numKeys) += at::matmul(weights.transpose(2, 3), dOut);
        }
        return {dq, dk, dv, dScale_H, at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

} // namespace

at::Tensor readOwnPast(const at::Tensor &q_BHTD, const at::Tensor &k_BHTD, const at::Tensor &v_BHTD,
                       const at::Tensor &scale_H, int64_t window, int64_t topK, int64_t blockElements)
{
    return OwnPast::apply(q_BHTD.contiguous(), k_BHTD.contiguous(), v_BHTD.contiguous(), scale_H, window,
                          topK, blockElements);
}

PastReads ownPastReads(const at::Tensor &q_BHTD, const at::Tensor &k_BHTD, const at::Tensor &scale_H,
                       int64_t window, int64_t topK, int64_t blockElements)
{
    const at::NoGradGuard noGrad;
    const int64_t batch = q_BHTD.size(0), numHeads = q_BHTD.size(1), numTokens = q_BHTD.size(2);
    const int64_t numKept = std::clamp<int64_t>(topK, 0, std::max<int64_t>(0, numTokens - window));
    const std::vector<int64_t> shape = {batch, numHeads, numTokens, numKept};
    PastReads reads{at::full(shape, -1, q_BHTD.options().dtype(at::kLong)),
                    at::zeros(shape, q_BHTD.options())};
    if (numKept == 0) return reads;
    for (const Block &block : blocksOf(numTokens, window, batch * numHeads, blockElements)) {
        const at::Tensor weights = score(block, q_BHTD, k_BHTD, scale_H, window, topK).weights_BHTS;
        const auto [heaviest, which] = weights.topk(std::min(numKept, block.numKeys), -1);
        const auto rows = [&](const at::Tensor &all) {
            return all.narrow(2, block.begin, block.count).narrow(3, 0, heaviest.size(-1));
        };
        rows(reads.weights_BHTK).copy_(heaviest);
        rows(reads.places_BHTK).copy_(which.masked_fill(heaviest <= 0, -1));
    }
    return reads;
}

ReadResult readParts(const at::Tensor &q_HTD, const std::vector<ReadPart> &parts, const at::Tensor &place_T,
                     const at::Tensor &scale_H, int64_t topK, const at::Tensor &share_T, int64_t blockElements)
{
    const int64_t numQueries = q_HTD.size(1);
    ReadResult result;
    result.values_HTD = at::zeros_like(q_HTD, at::MemoryFormat::Contiguous);
    const at::ScalarType sums = c10::promoteTypes(q_HTD.scalar_type(), at::kFloat);
    int64_t numKeys = 0;
    for (const ReadPart &part : parts) {
        numKeys += part.keys_HSD.size(1);
        result.weights_S.push_back(at::zeros({part.keys_HSD.size(1)}, q_HTD.options().dtype(sums)));
    }
    if (numKeys == 0) return result;
    const int64_t rows = rowsOfBlock(q_HTD, numKeys, blockElements);
    std::map<int64_t, KeyRead> last;
    for (int64_t begin = 0; begin < numQueries; begin += rows) {
        const int64_t count = std::min(rows, numQueries - begin);
        const at::Tensor weights_HTS =
            partWeights(q_HTD.narrow(1, begin, count), parts, place_T.narrow(0, begin, count), scale_H, topK);
        noteLast(weights_HTS, begin, last);
        at::Tensor out = result.values_HTD.narrow(1, begin, count);
        int64_t first = 0;
        for (size_t i = 0; i < parts.size(); ++i) {
            const at::Tensor own = weights_HTS.narrow(2, first, parts[i].keys_HSD.size(1));
            first += parts[i].keys_HSD.size(1);
            out += at::matmul(parts[i].strength_S.defined() ? own * parts[i].strength_S : own,
                              parts[i].values_HSD);
            const at::Tensor heads_TS = own.mean(0).to(sums);
            result.weights_S[i] += share_T.defined()
                                       ? at::mv(heads_TS.t(), share_T.narrow(0, begin, count).to(sums))
                                       : heads_TS.sum(0);
        }
    }
    for (const auto &[key, read] : last) result.last.push_back(read);
    return result;
}

PastReads partReads(const at::Tensor &q_HTD, const std::vector<ReadPart> &parts, const at::Tensor &place_T,
                    const at::Tensor &scale_H, int64_t topK, int64_t blockElements)
{
    const int64_t numHeads = q_HTD.size(0), numQueries = q_HTD.size(1);
    int64_t numKeys = 0;
    for (const ReadPart &part : parts) numKeys += part.keys_HSD.size(1);
    const std::vector<int64_t> shape = {1, numHeads, numQueries, std::min(topK, numKeys)};
    PastReads reads{at::full(shape, -1, q_HTD.options().dtype(at::kLong)), at::zeros(shape, q_HTD.options())};
    if (reads.places_BHTK.numel() == 0) return reads;
    const int64_t rows = rowsOfBlock(q_HTD, numKeys, blockElements);
    for (int64_t begin = 0; begin < numQueries; begin += rows) {
        const int64_t count = std::min(rows, numQueries - begin);
        const auto [heaviest, which] =
            partWeights(q_HTD.narrow(1, begin, count), parts, place_T.narrow(0, begin, count), scale_H, topK)
                .topk(shape.back(), -1);
        reads.weights_BHTK[0].narrow(1, begin, count).copy_(heaviest);
        reads.places_BHTK[0].narrow(1, begin, count).copy_(which.masked_fill(heaviest <= 0, -1));
    }
    return reads;
}

} // namespace orrery::memory

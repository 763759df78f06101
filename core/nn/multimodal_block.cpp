// SPDX-License-Identifier: Apache-2.0
#include "core/nn/multimodal_block.h"

#include "core/nn/block.h"
#include "core/nn/dropout.h"
#include "core/nn/multimodal_attention.h"

#include <torch/types.h>

namespace orrery::nn {
namespace {

class MultiModalBlock final : public Block {
public:
    explicit MultiModalBlock(BuildContext &build)
        : m_spec(build.spec), m_layer(build.layer), m_attention(build)
    {
        const auto *factory = feedForwardRegistry().find(build.spec.ffn);
        TORCH_CHECK(factory, "unknown feed-forward network \"", build.spec.ffn, "\"");
        for (int64_t m = 0; m < build.spec.attention.numModalities; ++m) {
            BuildContext own{build.spec, build.layer, modalityPrefix(build.prefix, m), build.parameters,
                             build.tables};
            Part part;
            part.attentionNorm =
                Norm(own.parameters, own.prefix + "attention_norm", own.spec.norm, own.spec.width, own.spec);
            part.ffnNorm = Norm(own.parameters, own.prefix + "ffn_norm", own.spec.norm, own.spec.width, own.spec);
            part.ffn = (*factory)(own);
            m_parts.push_back(std::move(part));
        }
    }

    at::Tensor forward(const at::Tensor &x_1NC, const ForwardContext &context) override
    {
        TORCH_CHECK(context.modalities, "a multi-modal block needs to know the modality of each token");
        const ModalityInput &input = *context.modalities;
        const double dropout = dropoutOf(m_spec, context);
        const at::Tensor x_NC = x_1NC.squeeze(0);
        const at::Tensor normed =
            joinPieces(perModality(input.layout, x_NC, [&](int64_t m, const at::Tensor &rows) {
                return part(m).attentionNorm.forward(rows, context.dtype);
            }));
        const at::Tensor attended = m_attention.forward(normed, input, context, attentionDropoutOf(m_spec, context));
        const at::Tensor y_NC = addBranch(x_NC, attended, context, DropoutPlace::Attention, dropout);
        const at::Tensor fed =
            joinPieces(perModality(input.layout, y_NC, [&](int64_t m, const at::Tensor &rows) {
                const at::Tensor in = part(m).ffnNorm.forward(rows, context.dtype).to(context.dtype);
                return part(m).ffn->forward(in.unsqueeze(0), context).squeeze(0);
            }));
        return addBranch(y_NC, fed, context, DropoutPlace::FeedForward, dropout).unsqueeze(0);
    }

private:
    struct Part {
        Norm attentionNorm, ffnNorm;
        std::unique_ptr<FeedForward> ffn;
    };
    Part &part(int64_t modality) { return m_parts[static_cast<size_t>(modality)]; }

    /// The masks are those of the plain model, drawn by sequence and token, and sorted like the stream.
    [[nodiscard]] at::Tensor addBranch(const at::Tensor &x_NC, const at::Tensor &branch,
                                       const ForwardContext &context, DropoutPlace place,
                                       double dropout) const
    {
        const ModalityLayout &layout = context.modalities->layout;
        const at::Tensor mask_BTC =
            residualMask(context, m_layer, place, {layout.batch, layout.numTokens, x_NC.size(1)}, dropout,
                         depthDropout(m_spec, m_layer), x_NC.device());
        if (!mask_BTC.defined()) return x_NC + branch;
        const int64_t columns = mask_BTC.size(2);
        const at::Tensor mask_NC = layout.sorted(
            mask_BTC.expand({layout.batch, layout.numTokens, columns}).reshape({x_NC.size(0), columns}));
        return at::addcmul(x_NC, branch.to(x_NC.scalar_type()), mask_NC.to(x_NC.scalar_type()));
    }

    const ModelSpec &m_spec;
    int64_t m_layer = 0;
    MultiModalAttention m_attention;
    std::vector<Part> m_parts;
};

} // namespace

std::unique_ptr<Block> makeMultiModalBlock(BuildContext &build)
{
    return std::make_unique<MultiModalBlock>(build);
}

} // namespace orrery::nn

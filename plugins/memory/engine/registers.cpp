// SPDX-License-Identifier: Apache-2.0
#include "plugins/memory/engine/registers.h"

#include "core/nn/layers.h"
#include "core/nn/setting_error.h"

#include <torch/types.h>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace orrery::memory {

namespace {

constexpr float kInitialGate = 0; ///< half of what was, half of what came

/// What a cache keeps: the registers that each of its segments reads, and the segment that is not full yet.
class RegisterState final : public nn::PartState {
public:
    /// No tensor of it is written into: a copy shares them.
    [[nodiscard]] std::shared_ptr<nn::PartState> clone() const override
    {
        return std::make_shared<RegisterState>(*this);
    }
    std::map<int64_t, at::Tensor> before_BRC; ///< by segment: what its tokens read
    int64_t nextPlace = 0;                    ///< the first token of the text that is not known yet
    at::Tensor waiting_BPC; ///< normed tokens of the segment that is not full; undefined: none
};

class Registers final : public nn::ResidualModule {
public:
    Registers(nn::BuildContext &build, const RegisterSettings &settings, int64_t length)
        : m_settings(settings), m_length(length), m_numHeads(build.spec.heads), m_context(build.spec.context),
          m_name(build.prefix + "memory.registers.")
    {
        const int64_t width = build.spec.width;
        nn::ParameterStore &store = build.parameters;
        const auto linear = [&](const char *name, float deviation) {
            return nn::Linear(store, m_name + name, width, width, false, deviation);
        };
        m_start = store.add(m_name + "start", {1, settings.count, width}, nn::ParameterInit::normal(1));
        m_gate = store.add(m_name + "gate.bias", {1, settings.count, width},
                           nn::ParameterInit::constant(kInitialGate));
        m_tokenNorm = nn::Norm(store, m_name + "token_norm", "rmsnorm", width);
        m_registerNorm = nn::Norm(store, m_name + "register_norm", "rmsnorm", width);
        m_readQuery = linear("read.query", nn::kInitDeviation);
        m_readKeyValue =
            nn::Linear(store, m_name + "read.key_value", width, 2 * width, false, nn::kInitDeviation);
        m_readOutput = linear("read.output", 0);
        m_writeQuery = linear("write.query", nn::kInitDeviation);
        m_writeKeyValue =
            nn::Linear(store, m_name + "write.key_value", width, 2 * width, false, nn::kInitDeviation);
        m_writeOutput = linear("write.output", nn::kInitDeviation);
    }

    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        const at::Tensor normed = m_tokenNorm.forward(x_BTC, context.dtype).to(context.dtype);
        const at::Tensor query_BTC = m_readQuery.forward(normed, context.dtype);
        const at::Tensor read =
            context.cache ? readCached(normed, query_BTC, context) : readSequence(normed, query_BTC, context);
        return m_readOutput.forward(read, context.dtype).to(x_BTC.scalar_type());
    }
    [[nodiscard]] bool remembers() const override { return true; }

private:
    [[nodiscard]] at::Tensor heads(const at::Tensor &x_BTC) const
    {
        return x_BTC.view({x_BTC.size(0), x_BTC.size(1), m_numHeads, -1}).transpose(1, 2);
    }
    /// @param keyValue_BSE both, E = 2·C
    [[nodiscard]] at::Tensor attend(const at::Tensor &query_BTC, const at::Tensor &keyValue_BSE) const
    {
        const auto parts = keyValue_BSE.chunk(2, -1);
        const at::Tensor y_BHTD = at::scaled_dot_product_attention(
            heads(query_BTC), heads(parts[0].contiguous()), heads(parts[1].contiguous()));
        return y_BHTD.transpose(1, 2).reshape(query_BTC.sizes());
    }
    [[nodiscard]] at::Tensor read(const at::Tensor &query_BTC, const at::Tensor &registers_BRC,
                                  at::ScalarType dtype) const
    {
        const at::Tensor normed = m_registerNorm.forward(registers_BRC, dtype).to(dtype);
        return attend(query_BTC, m_readKeyValue.forward(normed, dtype));
    }
    /// @param normed_BLC a whole segment
    [[nodiscard]] at::Tensor updated(const at::Tensor &registers_BRC, const at::Tensor &normed_BLC,
                                     at::ScalarType dtype) const
    {
        const at::Tensor normed = m_registerNorm.forward(registers_BRC, dtype).to(dtype);
        const at::Tensor found =
            attend(m_writeQuery.forward(normed, dtype), m_writeKeyValue.forward(normed_BLC, dtype));
        const at::ScalarType precise = nn::preciseType(dtype);
        const at::Tensor gate_1RC = at::sigmoid(m_gate.as(precise));
        return gate_1RC * registers_BRC + (1 - gate_1RC) * m_writeOutput.forward(found, dtype).to(precise);
    }
    [[nodiscard]] at::Tensor start(int64_t batch, at::ScalarType dtype) const
    {
        const at::Tensor start_1RC = m_start.as(nn::preciseType(dtype));
        return start_1RC.expand({batch, start_1RC.size(1), start_1RC.size(2)});
    }

    [[nodiscard]] at::Tensor readSequence(const at::Tensor &normed_BTC, const at::Tensor &query_BTC,
                                          const nn::ForwardContext &context) const
    {
        const int64_t numTokens = normed_BTC.size(1);
        at::Tensor registers = start(normed_BTC.size(0), context.dtype);
        std::vector<at::Tensor> pieces;
        for (int64_t begin = 0; begin < numTokens; begin += m_length) {
            const int64_t segment = begin / m_length, count = std::min(m_length, numTokens - begin);
            pieces.push_back(read(query_BTC.narrow(1, begin, count), registers, context.dtype));
            if (begin + m_length >= numTokens) break;
            // What was is let go before the change, so that each change learns from the segment that reads
            // it.
            if (segment > 0 && segment % m_settings.bptt == 0) registers = registers.detach();
            registers = updated(registers, normed_BTC.narrow(1, begin, m_length), context.dtype);
        }
        return pieces.size() == 1 ? pieces.front() : at::cat(pieces, 1);
    }

    [[nodiscard]] at::Tensor readCached(const at::Tensor &normed_BTC, const at::Tensor &query_BTC,
                                        const nn::ForwardContext &context) const
    {
        nn::KvCache &cache = *context.cache;
        std::shared_ptr<nn::PartState> &kept = cache.parts[m_name];
        if (!kept) kept = std::make_shared<RegisterState>();
        auto &state = static_cast<RegisterState &>(*kept);
        if (state.before_BRC.empty()) state.before_BRC[0] = start(normed_BTC.size(0), context.dtype);
        const int64_t place = cache.origin + cache.length, numTokens = normed_BTC.size(1);
        std::vector<at::Tensor> pieces;
        for (int64_t t = 0; t < numTokens;) {
            const int64_t segment = (place + t) / m_length;
            const int64_t count = std::min(numTokens - t, (segment + 1) * m_length - (place + t));
            pieces.push_back(read(query_BTC.narrow(1, t, count), registersOf(state, segment), context.dtype));
            take(state, place + t, normed_BTC.narrow(1, t, count), context.dtype);
            t += count;
        }
        return pieces.size() == 1 ? pieces.front() : at::cat(pieces, 1);
    }
    /// Behind a restart tokens are read again, with the registers that they had; older ones than a context
    /// are not kept.
    [[nodiscard]] static const at::Tensor &registersOf(const RegisterState &state, int64_t segment)
    {
        const auto found = state.before_BRC.find(segment);
        return found == state.before_BRC.end() ? state.before_BRC.begin()->second : found->second;
    }
    /// Tokens of one segment; what is known already is left out.
    void take(RegisterState &state, int64_t place, const at::Tensor &normed_BTC, at::ScalarType dtype) const
    {
        const int64_t count = normed_BTC.size(1);
        const int64_t numKnown = std::clamp<int64_t>(state.nextPlace - place, 0, count);
        if (numKnown == count) return;
        const at::Tensor fresh = normed_BTC.narrow(1, numKnown, count - numKnown).detach();
        state.waiting_BPC =
            state.waiting_BPC.defined() ? at::cat({state.waiting_BPC, fresh}, 1) : fresh.clone();
        state.nextPlace = place + count;
        if (state.nextPlace % m_length != 0) return;
        const int64_t segment = state.nextPlace / m_length;
        state.before_BRC[segment] =
            updated(registersOf(state, segment - 1), state.waiting_BPC, dtype).detach();
        state.waiting_BPC = at::Tensor();
        std::erase_if(state.before_BRC,
                      [&](const auto &entry) { return entry.first < segment - m_context / m_length - 2; });
    }

    RegisterSettings m_settings;
    int64_t m_length = 1, m_numHeads = 1, m_context = 1;
    std::string m_name;
    nn::Weight m_start, m_gate;
    nn::Norm m_tokenNorm, m_registerNorm;
    nn::Linear m_readQuery, m_readKeyValue, m_readOutput, m_writeQuery, m_writeKeyValue, m_writeOutput;
};

} // namespace

std::unique_ptr<nn::ResidualModule> makeRegisters(nn::BuildContext &build, const RegisterSettings &settings)
{
    if (settings.count == 0) return nullptr;
    const nn::BuildContext &b = build;
    const int64_t layer = settings.layer < 0 ? (b.spec.layers - 1) / 2 : settings.layer;
    if (layer >= b.spec.layers)
        throw nn::SettingError("plugins.memory.register_layer is " + std::to_string(layer) +
                               ", expected one of the layers 0 to " + std::to_string(b.spec.layers - 1));
    if (b.layer != layer) return nullptr;
    // Their heads share the width out, whatever the heads of the layers have (model.head_dim).
    if (b.spec.width % b.spec.heads != 0)
        throw nn::SettingError("plugins.memory.registers is " + std::to_string(settings.count) +
                               ", expected 0 where model.heads (" + std::to_string(b.spec.heads) +
                               ") does not divide model.width (" + std::to_string(b.spec.width) + ")");
    int64_t length = settings.segmentLength;
    if (length == 0) length = b.spec.window > 0 ? b.spec.window : std::max<int64_t>(1, b.spec.context / 4);
    return std::make_unique<Registers>(build, settings, length);
}

} // namespace orrery::memory

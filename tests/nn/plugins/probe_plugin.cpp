// SPDX-License-Identifier: Apache-2.0
// A plugin that does what its setting "behaviour" says, good or bad: what a worker must live through.
#include "core/nn/engine_plugin.h"

#include <ATen/ATen.h>

#include <chrono>
#include <new>
#include <stdexcept>
#include <thread>

namespace {

using namespace orrery;

/// Doubles its input, or misbehaves.
class ProbeFfn final : public nn::FeedForward {
public:
    explicit ProbeFfn(std::string behaviour) : m_behaviour(std::move(behaviour)) {}
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &) override
    {
        if (m_behaviour == "forward_throws") throw std::runtime_error("forward is out of order");
        if (m_behaviour == "forward_throws_int") throw 7;
        if (m_behaviour == "forward_out_of_memory") throw std::bad_alloc();
        if (m_behaviour == "forward_torch_error") return at::matmul(x_BTC, at::ones({3, 3}));
        if (m_behaviour == "forward_shape") return x_BTC.narrow(1, 0, 1);
        if (m_behaviour == "forward_nothing") return {};
        return x_BTC * 2;
    }

private:
    std::string m_behaviour;
};

class ProbePlugin final : public nn::EnginePlugin {
public:
    Result<void> configure(nn::EngineContext &context) override
    {
        m_behaviour = context.settings().text("behaviour");
        if (m_behaviour == "error") return Error{ErrorCode::Io, "Cannot find its table.", "Bring the table."};
        if (m_behaviour == "throws") throw std::runtime_error("configure is out of order");
        if (m_behaviour == "throws_int") throw 7;
        if (m_behaviour == "unknown_setting") (void)context.settings().real("nope");
        if (m_behaviour == "wrong_type") (void)context.settings().integer("behaviour");
        if (m_behaviour == "registers_nothing") return {};
        if (m_behaviour == "registers_more") return context.feedForwards().add("unlisted_ffn", makeProbe());
        context.log("configured as " + m_behaviour);
        return context.feedForwards().add("probe_ffn", makeProbe());
    }
    Result<void> start() override
    {
        if (m_behaviour == "start_error") return Error{ErrorCode::Unavailable, "Cannot start today.", ""};
        if (m_behaviour == "start_throws") throw std::runtime_error("start is out of order");
        return {};
    }
    void stop() override
    {
        if (m_behaviour == "stop_throws") throw std::runtime_error("stop is out of order");
        if (m_behaviour == "stop_hangs") std::this_thread::sleep_for(std::chrono::hours(1));
    }

private:
    nn::Registry<nn::FeedForward>::Factory makeProbe() const
    {
        return [behaviour = m_behaviour](nn::BuildContext &) -> std::unique_ptr<nn::FeedForward> {
            if (behaviour == "factory_throws") throw std::runtime_error("the factory is out of order");
            if (behaviour == "factory_nothing") return nullptr;
            return std::make_unique<ProbeFfn>(behaviour);
        };
    }

    std::string m_behaviour;
};

} // namespace

ORRERY_ENGINE_PLUGIN(ProbePlugin, "probe")

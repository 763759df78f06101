// SPDX-License-Identifier: Apache-2.0
#include "core/nn/plugin_parts.h"

#include "core/nn/plugin_states.h"

#include <c10/util/Exception.h>

#include <new>
#include <sstream>

namespace orrery::nn {
namespace {

std::string shapeText(const at::Tensor &tensor)
{
    if (!tensor.defined()) return "(none)";
    std::ostringstream text;
    text << tensor.sizes();
    return text.str();
}

/// "Float on cpu"
std::string kindText(at::ScalarType type, at::Device device)
{
    std::ostringstream text;
    text << type << " on " << device;
    return text.str();
}

/// @param what "its result"
void checkKind(const std::string &what, const at::Tensor &tensor, at::ScalarType type, at::Device device,
               const PluginGuard &guard)
{
    if (tensor.scalar_type() == type && tensor.device() == device) return;
    throw PluginFailure(guard.id(), what + " is " + kindText(tensor.scalar_type(), tensor.device()) +
                                        ", expected " + kindText(type, device));
}

/// What a plugin must not do unseen: hand back another shape, which would fail far from here or broadcast;
/// another number format, which would make all that is computed from it another precision; another device.
void checkResult(const at::Tensor &result, const at::Tensor &like, const PluginGuard &guard)
{
    if (!result.defined() || result.sizes() != like.sizes())
        throw PluginFailure(guard.id(),
                            "its result has shape " + shapeText(result) + ", expected " + shapeText(like));
    checkKind("its result", result, like.scalar_type(), like.device(), guard);
}

/// What a part adds to the loss and reports is one number each.
void checkNotes(const ForwardContext &context, const PluginGuard &guard)
{
    if (!context.notes) return;
    const PassNotes &notes = *context.notes;
    if (notes.loss.defined() && notes.loss.numel() != 1)
        throw PluginFailure(guard.id(), "its term of the loss has shape " + shapeText(notes.loss) +
                                            ", expected a scalar");
    for (const auto &[name, value] : notes.values)
        if (!value.defined() || value.numel() != 1)
            throw PluginFailure(guard.id(), "its value \"" + name + "\" has shape " + shapeText(value) +
                                                ", expected a scalar");
}

template <typename Part> class GuardedPart : public Part {
public:
    GuardedPart(std::unique_ptr<Part> part, const PluginGuard &guard)
        : m_part(std::move(part)), m_guard(guard)
    {
    }
    at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &context) override
    {
        const OwnStates own(context.cache, m_guard);
        at::Tensor y_BTC = m_guard([&] { return m_part->forward(x_BTC, context); });
        checkResult(y_BTC, x_BTC, m_guard);
        checkNotes(context, m_guard);
        return y_BTC;
    }

protected:
    std::unique_ptr<Part> m_part;
    PluginGuard m_guard;
};

/// A module behind a layer, or in front of the head.
template <typename Part> class GuardedModule final : public GuardedPart<Part> {
public:
    using GuardedPart<Part>::GuardedPart;
    [[nodiscard]] bool remembers() const override
    {
        return this->m_guard([&] { return this->m_part->remembers(); });
    }
    void beginText(KvCache &cache, int64_t batch) override
    {
        const OwnStates own(&cache, this->m_guard);
        this->m_guard([&] { this->m_part->beginText(cache, batch); });
    }
};

class GuardedMask final : public MaskPolicy {
public:
    GuardedMask(std::unique_ptr<MaskPolicy> part, const PluginGuard &guard)
        : m_part(std::move(part)), m_guard(guard)
    {
    }
    [[nodiscard]] AttentionMask make(const MaskShape &shape, const ForwardContext &context,
                                     const at::TensorOptions &options) const override
    {
        const OwnStates own(context.cache, m_guard);
        AttentionMask mask = m_guard([&] { return m_part->make(shape, context, options); });
        if (mask.kind == AttentionMask::Kind::Bias) checkBias(mask.bias_B1TS, shape, options);
        return mask;
    }

private:
    void checkBias(const at::Tensor &bias_B1TS, const MaskShape &shape,
                   const at::TensorOptions &options) const
    {
        const int64_t numKeys = shape.offset + shape.numQueries;
        const auto hasShape = [&](int64_t batch) {
            return bias_B1TS.sizes() == at::IntArrayRef({batch, 1, shape.numQueries, numKeys});
        };
        if (!bias_B1TS.defined() || !(hasShape(1) || hasShape(shape.batch)))
            throw PluginFailure(m_guard.id(), "its mask has shape " + shapeText(bias_B1TS) +
                                                  ", expected [1 or " + std::to_string(shape.batch) +
                                                  ", 1, " + std::to_string(shape.numQueries) + ", " +
                                                  std::to_string(numKeys) + "]");
        checkKind("its mask", bias_B1TS, c10::typeMetaToScalarType(options.dtype()), options.device(),
                  m_guard);
    }

    std::unique_ptr<MaskPolicy> m_part;
    PluginGuard m_guard;
};

class GuardedProbe final : public Probe {
public:
    GuardedProbe(std::unique_ptr<Probe> part, const PluginGuard &guard)
        : m_part(std::move(part)), m_guard(guard)
    {
    }
    void look(int64_t layer, const at::Tensor &x_BTC, const ForwardContext &context) override
    {
        const OwnStates own(context.cache, m_guard);
        const int64_t version = x_BTC._version();
        m_guard([&] { m_part->look(layer, x_BTC, context); });
        if (x_BTC._version() != version)
            throw PluginFailure(m_guard.id(), "its probe changed what it was shown");
    }
    std::vector<ProbeValue> take() override
    {
        return m_guard([&] { return m_part->take(); });
    }

private:
    std::unique_ptr<Probe> m_part;
    PluginGuard m_guard;
};

class GuardedSource final : public AttentionSource {
public:
    GuardedSource(std::unique_ptr<AttentionSource> part, const PluginGuard &guard)
        : m_part(std::move(part)), m_guard(guard)
    {
    }
    at::Tensor read(const SourceInput &input, const ForwardContext &context) override
    {
        const OwnStates own(context.cache, m_guard);
        at::Tensor y_BHTD = m_guard([&] { return m_part->read(input, context); });
        checkResult(y_BHTD, input.local_BHTD, m_guard);
        checkNotes(context, m_guard);
        return y_BHTD;
    }
    [[nodiscard]] bool remembers() const override
    {
        return m_guard([&] { return m_part->remembers(); });
    }
    void beginText(KvCache &cache, int64_t batch) override
    {
        const OwnStates own(&cache, m_guard);
        m_guard([&] { m_part->beginText(cache, batch); });
    }

private:
    std::unique_ptr<AttentionSource> m_part;
    PluginGuard m_guard;
};

template <typename Part> std::unique_ptr<Part> guarded(std::unique_ptr<Part> part, const PluginGuard &guard)
{
    checkMade(part, guard);
    return std::make_unique<GuardedPart<Part>>(std::move(part), guard);
}

} // namespace

void PluginGuard::rethrow() const
{
    try {
        throw;
    } catch (const PluginFailure &) {
        throw; // of a part within a part
    } catch (const SettingError &) {
        throw; // the user's mistake, not the plugin's
    } catch (const PassEnded &) {
        throw;
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const c10::OutOfMemoryError &) {
        throw;
    } catch (const c10::Error &error) {
        const std::string text = error.what_without_backtrace();
        if (text.find("can't allocate memory") != std::string::npos) throw;
        throw PluginFailure(m_id, text.substr(0, text.find('\n')));
    } catch (const std::exception &error) {
        throw PluginFailure(m_id, error.what());
    } catch (...) {
        throw PluginFailure(m_id, "it threw something that is no exception class");
    }
}

std::unique_ptr<FeedForward> guardedPart(std::unique_ptr<FeedForward> part, const PluginGuard &guard)
{
    return guarded(std::move(part), guard);
}

std::unique_ptr<Block> guardedPart(std::unique_ptr<Block> part, const PluginGuard &guard)
{
    return guarded(std::move(part), guard);
}

std::unique_ptr<AttentionSource> guardedPart(std::unique_ptr<AttentionSource> part, const PluginGuard &guard)
{
    return part ? std::make_unique<GuardedSource>(std::move(part), guard) : nullptr;
}

std::unique_ptr<ResidualModule> guardedPart(std::unique_ptr<ResidualModule> part, const PluginGuard &guard)
{
    return part ? std::make_unique<GuardedModule<ResidualModule>>(std::move(part), guard) : nullptr;
}

std::unique_ptr<HeadModule> guardedPart(std::unique_ptr<HeadModule> part, const PluginGuard &guard)
{
    return part ? std::make_unique<GuardedModule<HeadModule>>(std::move(part), guard) : nullptr;
}

std::unique_ptr<MaskPolicy> guardedPart(std::unique_ptr<MaskPolicy> part, const PluginGuard &guard)
{
    checkMade(part, guard);
    return std::make_unique<GuardedMask>(std::move(part), guard);
}

std::unique_ptr<Probe> guardedPart(std::unique_ptr<Probe> part, const PluginGuard &guard)
{
    return part ? std::make_unique<GuardedProbe>(std::move(part), guard) : nullptr;
}

} // namespace orrery::nn

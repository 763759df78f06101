// SPDX-License-Identifier: Apache-2.0
#include "core/nn/plugin_parts.h"

#include <c10/util/Exception.h>

#include <new>
#include <sstream>

namespace orrery::nn {
namespace {

/// One thing that a plugin must not do unseen: hand back another shape, which would fail far from here or
/// broadcast.
void checkShape(const at::Tensor &result, const at::Tensor &like, const PluginGuard &guard)
{
    if (result.defined() && result.sizes() == like.sizes()) return;
    std::ostringstream text;
    text << "its result has shape ";
    if (result.defined())
        text << result.sizes();
    else
        text << "(none)";
    text << ", expected " << like.sizes();
    throw PluginFailure(guard.id(), text.str());
}

template <typename Part> class GuardedPart : public Part {
public:
    GuardedPart(std::unique_ptr<Part> part, const PluginGuard &guard)
        : m_part(std::move(part)), m_guard(guard)
    {
    }
    at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &context) override
    {
        at::Tensor y_BTC = m_guard([&] { return m_part->forward(x_BTC, context); });
        checkShape(y_BTC, x_BTC, m_guard);
        return y_BTC;
    }

protected:
    std::unique_ptr<Part> m_part;
    PluginGuard m_guard;
};

class GuardedModule final : public GuardedPart<ResidualModule> {
public:
    using GuardedPart::GuardedPart;
    [[nodiscard]] bool remembers() const override
    {
        return m_guard([&] { return m_part->remembers(); });
    }
    void beginText(KvCache &cache, int64_t batch) override
    {
        m_guard([&] { m_part->beginText(cache, batch); });
    }
};

class GuardedSource final : public AttentionSource {
public:
    GuardedSource(std::unique_ptr<AttentionSource> part, const PluginGuard &guard)
        : m_part(std::move(part)), m_guard(guard)
    {
    }
    at::Tensor read(const SourceInput &input, const ForwardContext &context) override
    {
        at::Tensor y_BHTD = m_guard([&] { return m_part->read(input, context); });
        checkShape(y_BHTD, input.local_BHTD, m_guard);
        return y_BHTD;
    }
    [[nodiscard]] bool remembers() const override
    {
        return m_guard([&] { return m_part->remembers(); });
    }
    void beginText(KvCache &cache, int64_t batch) override
    {
        m_guard([&] { m_part->beginText(cache, batch); });
    }

private:
    std::unique_ptr<AttentionSource> m_part;
    PluginGuard m_guard;
};

template <typename Part> std::unique_ptr<Part> guarded(std::unique_ptr<Part> part, const PluginGuard &guard)
{
    if (!part) throw PluginFailure(guard.id(), "its factory made nothing");
    return std::make_unique<GuardedPart<Part>>(std::move(part), guard);
}

} // namespace

void PluginGuard::rethrow() const
{
    try {
        throw;
    } catch (const PluginFailure &) {
        throw; // of a part within a part
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
    return part ? std::make_unique<GuardedModule>(std::move(part), guard) : nullptr;
}

} // namespace orrery::nn

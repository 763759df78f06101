// SPDX-License-Identifier: Apache-2.0
#include "core/train/training_points.h"

#include "core/nn/plugin_parts.h"
#include "core/train/guarded_parts.h"

#include <algorithm>

namespace orrery {
namespace {

class GuardedObjective final : public Objective {
public:
    GuardedObjective(std::unique_ptr<Objective> part, const nn::PluginGuard &guard)
        : m_part(std::move(part)), m_guard(guard)
    {
    }
    void prepare(const Batch &batch, const ObjectiveKey &key, ModelBatch &out) const override
    {
        m_guard([&] { m_part->prepare(batch, key, out); });
        check(batch, out);
    }
    [[nodiscard]] std::vector<Measure> measures() const override
    {
        std::vector<Measure> all = m_guard([&] { return m_part->measures(); });
        for (Measure &measure : all) {
            nn::checkMade(measure.objective, m_guard);
            measure.objective = std::make_unique<GuardedObjective>(std::move(measure.objective), m_guard);
        }
        return all;
    }

private:
    void check(const Batch &batch, const ModelBatch &out) const
    {
        const auto size = static_cast<size_t>(batch.numSequences * batch.context);
        const auto refuse = [&](const std::string &what) {
            throw nn::PluginFailure(m_guard.id(), "its objective gave " + what);
        };
        const auto checkSize = [&](const char *what, size_t found) {
            if (found != size)
                refuse(std::to_string(found) + " " + what + ", expected " + std::to_string(size));
        };
        if (out.numSequences != batch.numSequences || out.context != batch.context)
            refuse(std::to_string(out.numSequences) + " sequences of " + std::to_string(out.context) +
                   " tokens, expected " + std::to_string(batch.numSequences) + " of " +
                   std::to_string(batch.context));
        checkSize("ids", out.ids_BT.size());
        checkSize("targets", out.targets_BT.size());
        if (!out.mask_BT.empty()) checkSize("loss mask entries", out.mask_BT.size());
        // Above the vocabulary: the model says so itself, on a GPU by ending the process.
        const auto isNegative = [](int32_t id) { return id < 0; };
        if (std::any_of(out.ids_BT.begin(), out.ids_BT.end(), isNegative) ||
            std::any_of(out.targets_BT.begin(), out.targets_BT.end(), isNegative))
            refuse("a token below 0");
    }

    std::unique_ptr<Objective> m_part;
    nn::PluginGuard m_guard;
};

class GuardedOptimizer final : public Optimizer {
public:
    GuardedOptimizer(std::unique_ptr<Optimizer> part, const nn::PluginGuard &guard)
        : m_part(std::move(part)), m_guard(guard)
    {
    }
    void update(const UpdateSettings &settings) override
    {
        m_guard([&] { m_part->update(settings); });
    }
    [[nodiscard]] int64_t numUpdates() const override
    {
        return m_guard([&] { return m_part->numUpdates(); });
    }
    void setNumUpdates(int64_t numUpdates) override
    {
        m_guard([&] { m_part->setNumUpdates(numUpdates); });
    }
    std::vector<NamedTensor> state() override
    {
        return m_guard([&] { return m_part->state(); });
    }

private:
    std::unique_ptr<Optimizer> m_part;
    nn::PluginGuard m_guard;
};

} // namespace

Result<std::unique_ptr<Objective>> guardedPart(Result<std::unique_ptr<Objective>> part,
                                               const nn::PluginGuard &guard)
{
    if (!part) return part;
    nn::checkMade(*part, guard);
    return std::unique_ptr<Objective>(std::make_unique<GuardedObjective>(std::move(*part), guard));
}

std::unique_ptr<Optimizer> guardedPart(std::unique_ptr<Optimizer> part, const nn::PluginGuard &guard)
{
    nn::checkMade(part, guard);
    return std::make_unique<GuardedOptimizer>(std::move(part), guard);
}

std::vector<nn::PointOpener> trainingPoints()
{
    return {nn::pointOf(objectiveRegistry()), nn::pointOf(optimizerRegistry())};
}

} // namespace orrery

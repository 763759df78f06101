// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/form/past_speeds.h"

#include "core/spec/plugin_cost.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_spec_json.h"

#include <algorithm>

namespace orrery::ui {
namespace {

constexpr size_t kMaxRuns = 8;        ///< the newest say how fast the machine is now
constexpr int64_t kStepsForMean = 10; ///< the first ones are slower

/// A branch and a run from a checkpoint begin with the steps of another one, whose time is not theirs.
int64_t ownSteps(const RunStatus &status) { return status.step - std::max<int64_t>(0, status.parentStep); }

} // namespace

PastSpeeds::PastSpeeds(EngineSession &session, QObject *parent) : QObject(parent), m_session(session)
{
    connect(&session, &EngineSession::connectionChanged, this,
            [this] { m_specs.removeIf([](const auto &entry) { return !entry.value(); }); });
}

std::vector<RunStatus> PastSpeeds::candidates(const std::string &device) const
{
    std::vector<RunStatus> runs;
    for (const RunStatus &status : m_session.runs())
        if (status.device == device && ownSteps(status) >= kStepsForMean && status.elapsedSeconds > 0)
            runs.push_back(status);
    std::stable_sort(runs.begin(), runs.end(),
                     [](const RunStatus &a, const RunStatus &b) { return a.lastReportAt > b.lastReportAt; });
    if (runs.size() > kMaxRuns) runs.resize(kMaxRuns);
    return runs;
}

std::vector<PastSpeed> PastSpeeds::measured(const FieldTable &table, const std::string &device) const
{
    std::vector<PastSpeed> speeds;
    for (const RunStatus &status : candidates(device)) {
        const auto spec = m_specs.constFind(fromStd(status.id));
        if (spec == m_specs.cend() || !*spec) continue;
        PastSpeed speed{.spec = **spec,
                        .secondsPerStep = status.elapsedSeconds / static_cast<double>(ownSteps(status))};
        if (status.threads > 0) speed.spec.threads = status.threads;
        speed.estimate = estimateRun(speed.spec, byteVocabSize(speed.spec.data), kReferenceFlops,
                                     costOfPlugins(speed.spec, table));
        speeds.push_back(std::move(speed));
    }
    return speeds;
}

void PastSpeeds::read(const FieldTable::Ptr &table, const std::string &device)
{
    for (const RunStatus &status : candidates(device)) {
        const QString run = fromStd(status.id);
        if (m_specs.contains(run)) continue;
        m_specs.insert(run, std::nullopt);
        m_session.getSpec(run, this, [this, run, table](Result<QString> reply) {
            if (!reply) return; // asked again with another connection: each report of a run comes by here
            const Result<QString> text = specTextOfRun(*reply);
            SpecBuilder builder(table);
            if (!text || !builder.setJson(toStd(*text)))
                return; // of a newer program, or broken: it says nothing
            m_specs[run] = builder.preview();
            Q_EMIT changed();
        });
    }
}

} // namespace orrery::ui

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

} // namespace

PastSpeeds::PastSpeeds(EngineSession &session, QObject *parent) : QObject(parent), m_session(session) {}

std::vector<RunStatus> PastSpeeds::candidates() const
{
    std::vector<RunStatus> runs;
    for (const RunStatus &status : m_session.runs())
        if (status.step >= kStepsForMean && status.elapsedSeconds > 0) runs.push_back(status);
    std::stable_sort(runs.begin(), runs.end(),
                     [](const RunStatus &a, const RunStatus &b) { return a.lastReportAt > b.lastReportAt; });
    if (runs.size() > kMaxRuns) runs.resize(kMaxRuns);
    return runs;
}

std::vector<PastSpeed> PastSpeeds::measured(const FieldTable &table) const
{
    std::vector<PastSpeed> speeds;
    for (const RunStatus &status : candidates()) {
        const auto spec = m_specs.constFind(fromStd(status.id));
        if (spec == m_specs.cend() || !*spec) continue;
        PastSpeed speed{.spec = **spec,
                        .secondsPerStep = status.elapsedSeconds / static_cast<double>(status.step)};
        if (status.threads > 0) speed.spec.threads = status.threads;
        speed.estimate = estimateRun(speed.spec, byteVocabSize(speed.spec.data), kReferenceFlops,
                                     costOfPlugins(speed.spec, table));
        speeds.push_back(std::move(speed));
    }
    return speeds;
}

void PastSpeeds::read(const FieldTable::Ptr &table)
{
    for (const RunStatus &status : candidates()) {
        const QString run = fromStd(status.id);
        if (m_specs.contains(run)) continue;
        m_specs.insert(run, std::nullopt);
        m_session.getSpec(run, this, [this, run, table](Result<QString> reply) {
            if (!reply) {
                m_specs.remove(run); // the connection may be back later
                return;
            }
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

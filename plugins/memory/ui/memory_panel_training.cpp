// SPDX-License-Identifier: GPL-3.0-or-later
// The run that the window has selected: its model is shown, and how full its memory is while it trains, which
// is what a breakpoint on the memory watches. Live while the panel is seen.
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_panel.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/model_chooser.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

// As the engine half tells them.
constexpr const char *kOccupancy = "part/episodic/occupancy";
constexpr const char *kUsed = "part/semantic/used";
constexpr const char *kEverUsed = "part/semantic/ever_used";

/// "memory > 0.9: part/episodic/occupancy was 0.93" without what it was; empty: paused by something else.
QString conditionOf(const RunStatus &status)
{
    if (status.state != RunState::Paused || status.pauseSeries != kOccupancy) return {};
    const QString reason = ui::fromStd(status.pauseReason);
    const qsizetype end = reason.indexOf(u": "_s + QLatin1String(kOccupancy));
    return end < 0 ? reason : reason.left(end);
}

} // namespace

MemoryPanel::~MemoryPanel()
{
    if (!m_watched.isEmpty()) m_session.unwatch(m_watched);
}

void MemoryPanel::followRun(const QString &run)
{
    if (run == m_run) return;
    m_run = run;
    m_told = {};
    watchTraining();
    // What was looked at when the window was closed stays when the window finds its run again, and no longer: a run that is
    // chosen later, on another host say, is followed.
    if (!run.isEmpty()) {
        if (!m_isRestored) m_chooser->setRun(run);
        m_isRestored = false;
    }
    showTraining();
}

void MemoryPanel::showTiers()
{
    m_cards->setTiers(m_tiers, m_noMemory ? std::optional(MemoryStatus{}) : m_status, semanticUse());
}

void MemoryPanel::watchTraining()
{
    const QString wanted = isVisible() ? m_run : QString();
    if (wanted == m_watched) return;
    if (!m_watched.isEmpty()) m_session.unwatch(m_watched);
    m_watched = wanted;
    if (!wanted.isEmpty()) m_session.watch(wanted); // the first answer is a replay: it asks for the value
}

void MemoryPanel::takeTraining(const ui::RunUpdate &update)
{
    if (m_watched.isEmpty() || update.run != m_watched) return;
    if (update.mustReplay) askTraining();
    for (const StepReport &report : update.reports)
        for (const MetricValue &metric : report.values) m_told.take(metric.series, report.step, metric.value);
    showTraining();
}

void MemoryPanel::askTraining()
{
    m_session.querySeries(m_run, {kOccupancy, kUsed, kEverUsed}, 0, 0, 1, this,
                          [this, run = m_run](Result<std::vector<ui::SeriesData>> answer) {
                              // A run without such a memory has no such series, and nothing is said of it.
                              if (run != m_run || !answer) return;
                              for (const ui::SeriesData &series : *answer)
                                  for (const SeriesBucket &bucket : series.buckets)
                                      if (!bucket.isSuperseded)
                                          m_told.take(series.name, bucket.lastStep, bucket.last);
                              showTraining();
                          });
}

/// The newest of each series counts.
void MemoryPanel::Told::take(const std::string &series, qint64 step, double value)
{
    Value *const of = series == kOccupancy  ? &occupancy
                      : series == kUsed     ? &used
                      : series == kEverUsed ? &everUsed
                                            : nullptr;
    if (of && (std::isnan(of->value) || step >= of->step)) *of = {value, step};
}

/// Of a model of another run nothing is told.
SemanticUse MemoryPanel::semanticUse() const
{
    if (m_run.isEmpty() || runOfModel(model()) != m_run) return {};
    return {m_told.used.value, m_told.everUsed.value};
}

void MemoryPanel::showTraining()
{
    const auto &runs = m_session.runs();
    const auto status = std::find_if(runs.begin(), runs.end(),
                                     [this](const RunStatus &one) { return ui::fromStd(one.id) == m_run; });
    QStringList sentences;
    QString condition;
    if (status != runs.end()) {
        const QString title = ui::runTitle(*status);
        condition = conditionOf(*status);
        if (!condition.isEmpty())
            sentences << tr("%1 is paused at step %2 by “%3”.")
                             .arg(title, ui::integerText(static_cast<qint64>(status->step)), condition);
        if (std::isfinite(m_told.occupancy.value))
            sentences
                << (isLiveState(status->state)
                        ? tr("While %1 trains, a training text fills %2 of the episodic memory (step %3).")
                        : tr("While %1 trained, a training text filled %2 of the episodic memory (step %3)."))
                       .arg(title, ui::percentText(100 * m_told.occupancy.value),
                            ui::integerText(m_told.occupancy.step));
        if (!sentences.isEmpty() && status->lastCheckpointStep < 0 && runOfModel(model()) != m_run)
            sentences << (model().isEmpty() ? tr("It has no saved step yet whose memory could be shown.")
                                            : tr("It has no saved step yet: what stands below is of %1.")
                                                  .arg(m_chooser->modelTitle()));
    }
    m_training->setText(sentences.join(u' '));
    m_training->setTone(condition.isEmpty() ? ui::Tone::Secondary : ui::Tone::Warning);
    m_training->setVisible(!sentences.isEmpty());
    showTiers();
}

} // namespace orrery::memory_ui

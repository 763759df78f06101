// SPDX-License-Identifier: GPL-3.0-or-later
// What is taken along of several runs: the table, and how the view is written into a link.
#include "widgets/common/number_text.h"
#include "widgets/common/text_export.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/overlay_bar.h"

using namespace Qt::StringLiterals;

namespace orrery::ui {

QString CurvesOverlay::table(const PlotRange &range)
{
    QString text = csvLine({u"run"_s, u"series"_s, u"step"_s, u"tokens"_s, u"wall_time"_s, u"min"_s, u"mean"_s, u"max"_s});
    for (const OverlayRun *run : drawnRuns()) {
        if (!run->axis.canPlace()) continue;
        for (size_t i = 0; i < kNumOverlaySeries; ++i) {
            const auto which = static_cast<OverlaySeries>(i);
            const std::string name = seriesName(which);
            if (which == OverlaySeries::Chosen && OverlayFeed::isAlwaysRead(name)) continue; // it has its lines
            for (const SeriesBucket &bucket : run->of(which).buckets) {
                const double x = run->axis.of(bucket);
                if (bucket.isSuperseded || x < range.from || x > range.to) continue;
                const double tokens = run->axis.tokensPerStep > 0 ? run->axis.tokensAt(double(bucket.lastStep)) : 0;
                text += csvLine({run->id, fromStd(name), QString::number(bucket.lastStep),
                                 tokens > 0 ? csvNumber(tokens) : QString(), csvNumber(bucket.lastWallTime),
                                 csvNumber(bucket.minimum), csvNumber(bucket.mean), csvNumber(bucket.maximum)});
            }
        }
    }
    return text;
}

void CurvesOverlay::writeState(QVariantMap &state) const
{
    if (!isOn()) return;
    QStringList others = m_chosen;
    others.removeAll(m_selected);
    state[u"overlay"_s] = others;
    if (m_bar->showsValidation()) state[u"loss"_s] = u"val"_s;
    if (!isGrouped()) return;
    state[u"group"_s] = m_bar->groupBy();
    state[u"band"_s] = bandWord(m_bar->band());
}

void CurvesOverlay::readState(const QVariantMap &state)
{
    QStringList runs = state.value(u"overlay"_s).toStringList();
    runs.removeAll(QString());
    m_bar->setShowsValidation(state.value(u"loss"_s).toString() == u"val");
    m_bar->setGroupBy(state.value(u"group"_s).toString());
    m_bar->setBand(bandOf(state.value(u"band"_s).toString()));
    if (runs != m_chosen) Q_EMIT runsRequested(runs);
    setRuns(runs);
    staleAll();
}

} // namespace orrery::ui

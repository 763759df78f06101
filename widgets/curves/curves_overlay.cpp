// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/curves_overlay.h"

#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/curves/curve_figure.h"
#include "widgets/curves/overlay_bar.h"
#include "widgets/curves/run_legend.h"
#include "widgets/theme/theme.h"
#include "widgets/theme/theme_tokens.h"

#include <QSet>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr size_t kMaxMarks = 500;
constexpr int kMaxAncestors = 64; // a circle ends
constexpr double kSelectedOpacity = 0.6; ///< of the reports of the selected run, at the least
constexpr auto kSeed = "seed"_L1;

bool isSmooth(OverlaySeries which) { return which != OverlaySeries::ValLoss && which != OverlaySeries::Rate; }

QColor paperColor(int index) { return runColorEntry(index % kNumRunColors, false); }

/// What is told of a run that is not looked at alone: its settings and resumes would be too many.
bool isWorthTelling(MarkKind kind)
{
    return kind == MarkKind::Note || kind == MarkKind::Warning || kind == MarkKind::Error ||
           kind == MarkKind::Branch;
}

} // namespace

CurvesOverlay::CurvesOverlay(EngineSession &session, QWidget *parent)
    : QObject(parent), m_feed(session), m_specs(session), m_bar(new OverlayBar(parent)),
      m_legend(new RunLegend(parent))
{
    m_bar->hide();
    m_legend->hide();
    connect(&m_feed, &OverlayFeed::changed, this, [this](const QString &run) {
        const auto found = m_entries.find(run);
        if (found == m_entries.end()) return;
        found->second.isStale = true;
        m_groups = {};
        Q_EMIT changed();
    });
    connect(&m_feed, &OverlayFeed::marksChanged, this, &CurvesOverlay::changed);
    connect(&m_feed, &OverlayFeed::progressed, this, &CurvesOverlay::changed);
    connect(&m_feed, &OverlayFeed::failed, this, &CurvesOverlay::failed);
    connect(&m_feed, &OverlayFeed::statusesChanged, this, [this] {
        if (isOn() && wantedSpecs() != m_wantedSpecs) wantSpecs(); // of a parent that was not listed before
        for (auto &[run, entry] : m_entries) {
            const RunStatus *status = m_feed.status(run);
            const bool isLive = status && status->state == RunState::Running;
            const bool isPlaced = entry.run.axis == axisOf(run, m_mode, m_feed.model().startWallTime(run));
            if (entry.run.title == titleOf(run) && entry.run.isLive == isLive && isPlaced) continue;
            entry.isStale = true;
            m_groups = {};
        }
        Q_EMIT changed();
    });
    connect(&session, &EngineSession::connectionChanged, this, [this, &session] {
        if (session.connectionState() != ConnectionState::Connected || !isOn()) return;
        if (m_feed.numFailed() > 0) m_feed.refresh();
        wantSpecs();
    });
    // Another engine: its runs are others, whatever their ids. RunSpecs forgets by itself.
    connect(&session, &EngineSession::runsChanged, this, [this, &session] {
        if (!session.runs().empty() || session.connectionState() != ConnectionState::Connecting) return;
        m_wantedSpecs.clear();
        setRuns({});
    });
    connect(&m_specs, &RunSpecs::changed, this, [this] {
        if (!m_specs.isReading() && m_specs.error()) Q_EMIT failed(*m_specs.error());
        takeKeys();
        staleAll();
    });
    connect(m_bar, &OverlayBar::changed, this, &CurvesOverlay::staleAll);
    connect(m_bar, &OverlayBar::xModeChosen, this, &CurvesOverlay::xModeChosen);
    connect(m_bar, &OverlayBar::logXChosen, this, &CurvesOverlay::logXChosen);
    connect(m_bar, &OverlayBar::clearChosen, this, [this] { Q_EMIT runsRequested({}); });
    connect(m_legend, &RunLegend::chosenChanged, this, &CurvesOverlay::staleAll);
    connect(&Theme::instance(), &Theme::changed, this, &CurvesOverlay::staleAll);
}

CurvesOverlay::~CurvesOverlay() = default;

void CurvesOverlay::setRuns(const QStringList &runs)
{
    QStringList chosen = runs;
    chosen.removeDuplicates();
    if (chosen == m_chosen) return;
    m_chosen = chosen;
    takeRuns();
}

void CurvesOverlay::setSelected(const QString &run)
{
    if (run == m_selected) return;
    m_selected = run;
    takeRuns();
}

void CurvesOverlay::takeRuns()
{
    QStringList drawn = m_chosen;
    drawn.removeAll(m_selected);
    // Alone it is drawn by the panel as ever, and nothing is read twice.
    if (drawn.isEmpty()) m_legend->setChosen({});
    if (!drawn.isEmpty() && !m_selected.isEmpty()) drawn.prepend(m_selected);
    m_feed.setRuns(drawn);
    std::erase_if(m_entries, [this](const auto &entry) { return !m_feed.runs().contains(entry.first); });
    for (const QString &run : m_feed.runs()) m_entries[run];
    if (isOn()) wantSpecs();
    takeKeys();
    staleAll();
}

QStringList CurvesOverlay::wantedSpecs() const
{
    QStringList wanted = m_feed.runs();
    for (qsizetype i = 0; i < wanted.size(); ++i) { // it grows; a circle ends, each is in it once
        const RunStatus *status = m_feed.status(wanted.at(i));
        if (!status || status->parent.empty()) continue;
        const QString parent = fromStd(status->parent);
        if (!wanted.contains(parent) && m_feed.status(parent)) wanted << parent;
    }
    return wanted;
}

void CurvesOverlay::wantSpecs()
{
    m_wantedSpecs = wantedSpecs();
    m_specs.want(m_wantedSpecs);
}

void CurvesOverlay::retry()
{
    m_feed.refresh();
    if (isOn()) wantSpecs();
}

XAxis CurvesOverlay::axisOf(const QString &run, XMode mode, double startTime) const
{
    XAxis axis{mode, startTime, m_specs.tokensPerStep(run)};
    const RunStatus *now = m_feed.status(run);
    if (!now || now->parent.empty()) return axis;
    int64_t until = std::max<int64_t>(now->parentStep, 0);
    axis.startStep = until;
    for (int i = 0; i < kMaxAncestors; ++i) {
        if (now->parent.empty()) return axis;
        const QString parent = fromStd(now->parent);
        const double perStep = m_specs.tokensPerStep(parent);
        now = m_feed.status(parent);
        if (!now || perStep <= 0) break;
        const int64_t from = now->parent.empty() ? 0 : std::max<int64_t>(now->parentStep, 0);
        axis.startTokens += perStep * double(std::max<int64_t>(until - from, 0));
        until = from;
    }
    return {mode, startTime}; // what an ancestor had seen is not known
}

void CurvesOverlay::takeKeys()
{
    m_keys = m_specs.differingKeys(m_feed.runs());
    m_bar->setKeys(m_keys);
}

void CurvesOverlay::staleAll()
{
    for (auto &[run, entry] : m_entries) entry.isStale = true;
    m_groups = {};
    Q_EMIT changed();
}

bool CurvesOverlay::isGrouped() const { return isOn() && !m_bar->groupBy().isEmpty(); }

bool CurvesOverlay::hasPoints() const
{
    return std::any_of(m_entries.begin(), m_entries.end(),
                       [this](const auto &entry) { return m_feed.model().hasPoints(entry.first); });
}

int CurvesOverlay::refreshIntervalMs() const
{
    if (!isOn()) return 33;
    if (isGrouped()) return m_entries.size() > 10 ? 300 : 100;
    return m_entries.size() > 10 ? 200 : 66;
}

void CurvesOverlay::setSmoothing(double smoothing)
{
    if (std::exchange(m_smoothing, smoothing) != smoothing) staleAll();
}

void CurvesOverlay::setXMode(XMode mode)
{
    m_bar->setXMode(mode);
    if (std::exchange(m_mode, mode) != mode) staleAll();
}

void CurvesOverlay::setExtraSeries(const QString &name)
{
    m_extra = name;
    m_feed.setExtraSeries(toStd(name));
    staleAll();
}

std::string CurvesOverlay::seriesName(OverlaySeries which) const
{
    switch (which) {
    case OverlaySeries::TrainLoss:
        return series::kLoss;
    case OverlaySeries::ValLoss:
        return series::kValLoss;
    case OverlaySeries::Rate:
        return series::kLearningRate;
    case OverlaySeries::Norm:
        return series::kGradNorm;
    case OverlaySeries::Speed:
        return series::kTokensPerSecond;
    case OverlaySeries::Chosen:
        break;
    }
    return toStd(m_extra);
}

QString CurvesOverlay::titleOf(const QString &run) const
{
    const RunStatus *status = m_feed.status(run);
    return status ? runTitle(*status) : run;
}

CurvesOverlay::Entry &CurvesOverlay::prepared(const QString &run)
{
    Entry &entry = m_entries[run];
    if (!std::exchange(entry.isStale, false)) return entry;
    const RunStatus *status = m_feed.status(run);
    OverlayRun &made = entry.run;
    made.id = run;
    made.title = titleOf(run);
    made.colorIndex = runColorIndex(run);
    made.axis = axisOf(run, m_mode, m_feed.model().startWallTime(run));
    made.isLive = status && status->state == RunState::Running;
    made.isDimmed = isDimmed(run);
    for (size_t i = 0; i < kNumOverlaySeries; ++i) {
        const auto which = static_cast<OverlaySeries>(i);
        const std::string name = seriesName(which);
        made.series[i] =
            name.empty() ? ShownSeries()
                         : makeShown(m_feed.model().buckets(run, name), isSmooth(which) ? m_smoothing : 0);
    }
    entry.curves = {};
    return entry;
}

std::vector<const OverlayRun *> CurvesOverlay::drawnRuns()
{
    std::vector<const OverlayRun *> runs;
    for (const QString &run : m_feed.runs()) runs.push_back(&prepared(run).run);
    return runs;
}

QString CurvesOverlay::groupOf(const QString &run) const
{
    // Nothing says that it is as any other one: it stands alone.
    if (!m_specs.hasSettings(run)) return tr("“%1”, settings not known").arg(run);
    const QString by = m_bar->groupBy();
    if (by != QLatin1String(kGroupByAll)) return m_bar->groupLabel() + u' ' + m_specs.value(run, by);
    QStringList parts;
    for (const SpecKey &key : m_keys)
        if (key.key != kSeed) parts << key.label + u' ' + m_specs.value(run, key.key);
    return parts.isEmpty() ? tr("same settings") : parts.join(u", "_s);
}

std::vector<RunGroup> CurvesOverlay::groups()
{
    std::vector<RunGroup> groups;
    for (const OverlayRun *run : drawnRuns()) {
        const QString label = groupOf(run->id);
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&label](const RunGroup &one) { return one.label == label; });
        if (group == groups.end()) {
            groups.push_back({label, run->colorIndex, {}});
            group = std::prev(groups.end());
        }
        group->runs.push_back(run);
        group->colorIndex = std::min(group->colorIndex, run->colorIndex);
    }
    std::sort(groups.begin(), groups.end(),
              [](const RunGroup &a, const RunGroup &b) { return a.colorIndex < b.colorIndex; });
    return groups;
}

const std::vector<DrawnGroup> &CurvesOverlay::drawnGroups(OverlaySeries which)
{
    auto &kept = m_groups[size_t(which)];
    if (kept) return *kept;
    kept.emplace();
    const std::vector<RunGroup> all = groups();
    const CrowdStyle crowd{int(all.size())};
    for (const RunGroup &group : all)
        kept->push_back(
            drawGroup(group, which, m_bar->band(), Theme::instance().runColor(group.colorIndex), crowd));
    return *kept;
}

bool CurvesOverlay::isDimmed(const QString &run) const
{
    return isOn() && !m_legend->chosen().isEmpty() && m_legend->isDimmed(isGrouped() ? groupOf(run) : run);
}

CrowdStyle CurvesOverlay::crowd() const { return {int(m_entries.size())}; }

OverlaySeries CurvesOverlay::lossSeries() const
{
    return m_bar->showsValidation() ? OverlaySeries::ValLoss : OverlaySeries::TrainLoss;
}

std::vector<PlotCurve> CurvesOverlay::curves(OverlaySeries which, Ground ground)
{
    std::vector<PlotCurve> curves;
    if (!isOn()) return curves;
    const auto colorOf = [ground](int index) {
        return ground == Ground::Paper ? paperColor(index) : Theme::instance().runColor(index);
    };
    if (isGrouped()) {
        for (const DrawnGroup &group : drawnGroups(which)) {
            if (group.curve.isEmpty() && group.drawn.nonFinite.empty()) continue;
            curves.push_back(group.drawn);
            curves.back().color = colorOf(group.colorIndex);
        }
        return curves;
    }
    QStringList order = m_feed.runs();
    if (order.removeOne(m_selected)) order << m_selected; // over the others
    for (const QString &run : std::as_const(order)) {
        Entry &entry = prepared(run);
        auto &kept = entry.curves[size_t(which)];
        if (!kept)
            kept = runCurves(entry.run, which, Theme::instance().runColor(entry.run.colorIndex), crowd());
        for (const PlotCurve &curve : *kept) {
            PlotCurve &drawn = curves.emplace_back(curve);
            drawn.color = colorOf(entry.run.colorIndex);
            if (run != m_selected) continue;
            drawn.isThin = false;
            drawn.rawOpacity = std::max(drawn.rawOpacity, kSelectedOpacity);
        }
    }
    return curves;
}

std::vector<FigureKey> CurvesOverlay::figureKeys()
{
    std::vector<FigureKey> keys;
    if (!isOn()) return keys;
    if (isGrouped()) {
        for (const RunGroup &group : groups())
            keys.push_back({tr("%1 (n = %2)").arg(group.label, QString::number(group.runs.size())), paperColor(group.colorIndex),
                            Theme::runPenStyle(group.colorIndex)});
        return keys;
    }
    for (const OverlayRun *run : drawnRuns())
        keys.push_back({run->title, paperColor(run->colorIndex), Theme::runPenStyle(run->colorIndex)});
    return keys;
}

void CurvesOverlay::refreshLegend()
{
    m_bar->setVisible(isOn());
    m_legend->setVisible(isOn());
    if (!isOn()) return m_legend->setEntries({});
    std::vector<LegendEntry> entries;
    const auto add = [&entries](const QString &id, const QString &text, const QString &toolTip, int color) {
        entries.push_back({id, text, toolTip, Theme::instance().runColor(color), Theme::runPenStyle(color)});
    };
    if (isGrouped()) {
        for (const RunGroup &group : groups()) {
            QStringList names;
            for (const OverlayRun *run : group.runs) names << run->title;
            add(group.label, tr("%1 (n = %2)").arg(group.label, QString::number(names.size())), names.join(u'\n'),
                group.colorIndex);
        }
    } else {
        for (const OverlayRun *run : drawnRuns()) add(run->id, run->title, run->title, run->colorIndex);
    }
    m_legend->setEntries(entries);
    m_bar->setNote(noteText());
}

QString CurvesOverlay::noteText()
{
    QStringList parts;
    const qsizetype numChosen = m_chosen.size() + (m_selected.isEmpty() || m_chosen.contains(m_selected) ? 0 : 1);
    if (numChosen > m_feed.runs().size())
        parts << tr("the first %1 of %2 runs are drawn").arg(m_feed.runs().size()).arg(numChosen);
    else
        parts << counted(numChosen, tr("1 run"), tr("%1 runs"));
    if (const int numReading = m_feed.numReading(); numReading > 0)
        parts << counted(numReading, tr("reading 1"), tr("reading %1"));
    if (const int numFailed = m_feed.numFailed(); numFailed > 0)
        parts << counted(numFailed, tr("1 could not be read"), tr("%1 could not be read"));
    if (m_mode == XMode::Tokens && !m_specs.isReading()) {
        const auto runs = drawnRuns();
        const auto numWithout =
            std::count_if(runs.begin(), runs.end(), [](const OverlayRun *run) { return !run->axis.canPlace(); });
        if (numWithout > 0)
            parts << counted(numWithout, tr("1 has no count of tokens and is not drawn"),
                             tr("%1 have no count of tokens and are not drawn"));
    }
    return parts.join(u" · "_s);
}

std::vector<PlotMark> CurvesOverlay::marks()
{
    std::vector<PlotMark> marks;
    if (!isOn()) return marks;
    for (const QString &id : m_feed.runs()) {
        if (id == m_selected) continue;
        const OverlayRun &run = prepared(id).run;
        if (!run.axis.canPlace() || run.isDimmed) continue;
        for (const RunMark &mark : m_feed.marks(id)) {
            if (!isWorthTelling(mark.kind) || marks.size() >= kMaxMarks) continue;
            const double time =
                mark.wallTime > 0 ? mark.wallTime : wallTimeAt(run.of(OverlaySeries::TrainLoss), mark.step);
            marks.push_back(plotMark(mark, run.axis.of(mark.step, time), run.axis.of(mark.endStep, mark.endTime),
                                     run.title, id));
        }
    }
    return marks;
}

Reading CurvesOverlay::reading(OverlayReadingAsk ask)
{
    ask.mode = m_mode;
    ask.band = m_bar->band();
    ask.isSmoothed = m_smoothing > 0 && isSmooth(ask.which);
    if (isGrouped()) {
        std::vector<const DrawnGroup *> seen;
        for (const DrawnGroup &group : drawnGroups(ask.which))
            if (!group.drawn.isDimmed) seen.push_back(&group);
        return readGroups(ask, seen);
    }
    const auto runs = drawnRuns();
    std::vector<QColor> colors;
    for (const OverlayRun *run : runs) colors.push_back(Theme::instance().runColor(run->colorIndex));
    return readRuns(ask, runs, colors);
}

void CurvesOverlay::requestDetail(double from, double to, int maxBuckets)
{
    if (!isOn()) return;
    std::vector<OverlayFeed::Window> windows;
    for (const OverlayRun *run : drawnRuns()) {
        if (!run->axis.canPlace()) continue;
        const auto [first, last] = stepsBetween(run->of(OverlaySeries::TrainLoss), run->axis, from, to);
        windows.push_back({run->id, first, last});
    }
    m_feed.requestDetail(windows, maxBuckets);
}

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
// Other runs in the charts of the curves: which, in what colours, grouped and aligned how, and what is said of them.
// It owns the row above the charts and the legend under them; the panel draws what it gives. GUI thread only.
#pragma once

#include "widgets/curves/overlay_curves.h"
#include "widgets/curves/overlay_feed.h"
#include "widgets/curves/overlay_reading.h"
#include "widgets/curves/run_specs.h"

#include <QVariantMap>

#include <array>
#include <map>
#include <optional>

class QWidget;

namespace orrery::ui {

class OverlayBar;
class RunLegend;
struct FigureKey;

class CurvesOverlay : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it   @param parent gets bar() and legend() as children
    CurvesOverlay(EngineSession &session, QWidget *parent);
    ~CurvesOverlay() override;

    /// What somebody chose to be drawn beside the selected run; beyond OverlayFeed::kMaxRuns with it they are not
    /// drawn, and the row says so.
    void setRuns(const QStringList &runs);
    [[nodiscard]] const QStringList &runs() const { return m_chosen; }
    void setSelected(const QString &run);
    /// Whether another run than the selected one is drawn.
    [[nodiscard]] bool isOn() const { return m_feed.runs().size() > 1; }
    [[nodiscard]] bool isGrouped() const;
    [[nodiscard]] bool hasPoints() const;
    [[nodiscard]] OverlayBar *bar() const { return m_bar; }
    [[nodiscard]] RunLegend *legend() const { return m_legend; }
    [[nodiscard]] OverlayFeed &feed() { return m_feed; }
    [[nodiscard]] const RunSpecs &specs() const { return m_specs; }
    /// Where the run stands; a branch goes on from the tokens that its ancestors had seen.
    [[nodiscard]] XAxis axisOf(const QString &run, XMode mode, double startTime) const;
    /// Asks again for what could not be read.
    void retry();
    /// How often a picture of all of them may be made, in milliseconds.
    [[nodiscard]] int refreshIntervalMs() const;

    void setSmoothing(double smoothing);
    void setXMode(XMode mode);
    [[nodiscard]] XMode xMode() const { return m_mode; }
    void setExtraSeries(const QString &name);
    [[nodiscard]] bool isDimmed(const QString &run) const;
    /// How many lines a chart of it has, with that of the selected run.
    [[nodiscard]] CrowdStyle crowd() const;
    [[nodiscard]] OverlaySeries lossSeries() const;

    enum class Ground : uint8_t { Screen, Paper };
    /// Of all runs, the selected one last, over the others; grouped: of all groups.
    std::vector<PlotCurve> curves(OverlaySeries which, Ground ground = Ground::Screen);
    std::vector<FigureKey> figureKeys(); ///< on paper
    std::vector<PlotMark> marks();       ///< of the other runs, with their names
    Reading reading(OverlayReadingAsk ask);
    /// run, series, step, tokens, wall_time, min, mean, max of what lies between two x
    QString table(const PlotRange &range);
    void requestDetail(double from, double to, int maxBuckets);
    void refreshLegend();

    void writeState(QVariantMap &state) const;
    void readState(const QVariantMap &state);

Q_SIGNALS:
    void changed();                                ///< something is to be drawn anew
    void runsRequested(const QStringList &runs);   ///< by a link or the row, not by setRuns()
    void xModeChosen(orrery::ui::XMode mode);
    void logXChosen(bool isLogarithmic);
    void failed(const orrery::Error &error);

private:
    struct Entry {
        OverlayRun run;
        bool isStale = true;
        std::array<std::optional<std::vector<PlotCurve>>, kNumOverlaySeries> curves;
    };
    void takeRuns();
    void staleAll();
    void takeKeys();
    /// Of the runs and of those that they come from, as far as these are listed.
    [[nodiscard]] QStringList wantedSpecs() const;
    void wantSpecs();
    Entry &prepared(const QString &run);
    std::vector<const OverlayRun *> drawnRuns();
    std::vector<RunGroup> groups();
    const std::vector<DrawnGroup> &drawnGroups(OverlaySeries which);
    [[nodiscard]] QString groupOf(const QString &run) const;
    [[nodiscard]] QString noteText();
    [[nodiscard]] QString titleOf(const QString &run) const;
    [[nodiscard]] std::string seriesName(OverlaySeries which) const;

    OverlayFeed m_feed;
    RunSpecs m_specs;
    OverlayBar *m_bar;
    RunLegend *m_legend;
    QStringList m_chosen;
    QString m_selected, m_extra;
    QStringList m_wantedSpecs; ///< asked for last
    QList<SpecKey> m_keys; ///< that differ
    std::map<QString, Entry> m_entries;
    std::array<std::optional<std::vector<DrawnGroup>>, kNumOverlaySeries> m_groups;
    XMode m_mode = XMode::Step;
    double m_smoothing = 0;
};

} // namespace orrery::ui

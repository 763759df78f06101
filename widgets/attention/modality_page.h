// SPDX-License-Identifier: GPL-3.0-or-later
// Which modality looks at which: all heads as small tables, one of them large with its numbers and what it
// learned, and how it came about over the kept steps. GUI thread only.
#pragma once

#include "widgets/attention/modality_view.h"

#include <QWidget>

class QHBoxLayout;
class QScrollArea;

namespace orrery::ui {

class ElidedLabel;
class PlotView;
class SegmentedChoice;
class ToneLabel;

class ModalityPage : public QWidget {
    Q_OBJECT
public:
    explicit ModalityPage(QWidget *parent = nullptr);
    [[nodiscard]] ModalityView *view() const { return m_view; }
    [[nodiscard]] PlotView *chart() const { return m_chart; }
    void setContent(const SnapshotPtr &now, const HeadRef &head);
    /// What the kept steps tell; of a text that was just asked there are none.
    void setHistory(const std::vector<FlowPoint> &points, bool isReading);
    [[nodiscard]] QString summary() const;
    /// Shares, or factors that the model learned: of the tables and of the curve. Where a model has none of these, shares.
    void setKind(FlowKind kind);
    [[nodiscard]] FlowKind kind() const;

Q_SIGNALS:
    void headsRequested(); ///< back to the overview

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void fitTables();
    void refreshHead();
    void refreshChart();
    [[nodiscard]] FlowKind shownKind() const;

    SnapshotPtr m_now;
    HeadRef m_head;
    std::vector<FlowPoint> m_points;
    bool m_isReading = false, m_hasLearned = false;
    FlowKind m_charted = FlowKind::Mass;
    ElidedLabel *m_title, *m_reading;
    SegmentedChoice *m_pages, *m_kind;
    ModalityView *m_view;
    QWidget *m_side;
    QHBoxLayout *m_tables;
    QScrollArea *m_scroll; ///< around it: tables and chart keep a size at which they are read
    ToneLabel *m_headTitle, *m_massTitle, *m_learnedTitle, *m_chartTitle, *m_chartNote, *m_empty;
    FlowTable *m_mass, *m_learned;
    PlotView *m_chart;
};

} // namespace orrery::ui

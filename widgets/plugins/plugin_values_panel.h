// SPDX-License-Identifier: GPL-3.0-or-later
// Data of plugins that have no panel of their own: the values that their parts and probes tell of the chosen
// run, live, and what the run's spec sets for them. Asks only while it is seen. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"

#include <QTimer>

class QBoxLayout;
class QScrollArea;
class QStackedWidget;
class QTableView;

namespace orrery::ui {

class EmptyState;
class KeyValueGrid;
class PluginValuesModel;
class ElidedLabel;
class ToneLabel;

class PluginValuesPanel : public PanelFrame {
    Q_OBJECT
public:
    explicit PluginValuesPanel(EngineSession &session, QWidget *parent = nullptr);
    ~PluginValuesPanel() override;
    void setRun(const QString &run); ///< empty: none
    /// Selects its row, now or when the run tells it for the first time.
    void showSeries(const QString &series);
    [[nodiscard]] QString selectedSeries() const { return m_wanted; } ///< empty: none
    [[nodiscard]] PluginValuesModel *model() const { return m_model; }
    [[nodiscard]] QTableView *view() const { return m_view; }
    [[nodiscard]] KeyValueGrid *settings() const { return m_settings; }

Q_SIGNALS:
    void seriesActivated(const QString &series); ///< to be shown as a curve

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void sizeColumns();
    void fitRows();
    void follow(bool isWanted);
    void ask();
    void askSpec();
    void takeSpec(const QString &json);
    void takeSeries(const std::vector<SeriesData> &series);
    void selectWanted();
    void showState();
    void showHead();

    EngineSession &m_session;
    QString m_run, m_watched;
    bool m_isTaking = false;
    QString m_wanted; ///< series whose row is selected, as soon as there is one
    quint64 m_number = 0; ///< of the run: answers for another one are dropped
    PluginValuesModel *m_model;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
    QTableView *m_view;
    QScrollArea *m_side; ///< the settings, beside the values or below them
    QBoxLayout *m_columns = nullptr;
    ElidedLabel *m_head; ///< which run, and how many values
    ToneLabel *m_title;
    KeyValueGrid *m_settings;
    QTimer m_timer; ///< not more than one question a second
};

} // namespace orrery::ui

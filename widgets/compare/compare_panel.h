// SPDX-License-Identifier: GPL-3.0-or-later
// Several runs beside each other: their final values, the settings that set them apart, and who was branched from whom. Which
// runs: those that are overlaid in the list, all, or some that were chosen, less what a filter leaves out. Asks only while it is
// seen. GUI thread only; asks the engine, which outlives it.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/runs/run_query.h"
#include "widgets/session/engine_session.h"

#include <QTimer>

class QLineEdit;
class QPushButton;
class QStackedWidget;

namespace orrery::ui {

class CompareFeed;
class DifferencePage;
class EmptyState;
class FilterSettings;
class LineagePage;
class SegmentedChoice;
class ToneLabel;
class ValuesPage;

class ComparePanel : public PanelFrame {
    Q_OBJECT
public:
    enum class Tab : uint8_t { Values, Settings, Lineage };
    enum class Source : uint8_t { Overlaid, All, Chosen };

    explicit ComparePanel(EngineSession &session, QWidget *parent = nullptr);
    void setRun(const QString &run); ///< that the window looks at
    /// Those that the list of runs overlays; shown at first, while there are some and nobody chose otherwise.
    void setOverlaidRuns(const QStringList &runs);
    /// Compares these and no others.
    void chooseRuns(const QStringList &runs);
    void showTab(Tab tab);
    void setSource(Source source);
    [[nodiscard]] Tab tab() const { return m_tab; }
    [[nodiscard]] Source source() const { return m_source; }
    [[nodiscard]] const QStringList &comparedRuns() const { return m_compared; }
    /// Rows selected in the table of values, else none.
    [[nodiscard]] QStringList selectedRuns() const;
    [[nodiscard]] ValuesPage *values() const { return m_values; }
    [[nodiscard]] DifferencePage *difference() const { return m_difference; }
    [[nodiscard]] LineagePage *lineage() const { return m_lineage; }
    [[nodiscard]] CompareFeed *feed() const { return m_feed; }
    [[nodiscard]] QLineEdit *filterBox() const { return m_filter; }
    /// As the view of a link, with all runs that were chosen, however many they are.
    [[nodiscard]] QVariantMap place() const;

Q_SIGNALS:
    void runSelected(const QString &run);  ///< by a person
    void runActivated(const QString &run); ///< Enter or double click: show its curves
    void branchRequested(const QString &run);
    void exportRequested(const QStringList &runs);
    void besideRequested(const QString &run, const QString &other); ///< their attention
    void askRequested(const QStringList &runs);                      ///< the same prompt for each
    void formDifferenceRequested(const QString &run);
    void importRequested();
    void newRunRequested();
    void stateChanged(); ///< what state() gives

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    QWidget *makeBar();
    void makeEmpty();
    void makeActions();               // compare_panel_frame.cpp
    void adoptFrame();                // compare_panel_frame.cpp
    void updateActions();             // compare_panel_frame.cpp
    void updateSummary();             // compare_panel_frame.cpp
    void copyTable(bool asMarkdown);  // compare_panel_frame.cpp
    [[nodiscard]] QString table() const;               // compare_panel_frame.cpp
    [[nodiscard]] QString command() const;             // compare_panel_frame.cpp
    [[nodiscard]] QVariantMap state() const;           // compare_panel_frame.cpp
    void restore(const QVariantMap &state);            // compare_panel_frame.cpp
    [[nodiscard]] QString runForAction() const;
    void updateLeading();    // compare_panel_frame.cpp
    [[nodiscard]] QString reasonNotToAsk(const QStringList &runs) const;
    void takeRuns();
    void giveRuns();
    void showProgress();
    void showEmpty();
    void takeFilter(const QString &text); // compare_panel_filter.cpp
    void wantSettings();                  // compare_panel_filter.cpp
    [[nodiscard]] std::vector<const RunStatus *> sourceRuns() const; // compare_panel_filter.cpp
    [[nodiscard]] QStringList filteredRuns() const;  // compare_panel_filter.cpp
    [[nodiscard]] QStringList tagsInUse() const;     // compare_panel_filter.cpp
    [[nodiscard]] QString noMatchText() const;       // compare_panel_filter.cpp
    void showFilter();                               // compare_panel_filter.cpp

    EngineSession &m_session;
    CompareFeed *m_feed;
    FilterSettings *m_settings; ///< asked for where the filter is about settings
    RunQuery m_query;           ///< what the filter says
    SegmentedChoice *m_sources, *m_tabs;
    QLineEdit *m_filter;
    ToneLabel *m_count;
    ToneLabel *m_problem = nullptr; ///< what of the filter is not understood
    QStackedWidget *m_stack, *m_pages;
    EmptyState *m_empty = nullptr;
    QPushButton *m_newRun = nullptr, *m_import = nullptr, *m_showAll = nullptr;
    ValuesPage *m_values;
    DifferencePage *m_difference;
    LineagePage *m_lineage;
    QAction *m_copyTsv = nullptr, *m_copyMarkdown = nullptr, *m_copySet = nullptr, *m_columns = nullptr,
            *m_onlyThese = nullptr, *m_branch = nullptr, *m_export = nullptr, *m_beside = nullptr, *m_ask = nullptr, *m_formDifference = nullptr;
    QString m_run;
    QStringList m_overlaid, m_chosen, m_compared;
    Tab m_tab = Tab::Values;
    Source m_source = Source::All;
    bool m_isSourceChosen = false; ///< by a person or a link
    QTimer m_selectionTimer;
};

} // namespace orrery::ui

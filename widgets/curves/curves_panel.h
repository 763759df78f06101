// SPDX-License-Identifier: GPL-3.0-or-later
// The curves of one run: loss (raw, smoothed, validation) and below it learning rate, gradient norm and
// speed, linked in x, with a docked read-out of what the cursor stands on. Live while the run trains. Other
// runs can be drawn beside it (curves_overlay.h). GUI thread only.
#pragma once

#include "widgets/common/paper_figure.h"
#include "widgets/curves/shown_series.h"

#include <QElapsedTimer>
#include <QString>
#include <QTimer>
#include <QVariantMap>
#include <QWidget>

#include <array>
#include <memory>
#include <optional>

class QAction;
class QMenu;
class QStackedWidget;
class QSplitter;
class QVBoxLayout;

namespace orrery::ui {

class Banner;
class CurvesFeed;
class CurvesOverlay;
class CurvesModel;
class CurvesToolbar;
class EmptyState;
class EngineSession;
class NoteBar;
class PanelFrame;
class PlotView;
class ReadoutView;
class SeriesChart;
struct ReadingSource;
struct RunMark;
enum class OverlaySeries : uint8_t;

class CurvesPanel : public QWidget {
    Q_OBJECT
public:
    /// The charts, top to bottom and left to right; Extra is that of a series that somebody chose.
    enum Chart { Loss, LearningRate, GradNorm, Speed, Extra, kNumCharts };

    /// @param session must outlive the panel
    explicit CurvesPanel(EngineSession &session, QWidget *parent = nullptr);
    ~CurvesPanel() override;

    /// Id of a run, as in RunStatus; empty: none.
    void setRun(const QString &runId);
    [[nodiscard]] QString run() const;
    /// Draws a series of the run, "head/1.0/entropy", beside those that are always there.
    void showSeries(const QString &series);
    /// Runs to draw beside that one, in the order in which they are kept when there are too many.
    void setOverlaidRuns(const QStringList &runs);
    [[nodiscard]] const QStringList &overlaidRuns() const;
    /// Begins a note on the run at the cursor, else at its newest step.
    void addNote();
    /// Of the notes at the cursor one that is chosen in a menu where there are several; undone by undoNote().
    void editNote();
    void removeNote();
    void undoNote();
    /// A note that is being written, to be kept; empty: none is.
    [[nodiscard]] QVariantMap noteDraft() const;
    void restoreNote(const QVariantMap &draft);
    /// The same, for menus; its key works in the panel alone.
    [[nodiscard]] QAction *noteAction() const { return m_noteAction; }

    [[nodiscard]] SeriesChart *seriesChart() const { return m_extra; }
    [[nodiscard]] PlotView *chart(Chart chart) const { return m_charts[chart]; }
    [[nodiscard]] ReadoutView *readout() const { return m_readout; }
    [[nodiscard]] CurvesToolbar *toolbar() const { return m_toolbar; }
    [[nodiscard]] CurvesModel *model() const { return m_model.get(); }
    [[nodiscard]] CurvesOverlay *overlay() const { return m_overlay; }
    [[nodiscard]] NoteBar *noteBar() const { return m_noteBar; }
    [[nodiscard]] Banner *notice() const { return m_notice; }
    /// Draws now what is pending; otherwise it happens within 33 ms.
    void flush();

Q_SIGNALS:
    /// The loss chart on the screen now shows reports up to this step. Sent once for each new last step.
    void painted(qint64 lastStep, double reportWallTime);
    /// The run has its first points, or they are gone with it: whether there is a series to choose.
    void hasPointsChanged(bool hasPoints);
    /// From the empty state.
    void newRunRequested();
    /// From the menu of a series in the read-out: "loss > ", to be finished.
    void breakpointRequested(const QString &beginning);
    /// B: from the step under the cursor.
    void branchRequested(const QString &run, qint64 step);
    /// A link, or the button that ends it, asks for other runs beside this one: they are drawn already.
    void overlayRequested(const QStringList &runs);

protected:
    void keyPressEvent(
        QKeyEvent *event) override; ///< Ctrl+C copies the read-out, wherever the focus is in the panel
    void showEvent(QShowEvent *event) override;

private:
    enum SeriesIndex { TrainLoss, ValLoss, ValPrefix, ValInfill, Rate, Norm, TokensPerSecond, Chosen, kNumSeries };

    QWidget *makeCharts();
    QWidget *makeLossContent(QWidget *columns);           // curves_panel_overlay.cpp
    void overlayChanged();                                // curves_panel_overlay.cpp
    void makeNotes(QWidget *content, QVBoxLayout *layout); // curves_panel_notes.cpp
    struct ShownNote;
    [[nodiscard]] std::vector<ShownNote> notesOf(const QStringList &keys) const; // curves_panel_notes.cpp
    enum class NoteVerb : uint8_t { Edit, Remove, Either };
    void chooseNote(NoteVerb verb, const QStringList &keys, const QPoint &globalPosition); // curves_panel_notes.cpp
    void changeNoteAtCursor(NoteVerb verb);                                                // curves_panel_notes.cpp
    QWidget *makeSmallCard(Chart chart, const QString &title);
    void makeSeriesCard(QSplitter *rows);
    void link(PlotView *chart);
    void setAllFollowing(bool isFollowing);

    void scheduleRefresh();
    void refresh();
    void refreshPage(bool hasPoints);
    void refreshCurves();
    [[nodiscard]] std::array<std::vector<PlotCurve>, kNumCharts> curvesIn(const QColor &run,
                                                                          const QColor &validation) const;
    void refreshMarks();                                  // curves_panel_overlay.cpp
    [[nodiscard]] std::vector<RunMark> placedMarks() const; // curves_panel_overlay.cpp
    [[nodiscard]] qint64 cursorStep() const;                // curves_panel_overlay.cpp
    void refreshTitle();                                  // curves_panel_frame.cpp
    void refreshSummary();                                // curves_panel_frame.cpp
    [[nodiscard]] QString overlaySummary() const;         // curves_panel_frame.cpp
    void showReading();                                   // curves_panel_overlay.cpp
    void showOverlayReading();                            // curves_panel_overlay.cpp
    [[nodiscard]] OverlaySeries overlaySeries(Chart chart) const; // curves_panel_overlay.cpp
    [[nodiscard]] bool hasPoints() const;                 // curves_panel_overlay.cpp
    void setAllLogX(bool isLogarithmic);
    [[nodiscard]] int refreshIntervalMs() const;
    void showCursor(const PlotView *from, double x);
    void requestDetail(double from, double to, int numBuckets); // curves_panel_frame.cpp
    void requestShownDetail();                            // curves_panel_frame.cpp
    void applyXMode();
    [[nodiscard]] XAxis axis() const;
    [[nodiscard]] bool isLive() const;
    void adoptFrame();                                    // curves_panel_frame.cpp
    void restore(const QVariantMap &state);               // curves_panel_frame.cpp
    void showRange();                                     // curves_panel_frame.cpp
    [[nodiscard]] PaperFigure figure() const;             // curves_panel_frame.cpp
    [[nodiscard]] QString table() const;                  // curves_panel_frame.cpp

    EngineSession &m_session;
    std::unique_ptr<CurvesModel> m_model;
    std::unique_ptr<CurvesFeed> m_feed;
    std::array<ShownSeries, kNumSeries> m_series;
    std::array<PlotView *, kNumCharts> m_charts{};
    QStackedWidget *m_pages = nullptr;
    EmptyState *m_empty = nullptr;
    PanelFrame *m_lossFrame = nullptr;
    SeriesChart *m_extra = nullptr;
    CurvesToolbar *m_toolbar = nullptr;
    ReadoutView *m_readout = nullptr;
    CurvesOverlay *m_overlay = nullptr;
    NoteBar *m_noteBar = nullptr;
    Banner *m_notice = nullptr; ///< what was done to notes, with Undo
    QTimer m_noticeTimer;
    QAction *m_undoNote = nullptr;
    QAction *m_noteAction = nullptr;
    Chart m_cursorChart = Loss; ///< that the pointer is in: its series is read of all runs
    QTimer m_readingTimer;
    QTimer m_refreshTimer;
    QElapsedTimer m_sinceRefresh;
    QTimer m_summaryTimer;
    bool m_isSummaryOld = false;
    std::optional<PlotRange> m_wantedRange; ///< of a link, until there are curves to show it in
    bool m_isLinking = false;
    bool m_needsRefresh = false; ///< while hidden, nothing is built
    qint64 m_shownStep = -1, m_paintedStep = -1;
    double m_shownWallTime = 0;
    quint64 m_shownRevision = 0;
};

/// Of the run's colour, yet apart from the training curve: towards the text colour.
QColor validationColor(const QColor &run);

} // namespace orrery::ui

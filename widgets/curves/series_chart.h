// SPDX-License-Identifier: GPL-3.0-or-later
// The card of a series that somebody chose by its name: of a head, of a part or probe of a plugin, or any
// other that the run tells. Folded to its title row until one is chosen. It knows names and asks the engine
// for them when somebody comes near; the panel of the curves gives it what to draw. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"

#include <QElapsedTimer>
#include <QSet>
#include <QStringList>

class QComboBox;

namespace orrery::ui {

class EngineSession;
class PlotView;

class SeriesChart : public PanelFrame {
    Q_OBJECT
public:
    /// @param session must outlive it
    explicit SeriesChart(EngineSession &session, QWidget *parent = nullptr);

    /// The names of the run before go; the chosen one stays.
    void setRun(const QString &run);
    /// Also one that the run does not tell (yet). Empty: none, the card folds.
    void setSeries(const QString &name);
    /// Whether what the run told of it is still on its way; said while there is no curve.
    void setReading(bool isReading);
    [[nodiscard]] const QString &series() const { return m_series; }
    [[nodiscard]] PlotView *view() const { return m_view; }
    [[nodiscard]] QComboBox *choice() const { return m_choice; }
    [[nodiscard]] QStringList names() const; ///< as they are listed
    /// Goes to the box with its text selected, for the keyboard and the palette: what is typed replaces it.
    void choose();

Q_SIGNALS:
    void seriesChanged(const QString &name);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void takeTyped();
    void askNames();
    void addNames(const QStringList &names);
    void showSeries();
    void showEmptyText();

    EngineSession &m_session;
    QString m_run, m_series;
    QSet<QString> m_known; ///< names that are listed
    QComboBox *m_choice;
    PlotView *m_view;
    QToolButton *m_close;
    QElapsedTimer m_sinceAsked;
    bool m_isReading = false;
    quint64 m_number = 0; ///< of the run: answers for another one are dropped
};

/// What its values are counted in, for the axis; empty: a plain number, or only its plugin knows.
QString seriesUnit(const QString &name);

} // namespace orrery::ui

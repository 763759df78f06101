// SPDX-License-Identifier: GPL-3.0-or-later
// The alarms of a run that hold now: kind, since when, what was found and what to do, and the way to the
// curve. Hidden while there is none. GUI thread only.
#pragma once

#include "core/spec/run_records.h"

#include <QWidget>

#include <vector>

class QVBoxLayout;

namespace orrery::ui {

class ToneLabel;

class AlarmList : public QWidget {
    Q_OBJECT
public:
    explicit AlarmList(QWidget *parent = nullptr);
    /// The newest last; shown first, and only of it the text, until the others are opened. Rows stay while
    /// the alarms do.
    void setAlarms(const std::vector<RunAlarm> &alarms);
    [[nodiscard]] const std::vector<RunAlarm> &alarms() const { return m_alarms; }

Q_SIGNALS:
    void curveRequested(const QString &series, qint64 step);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    struct Row {
        QWidget *widget;
        ToneLabel *since;
    };
    Row makeRow(const RunAlarm &alarm, bool isOpen);
    void tellTimes();

    std::vector<RunAlarm> m_alarms;
    std::vector<Row> m_rows; ///< as m_alarms
    QVBoxLayout *m_layout;
};

} // namespace orrery::ui

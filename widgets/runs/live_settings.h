// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of a training that may change while it runs, made from the field table. A change waits for the
// next step boundary; the row says so, and then at which step it was applied. GUI thread only.
#pragma once

#include "core/spec/field_table.h"
#include "widgets/session/engine_session.h"

#include <QWidget>

#include <vector>

class QGridLayout;
class QPushButton;

namespace orrery::ui {

class Banner;
class FieldEditor;
class RunFeed;
class ToneLabel;

class LiveSettings : public QWidget {
    Q_OBJECT
public:
    /// @param feed of the run that is changed; outlives this widget
    LiveSettings(EngineSession &session, RunFeed &feed, QWidget *parent = nullptr);
    [[nodiscard]] FieldEditor *editor(const QString &key) const;
    [[nodiscard]] QString statusText(const QString &key) const;
    /// As the row's Apply button.
    void apply(const QString &key);

Q_SIGNALS:
    void closeRequested();

private:
    struct Row {
        const Field *field;
        FieldEditor *editor;
        QPushButton *applyButton;
        QWidget *copyButton;
        ToneLabel *status;
        bool isPending = false;
        QString asked;
    };
    void addRow(const Field &field, QGridLayout *grid);
    Row *row(const QString &key);
    [[nodiscard]] const Row *row(const QString &key) const;
    void edited(const QString &key);
    void readSpec();
    void takeEvents(const std::vector<RunEvent> &events);
    void updateState();

    EngineSession &m_session;
    RunFeed &m_feed;
    std::vector<Row> m_rows;
    ToneLabel *m_note;
    Banner *m_banner;
};

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of a training that may change while it runs, made from the field table. A change waits for the
// next step boundary; the row says so, and then at which step it was applied, and takes it back. GUI thread only.
#pragma once

#include "core/spec/field_table.h"
#include "widgets/session/engine_session.h"

#include <QVariantMap>
#include <QWidget>

#include <optional>
#include <vector>

class QGridLayout;
class QPushButton;
class QToolButton;

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
    /// As the row's Undo button: the value that stood there before the last one that was applied here.
    void undo(const QString &key);
    /// What was given and not applied yet, by key, and the same again after a restart.
    [[nodiscard]] QVariantMap draft() const;
    void restoreDraft(const QVariantMap &draft);

Q_SIGNALS:
    void closeRequested();

private:
    struct Row {
        const Field *field;
        FieldEditor *editor;
        QPushButton *applyButton;
        QWidget *copyButton;
        ToneLabel *status;
        QToolButton *undoButton;
        bool isPending = false;
        QString asked;
        std::optional<QString> before = {}; ///< what was asked; nothing: there is nothing to take back
    };
    void addRow(const Field &field, QGridLayout *grid);
    Row *row(const QString &key);
    [[nodiscard]] const Row *row(const QString &key) const;
    void edited(const QString &key);
    void offerUndo(Row &row);
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

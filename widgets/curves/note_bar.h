// SPDX-License-Identifier: GPL-3.0-or-later
// One line to write a note into, at a step of a run; hidden until it is asked for. What is wrong with a note stands
// under it. GUI thread only.
#pragma once

#include "core/base/result.h"

#include <QString>
#include <QVariantMap>
#include <QWidget>

class QLineEdit;
class QPushButton;

namespace orrery::ui {

class ElidedLabel;
class EngineSession;
class ToneLabel;

class NoteBar : public QWidget {
    Q_OBJECT
public:
    /// @param session must outlive it
    explicit NoteBar(EngineSession &session, QWidget *parent = nullptr);
    /// Shows itself for this step, with what was written before and not added.
    void begin(const QString &run, const QString &title, qint64 step);
    /// Of another run than this one there is nothing to write any more.
    void setRun(const QString &run);
    [[nodiscard]] QLineEdit *edit() const { return m_edit; }
    [[nodiscard]] QString error() const;
    /// What is written and not added, with run and step; empty: nothing is.
    [[nodiscard]] QVariantMap draft() const;
    /// Shows it again where it was shown.   @param title of its run
    void restore(const QVariantMap &draft, const QString &title);

Q_SIGNALS:
    void added(const QString &run); ///< the engine has it
    void closed();

protected:
    void keyPressEvent(QKeyEvent *event) override; ///< Esc closes

private:
    void add();
    void close();
    void showError(const QString &text);

    EngineSession &m_session;
    ElidedLabel *m_label;
    QLineEdit *m_edit;
    QPushButton *m_add, *m_cancel;
    ToneLabel *m_error;
    QString m_run;
    qint64 m_step = 0;
    quint64 m_number = 0; ///< of begin(): answers for an earlier one change nothing here
};

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
// One line to write a note into, at a step of a run, or to correct one; hidden until it is asked for. What is wrong with
// a note stands under it. GUI thread only.
#pragma once

#include "widgets/curves/note_edits.h"

#include <QVariantMap>
#include <QWidget>

#include <vector>

class QLineEdit;
class QMenu;
class QPushButton;
class QToolButton;

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
    /// @param near notes that stand there already: its menu corrects and removes them
    void begin(const QString &run, const QString &title, qint64 step, const std::vector<NoteEdits::Note> &near = {});
    /// Shows itself with the text of a note, to be corrected.
    void beginCorrection(const NoteEdits::Note &note, const QString &title);
    /// Of another run than this one there is nothing to write any more.
    void setRun(const QString &run);
    [[nodiscard]] QLineEdit *edit() const { return m_edit; }
    [[nodiscard]] NoteEdits *edits() const { return m_edits; }
    [[nodiscard]] QString error() const;
    /// What is written and not added, with run and step; empty: nothing is.
    [[nodiscard]] QVariantMap draft() const;
    /// Shows it again where it was shown.   @param title of its run
    void restore(const QVariantMap &draft, const QString &title);

Q_SIGNALS:
    void closed();

protected:
    void keyPressEvent(QKeyEvent *event) override; ///< Esc closes

private:
    void show(const QString &run, const QString &label);
    void fillMenu(const std::vector<NoteEdits::Note> &near, const QString &title);
    void add();
    void correct();
    void remove();
    void close();
    void showError(const QString &text);

    EngineSession &m_session;
    NoteEdits *m_edits;
    ElidedLabel *m_label;
    QLineEdit *m_edit;
    QToolButton *m_near;
    QMenu *m_menu;
    QPushButton *m_add, *m_remove, *m_cancel;
    ToneLabel *m_error;
    QString m_run;
    qint64 m_step = 0;
    NoteEdits::Note m_corrected; ///< with an id while one is corrected
    quint64 m_number = 0; ///< of begin(): answers for an earlier one change nothing here
};

/// "Edit “text”…" and "Remove “text”" for each of them.
void addNoteActions(QMenu &menu, const std::vector<NoteEdits::Note> &notes,
                    const std::function<void(const NoteEdits::Note &)> &edit,
                    const std::function<void(const NoteEdits::Note &)> &remove);

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
// Writes notes on curves, corrects them and takes them away. Each change is one step that can be undone, as the run keeps
// what was said. GUI thread only; owned by the panel of the curves.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_records.h"

#include <QObject>
#include <QString>

#include <functional>
#include <vector>

namespace orrery::ui {

class EngineSession;

class NoteEdits : public QObject {
    Q_OBJECT
public:
    struct Note {
        QString run;
        qint64 id = 0; ///< of its event; 0: it is not known
        qint64 step = 0;
        QString text; ///< as it is now
    };
    /// @param session must outlive it
    explicit NoteEdits(EngineSession &session, QObject *parent = nullptr);

    /// A new one.   @param note without an id   @param answered told first
    void add(const Note &note, const std::function<void(const Result<void> &)> &answered);
    /// @param text empty: takes it away   @param answered told first; may be empty
    void change(const Note &note, const QString &text, const std::function<void(const Result<void> &)> &answered = {});
    void undo();
    [[nodiscard]] bool canUndo() const { return !m_before.empty(); }

Q_SIGNALS:
    /// @param canUndo what was done is the step that undo() takes back
    void done(const QString &text, bool canUndo);
    void failed(const orrery::Error &error);
    void changed(const QString &run); ///< the engine has it
    void stepsChanged();              ///< canUndo() may be another

private:
    struct Step {
        Note note; ///< with the text that it had
        bool wasAdded = false; ///< before there was none: its id is looked for when it is taken back
    };
    void remember(Step step);
    void takeBack(const Step &step, qint64 id);
    void keep(const Step &step, const Error &error);
    /// The newest note with this step and text. @param after id of the last event that was read
    void find(const Note &note, qint64 after, std::vector<RunEvent> notes, const std::function<void(const Result<qint64> &)> &found);

    EngineSession &m_session;
    std::vector<Step> m_before; ///< the newest last
    quint64 m_engineNumber = 0; ///< steps of an older one are not kept
};

} // namespace orrery::ui

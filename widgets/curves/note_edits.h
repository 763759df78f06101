// SPDX-License-Identifier: GPL-3.0-or-later
// Corrects notes on curves and takes them away. Each change is one step that can be undone, as the run keeps what was
// said. GUI thread only; owned by the panel of the curves.
#pragma once

#include "core/base/result.h"

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
        qint64 id = 0; ///< of its event
        qint64 step = 0;
        QString text; ///< as it is now
    };
    /// @param session must outlive it
    explicit NoteEdits(EngineSession &session, QObject *parent = nullptr);

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
    EngineSession &m_session;
    std::vector<Note> m_before; ///< the newest last, with the texts that they had
    quint64 m_engineNumber = 0; ///< steps of an older one are not kept
};

} // namespace orrery::ui

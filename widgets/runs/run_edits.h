// SPDX-License-Identifier: GPL-3.0-or-later
// What people change about runs in the list: name, tags, notes, archive, delete. Each change of one or
// several runs is one step that can be undone, also after others; nothing asks before. GUI thread only; owned
// by the list's panel.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_records.h"

#include <QObject>
#include <QString>
#include <QStringList>
#include <QVariantMap>

#include <memory>
#include <vector>

namespace orrery::ui {

class EngineSession;

class RunEdits : public QObject {
    Q_OBJECT
public:
    explicit RunEdits(EngineSession &session, QObject *parent = nullptr);

    void rename(const QString &run, const QString &name);
    void setArchived(const QStringList &runs, bool isArchived);
    /// Of each run: those it has without `removed`, and `added` behind them.
    void changeTags(const QStringList &runs, const QStringList &added, const QStringList &removed);
    /// Tags and notes of one run together.   @param notesBefore as they were read, for undo
    void setLabels(const QString &run, const QStringList &tags, const QString &notes,
                   const QString &notesBefore);
    /// Moves them to the trash. Live ones are left out, and said.
    void remove(const QStringList &runs);

    void undo();
    /// What was deleted came back in another way: there is nothing to undo of that any more. @param runs ids or folders
    void takeRestored(const QStringList &runs) { forget(runs, Forgotten::Deletion); }
    /// They are gone for good: nothing can be undone of them.
    void takeGone(const QStringList &runs) { forget(runs, Forgotten::Everything); }
    /// Forgets all steps: their runs are those of another engine.
    void clear()
    {
        m_steps.clear();
        ++m_engineNumber;
    }
    [[nodiscard]] bool canUndo() const { return !m_steps.empty(); }
    /// The steps that can be taken back, to be kept; their texts with them. Bounded.
    [[nodiscard]] QVariantMap state() const;
    /// Steps of the same engine, kept earlier. What cannot be understood is left out.
    void restore(const QVariantMap &state);
    [[nodiscard]] QString undoText() const; ///< "Undo: deleted lr-3e-2"; empty: nothing to undo

Q_SIGNALS:
    /// Something was done, or was taken back.   @param canUndo what was done is the step that undo() takes
    /// back
    void done(const QString &text, bool canUndo);
    void failed(const orrery::Error &error);
    void runChanged(const orrery::RunStatus &status); ///< newer than the list

private:
    struct Before {
        QString run;
        QString title; ///< as it was called
        bool wasDeleted = false;
        RunEdit edit; ///< that brings it back
    };
    struct Step {
        QString text;
        std::vector<Before> runs;
    };
    struct Work; ///< a step under way
    enum class Forgotten : uint8_t { Deletion, Everything };
    void forget(const QStringList &runs, Forgotten what);
    [[nodiscard]] std::shared_ptr<Work> begin() const;
    [[nodiscard]] const RunStatus *statusOf(const QString &run) const;
    [[nodiscard]] QString titleOf(const QString &run) const;
    [[nodiscard]] static QString textOf(const Work &work);
    void edit(const std::shared_ptr<Work> &work, const QString &run, const RunEdit &change, RunEdit before);
    void finish(const std::shared_ptr<Work> &work);

    EngineSession &m_session;
    std::vector<Step> m_steps;
    quint64 m_engineNumber = 0; ///< steps that were asked of an older one are not kept
};

} // namespace orrery::ui

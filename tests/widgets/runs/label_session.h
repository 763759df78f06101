// SPDX-License-Identifier: GPL-3.0-or-later
// An engine that keeps labels and a trash as the real one does, and lists what comes of an edit at once.
#pragma once

#include "tests/widgets/common/fake_session.h"
#include "widgets/common/number_text.h"

#include <QSet>

namespace orrery::ui {

class LabelSession : public FakeSession {
public:
    struct Edited {
        QString run;
        RunEdit edit;
    };
    std::vector<Edited> edits;
    QStringList restored;
    std::map<QString, std::string> notes;
    std::map<QString, Error> refuses; ///< by run

    void editRun(const QString &run, const RunEdit &edit, QObject *context, Reply<RunStatus> reply) override
    {
        edits.push_back({run, edit});
        QTimer::singleShot(0, this, [this, run, edit, context = QPointer<QObject>(context), reply] {
            if (!context) return;
            if (const auto refusal = refuses.find(run); refusal != refuses.end())
                return reply(refusal->second);
            std::vector<RunStatus> runs = runList;
            RunStatus answer;
            for (RunStatus &status : runs) {
                if (QString::fromStdString(status.id) != run) continue;
                if (edit.name) status.name = *edit.name;
                if (edit.tags) status.labels.tags = *edit.tags;
                if (edit.isArchived) status.labels.isArchived = *edit.isArchived;
                if (edit.notes) notes[run] = *edit.notes;
                answer = status;
                answer.labels.notes = notes[run]; // lists come without them
            }
            reply(answer);
            setRuns(runs);
        });
    }
    void deleteRun(const QString &run, QObject *context, Reply<void> reply) override
    {
        deletedRuns << run;
        QTimer::singleShot(0, this, [this, run, context = QPointer<QObject>(context), reply] {
            if (!context) return;
            if (const auto refusal = refuses.find(run); refusal != refuses.end())
                return reply(refusal->second);
            std::vector<RunStatus> runs = runList;
            std::erase_if(runs, [&](const RunStatus &status) {
                const bool isIt = QString::fromStdString(status.id) == run;
                if (isIt) m_trash[run] = status, m_deletedAt[run] = wallNow() - 60 * double(m_deletedAt.size());
                return isIt;
            });
            reply(Result<void>());
            setRuns(runs);
        });
    }
    void listTrash(QObject *context, Reply<std::vector<DeletedRun>> reply) override
    {
        QTimer::singleShot(0, this, [this, context = QPointer<QObject>(context), reply] {
            if (!context) return;
            if (trashError) return reply(*trashError);
            std::vector<DeletedRun> runs;
            for (const auto &[id, status] : m_trash)
                runs.push_back({"/home/trash/" + status.id, status.id, status.name, "/home/runs/" + status.id,
                                m_deletedAt[id], uint64_t{1} << (20 + runs.size())});
            reply(std::move(runs));
        });
    }
    void emptyTrash(const TrashChoice &choice, QObject *context, Reply<std::vector<DeletedRun>> reply) override
    {
        emptied.push_back(choice);
        QTimer::singleShot(0, this, [this, choice, context = QPointer<QObject>(context), reply] {
            if (!context) return;
            if (trashError) return reply(*trashError);
            for (const std::string &entry : choice.entries) m_trash.erase(idOf(QString::fromStdString(entry)));
            reply(std::vector<DeletedRun>{});
        });
    }
    std::vector<TrashChoice> emptied;
    std::optional<Error> trashError;
    /// As an engine knows a deleted run: by its folder in the trash, too.
    static QString idOf(const QString &entry) { return entry.section(u'/', -1); }
    void restoreRun(const QString &run, QObject *context, Reply<RunStatus> reply) override
    {
        restored << run;
        QTimer::singleShot(0, this, [this, run, context = QPointer<QObject>(context), reply] {
            if (!context) return;
            const auto found = m_trash.find(idOf(run));
            if (found == m_trash.end())
                return reply(Error{ErrorCode::NotFound,
                                   "Cannot restore run \"" + run.toStdString() +
                                       "\": no run of this id is in the trash.",
                                   "See `orrery-engine runs trash list`."});
            const RunStatus status = found->second;
            m_trash.erase(found);
            std::vector<RunStatus> runs = runList;
            runs.push_back(status);
            reply(status);
            setRuns(runs);
        });
    }
    void emptyTrash() { m_trash.clear(); }

private:
    std::map<QString, RunStatus> m_trash;
    std::map<QString, double> m_deletedAt;
};

inline RunStatus tagged(RunStatus status, std::vector<std::string> tags)
{
    status.labels.tags = std::move(tags);
    return status;
}

inline RunStatus archived(RunStatus status)
{
    status.labels.isArchived = true;
    return status;
}

inline RunStatus alarmed(RunStatus status, AlarmKind kind = AlarmKind::Spike)
{
    status.alarms.push_back({kind, 8'000, 9'900,
                             kind == AlarmKind::DiskFull || kind == AlarmKind::NoReport ? "" : "loss",
                             "The loss jumped to 4.1 at step 8000, expected about 1.4. Branch before it."});
    return status;
}

} // namespace orrery::ui

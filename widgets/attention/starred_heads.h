// SPDX-License-Identifier: GPL-3.0-or-later
// The starred heads of a run, whose kept steps are finer (setting probes.starred): as the run began, and as
// it was changed since. Of a run that trains a star is set at its next step; of another one it is a note for
// the next run. A change sets the whole list, so none is made before the list is known. GUI thread only.
#pragma once

#include "widgets/session/event_log.h"

#include <QStringList>

#include <deque>
#include <vector>

namespace orrery::ui {

class StarredHeads : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    StarredHeads(EngineSession &session, QObject *parent);
    void setRun(const QString &run); ///< empty: none
    /// As the spec of the run names them; what was changed since is read. Only the first time of a run.
    void setFrozen(const QStringList &names);
    /// Changes may have been missed: they are read.
    void readAgain();
    /// The spec and all changes since were read; nothing may be set before.
    [[nodiscard]] bool isKnown() const { return m_isKnown; }
    [[nodiscard]] bool hasFailed() const { return m_hasFailed; } ///< they could not be read
    /// With what the engine was asked for and has not answered yet.
    [[nodiscard]] const std::vector<HeadRef> &heads() const;
    [[nodiscard]] bool isStarred(const HeadRef &head) const;
    /// All of them get a star; where all have one, it is taken off them.
    void toggle(const std::vector<HeadRef> &heads, bool isLive);
    [[nodiscard]] QString settingText() const; ///< probes.starred=["1.0"]

Q_SIGNALS:
    void changed();
    void noted(); ///< the run does not train: settingText() is for the next one
    void failed(const orrery::Error &error);
    void read(const std::vector<orrery::RunEvent> &events); ///< all of the run, each once, in their order

private:
    void takeUpdate(const RunUpdate &update);
    void waitForLog();
    void takeEvents(const std::vector<RunEvent> &events);
    void takeSetting(std::vector<HeadRef> heads);
    void takeAnswer(const Result<RunStatus> &answer);

    EngineSession &m_session;
    EventLog m_log;
    QString m_run;
    std::vector<HeadRef> m_confirmed; ///< as the run has them
    struct Asked {
        std::vector<HeadRef> heads;
        bool wasTold = false; ///< its event came before the answer
    };
    std::deque<Asked> m_asked;                   ///< changes that the engine has not answered, oldest first
    std::deque<std::vector<HeadRef>> m_accepted; ///< and those whose event is still to come
    quint64 m_generation = 0;                    ///< of setRun
    quint64 m_reading = 0;                       ///< number of the last readAgain()
    bool m_isFrozenKnown = false, m_isKnown = false, m_hasFailed = false;
};

} // namespace orrery::ui

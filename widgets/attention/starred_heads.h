// SPDX-License-Identifier: GPL-3.0-or-later
// The starred heads of a run, whose kept steps are finer (setting probes.starred): as the run began, and as
// it was changed since. Of a run that trains a star is set at its next step; of another one it is a note for
// the next run. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QStringList>

#include <vector>

namespace orrery::ui {

class StarredHeads : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    StarredHeads(EngineSession &session, QObject *parent);
    void setRun(const QString &run); ///< empty: none
    /// As the spec of the run names them; what was changed since is read.
    void setFrozen(const QStringList &names);
    [[nodiscard]] const std::vector<HeadRef> &heads() const { return m_heads; }
    [[nodiscard]] bool isStarred(const HeadRef &head) const;
    /// All of them get a star; where all have one, it is taken off them.
    void toggle(const std::vector<HeadRef> &heads, bool isLive);
    [[nodiscard]] QString settingText() const; ///< probes.starred=["1.0"]

Q_SIGNALS:
    void changed();
    void noted(); ///< the run does not train: settingText() is for the next one
    void failed(const orrery::Error &error);

private:
    void readEvents(qint64 afterId);
    void takeEvents(const std::vector<RunEvent> &events);
    void take(std::vector<HeadRef> heads);

    EngineSession &m_session;
    QString m_run;
    std::vector<HeadRef> m_heads;
    quint64 m_generation = 0; ///< of setRun
    bool m_isFrozenKnown = false;
    int m_numAsked = 0;       ///< changes that the engine has not answered
};

} // namespace orrery::ui

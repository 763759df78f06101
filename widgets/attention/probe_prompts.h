// SPDX-License-Identifier: GPL-3.0-or-later
// The texts of a run whose steps are kept (setting probes.prompts): as the run began, and as they were changed since. A text
// is added at the end while the run trains, so that those that are kept already keep their numbers. A change sets the whole
// list, so none is made before the list is known. GUI thread only; owned by the panel, which hands it the events of the run.
#pragma once

#include "widgets/session/engine_session.h"

#include <QObject>
#include <QStringList>

#include <optional>
#include <vector>

namespace orrery::ui {

class ProbePrompts : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    ProbePrompts(EngineSession &session, QObject *parent);
    void setRun(const QString &run); ///< empty: none
    /// As the spec of the run has them. Only the first time of a run.
    void setFrozen(const QStringList &texts);
    /// In their order, each once.
    void takeEvents(const std::vector<RunEvent> &events);
    [[nodiscard]] const QStringList &texts() const { return m_texts; } ///< as they are now
    [[nodiscard]] int numFrozen() const { return m_numFrozen; }
    /// As FrameInfo::prompt: the validation text has the number behind those that the run began with. −1: it is none of them.
    [[nodiscard]] int numberOf(const QString &text) const;
    [[nodiscard]] bool isAsking() const { return m_isAsking; }
    void add(const QString &text);
    /// Only the last one: behind it the numbers would be others.
    void takeBack(const QString &text);

Q_SIGNALS:
    void changed();
    void added(const QString &text); ///< the engine has taken it
    void failed(const orrery::Error &error);

private:
    void set(const QStringList &next, const QString &text);

    EngineSession &m_session;
    QString m_run;
    QStringList m_texts;
    QStringList m_asked;                   ///< set here, and the answer is still to come
    std::optional<QStringList> m_accepted; ///< set here, and its event is still to come
    quint64 m_generation = 0;              ///< of setRun
    int m_numFrozen = 0;
    bool m_isFrozenKnown = false, m_isAsking = false;
    bool m_isAskedTold = false; ///< the event of m_asked has come
};

} // namespace orrery::ui

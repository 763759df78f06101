// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a model has learned to see a prompt whole: of a run its spec says so, of a model directory its settings. Each is
// asked for once, when somebody wants to know. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QObject>

#include <map>
#include <memory>

namespace orrery::ui {

class PrefixModels : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    explicit PrefixModels(EngineSession &session, QObject *parent = nullptr);
    /// @param model "run", "run@step" or a model directory
    void want(const QString &model);
    /// Why its prompts cannot be seen whole; empty: they can, or only the engine knows.
    [[nodiscard]] QString problem(const QString &model) const;

Q_SIGNALS:
    void changed();

private:
    struct Answer {
        std::unique_ptr<PendingRequest> pending; ///< of a directory
        bool isKnown = false;
        QString problem;
    };
    void take(const QString &key, const Result<QString> &spec);

    EngineSession &m_session;
    std::map<QString, Answer> m_answers; ///< by run or directory
    quint64 m_engineNumber = 0;          ///< another engine's runs may have the same ids
};

} // namespace orrery::ui

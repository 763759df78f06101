// SPDX-License-Identifier: GPL-3.0-or-later
// One question to a model at a time: a new one takes the place of the one before, whose answer never comes.
// GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <memory>
#include <optional>

namespace orrery::ui {

class ModelQuestion : public QObject {
    Q_OBJECT
public:
    ModelQuestion(EngineSession &session, QObject *parent) : QObject(parent), m_session(session) {}
    /// @param model "RUN@step", "RUN@live" …, as EngineSession::inspect
    void ask(const QString &model, const InspectRequest &request);
    void cancel();
    void retry() { ask(m_model, m_request); }
    [[nodiscard]] bool isAsking() const { return m_isAsking; }
    [[nodiscard]] const QString &model() const { return m_model; }
    [[nodiscard]] const InspectRequest &request() const { return m_request; }
    /// Of the answer that is on its way; nothing: none of it has come yet, or the engine does not tell.
    [[nodiscard]] const std::optional<InspectAmount> &amount() const { return m_amount; }
    /// "layer 3 of 12", "layer 3 of 12, pass 1 of 2", "pass 2 of 2"; empty: nothing is told of it.
    static QString readingText(const InspectPassAmount &amount);
    /// How much of the work that it tells of is done, 0 … 1; −1: nothing is told of it.
    static double readingShare(const InspectPassAmount &amount);

Q_SIGNALS:
    void answered(const orrery::InspectReport &report);
    void failed(const orrery::Error &error);
    void stateChanged();
    void amountChanged();

private:
    EngineSession &m_session;
    QString m_model;
    InspectRequest m_request;
    std::unique_ptr<PendingRequest> m_handle;
    quint64 m_number = 0;
    bool m_isAsking = false;
    std::optional<InspectAmount> m_amount;
};

} // namespace orrery::ui

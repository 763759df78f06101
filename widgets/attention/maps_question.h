// SPDX-License-Identifier: GPL-3.0-or-later
// Asks for the maps of a text: of the whole of it, or, where it is longer than the model's context, of what
// the model had before it at one of its tokens, as the microscope does. Who refuses a long text is asked for the
// window, and for its overview behind it; who cannot tell a whole map as it was said is asked without that. One question at a time, the newest takes the place of the one before. GUI thread only.
#pragma once

#include "widgets/attention/model_question.h"

#include <vector>

namespace orrery::ui {

class MapsQuestion : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    MapsQuestion(EngineSession &session, QObject *parent);
    /// @param model as EngineSession::inspect   @param request with an overview: of the whole text, if it can
    /// be; without: of a window at once   @param token the window is what was read there; −1: the last one
    void ask(const QString &model, const InspectRequest &request, int64_t token);
    void cancel();
    void retry() { ask(m_model, m_first, m_token); }
    [[nodiscard]] bool isAsking() const { return m_question->isAsking(); }
    [[nodiscard]] const QString &model() const { return m_model; }
    /// What the maps were asked for by; of a window without an overview, and with its token.
    [[nodiscard]] const InspectRequest &request() const { return m_request; }
    /// As ModelQuestion; of a long text each of its questions has one of its own.
    [[nodiscard]] const std::optional<InspectAmount> &amount() const { return m_question->amount(); }
    /// The last answer is about a part of the text.
    [[nodiscard]] bool isWindow() const { return m_isWindow; }

Q_SIGNALS:
    void answered(const orrery::InspectReport &report);
    void failed(const orrery::Error &error);
    void stateChanged();
    void amountChanged();

private:
    enum class Phase : uint8_t { Whole, Window, Heads };
    void askAtToken();
    void askForWindow();
    void askForHeads(const InspectReport &report);
    void onAnswer(const InspectReport &report);
    void onFailure(const Error &error);
    void give(InspectReport report, const std::vector<AttentionMap> &overview);
    [[nodiscard]] bool isOverviewOf(const InspectReport &report) const;

    ModelQuestion *m_question;
    QString m_model;
    InspectRequest m_first, m_request;
    int64_t m_token = -1;
    Phase m_phase = Phase::Whole;
    bool m_isWindow = false;
    InspectReport m_window; ///< waits for its overview
    /// Of the window that was looked at last: another head of it needs no other one.
    struct Overview {
        QString model;
        std::vector<int32_t> ids;
        std::vector<AttentionMap> maps;
    } m_overview;
};

} // namespace orrery::ui

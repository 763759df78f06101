// SPDX-License-Identifier: GPL-3.0-or-later
// Each token by each of a part of a map that has cells of several tokens; with the same part of what it is compared
// with, where it is. One part at a time. GUI thread only; owned by the panel.
#pragma once

#include "widgets/attention/head_matrix.h"
#include "widgets/attention/token_groups.h"
#include "widgets/session/engine_session.h"

#include <optional>

namespace orrery::ui {

class ModelQuestion;

class ExactCells : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    ExactCells(EngineSession &session, QObject *parent);
    /// @param request rows and columns of some heads   @param base what they are compared with; empty: nothing.
    /// Nothing happens while just this is under way.
    void ask(const QString &model, const QString &base, const InspectRequest &request);
    void forget(); ///< what came, and what is under way
    [[nodiscard]] bool isAsking() const;
    [[nodiscard]] std::optional<InspectAmount> amount() const; ///< of both answers; as ModelQuestion
    [[nodiscard]] const QString &model() const { return m_model; }
    /// What was asked for came, all of it, and is of these heads and, with a base, of their difference.
    [[nodiscard]] bool has(const std::vector<HeadRef> &heads, const QString &base) const;
    [[nodiscard]] std::vector<HeadMatrix> matrices(const std::vector<InspectedToken> &tokens,
                                                   Granularity granularity) const;

Q_SIGNALS:
    void answered();
    void failed(const orrery::Error &error);
    void stateChanged();
    void amountChanged();

private:
    void take(std::optional<std::vector<AttentionMap>> &maps, const InspectReport &report);

    ModelQuestion *m_now, *m_before;
    QString m_model, m_base;
    InspectRequest m_request;
    std::optional<std::vector<AttentionMap>> m_maps, m_baseMaps;
};

} // namespace orrery::ui

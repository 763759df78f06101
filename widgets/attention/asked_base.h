// SPDX-License-Identifier: GPL-3.0-or-later
// The same question to other weights, so that an answer can be compared with theirs. Asks once for an answer and
// a model, and not again after it was refused. GUI thread only; owned by the panel.
#pragma once

#include "widgets/attention/snapshot.h"
#include "widgets/session/engine_session.h"

#include <optional>

namespace orrery::ui {

class MapsQuestion;

class AskedBase : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    AskedBase(EngineSession &session, QObject *parent);
    /// @param of the answer that is shown   @param model other weights   @param request as `of` was asked for
    void want(const SnapshotPtr &of, const QString &model, const InspectRequest &request);
    void drop();   ///< nobody compares any more; what came is kept
    void cancel(); ///< by a person: as if it had been refused
    void retry();
    /// What `of` is compared with; null: it is still to come, or was refused.
    [[nodiscard]] SnapshotPtr find(const SnapshotPtr &of) const { return of == m_of ? m_base : nullptr; }
    [[nodiscard]] bool isAsking() const;
    [[nodiscard]] const QString &model() const { return m_model; }
    [[nodiscard]] std::optional<InspectAmount> amount() const; ///< as MapsQuestion

Q_SIGNALS:
    void changed();
    void amountChanged();
    void failed(const orrery::Error &error);

private:
    MapsQuestion *m_question;
    SnapshotPtr m_of, m_base;
    QString m_model;
    bool m_isRefused = false;
};

} // namespace orrery::ui

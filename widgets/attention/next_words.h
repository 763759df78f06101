// SPDX-License-Identifier: GPL-3.0-or-later
// What the model says behind other tokens of a text than the one that its maps were asked for with: asks once
// for each of them, and only for where a person stays; as it was said, where the maps are. GUI thread only.
#pragma once

#include "widgets/attention/model_question.h"
#include "widgets/attention/snapshot.h"

#include <QTimer>

#include <functional>
#include <map>

namespace orrery::ui {

class NextWords : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    NextWords(EngineSession &session, QObject *parent);
    /// @param of the answer that is shown   @param text called when the model is asked   @param token of it
    void want(const SnapshotPtr &of, const QString &model, std::function<GenerateRequest()> text,
              int64_t token);
    void cancel();         ///< nobody looks
    void forgetRefusals(); ///< why they were may be over
    /// Null: it is still to come, or was refused.
    [[nodiscard]] const InspectReport *known(const SnapshotPtr &of, int64_t token) const;
    /// Why there is none; empty: it is still to come.
    [[nodiscard]] QString whyNot(int64_t token) const;

Q_SIGNALS:
    void changed();

private:
    void ask();

    ModelQuestion *m_question;
    QTimer m_timer;
    SnapshotPtr m_of;
    QString m_model;
    std::function<GenerateRequest()> m_text;
    int64_t m_token = -1;
    std::map<int64_t, InspectReport> m_known; ///< of m_of, by token
    std::map<int64_t, QString> m_refused;     ///< likewise
};

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures and recordings of a kept document in focus. Nobody asks with them: the samples of the run show them, and are
// read from its events while somebody looks. GUI thread only; owned by the panel.
#pragma once

#include "widgets/attention/document_media.h"
#include "widgets/session/event_log.h"
#include "widgets/session/selection.h"

namespace orrery::ui {

class FocusMedia : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    explicit FocusMedia(EngineSession &session, QObject *parent = nullptr);
    /// @param isSeen somebody looks: else what is known stays, and nothing is asked
    void setFocus(const Focus &focus, bool isSeen);
    /// Of a focus of the same run; the same object for as long as it shows the same. Null: it is another text, or no
    /// sample was drawn yet.
    [[nodiscard]] SampleMediaPtr find(const Focus &focus) const;

Q_SIGNALS:
    void changed(); ///< find() may be another

private:
    EngineSession &m_session;
    EventLog m_log;
    DocumentMedia m_documents;
    QString m_run;
    bool m_hasFailed = false;
};

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
// How fast the runs of this machine have trained: their specs are read once, the newest runs first. What
// cannot be read is asked for again when the connection is another one. GUI thread only.
#pragma once

#include "core/spec/field_table.h"
#include "core/spec/run_time.h"
#include "widgets/session/engine_session.h"

#include <QHash>
#include <QObject>

#include <optional>
#include <vector>

namespace orrery::ui {

class PastSpeeds : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    PastSpeeds(EngineSession &session, QObject *parent);
    /// Of the newest runs on the device whose specs have come, the newest first.
    [[nodiscard]] std::vector<PastSpeed> measured(const FieldTable &table, const std::string &device) const;
    /// Asks for the specs of the runs that have measured a speed, as far as they are not known. @param table
    /// to read them
    void read(const FieldTable::Ptr &table, const std::string &device);

Q_SIGNALS:
    void changed(); ///< measured() says more

private:
    [[nodiscard]] std::vector<RunStatus> candidates(const std::string &device) const;

    EngineSession &m_session;
    QHash<QString, std::optional<RunSpec>> m_specs; ///< by run; nothing: asked for, or it cannot be read
};

} // namespace orrery::ui

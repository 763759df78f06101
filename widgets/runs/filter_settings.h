// SPDX-License-Identifier: GPL-3.0-or-later
// What a filter over runs has to know besides their statuses: the settings that it names, read once of each run. Lists of
// runs and comparisons have one each, so that the same words filter alike everywhere. GUI thread only; asks the engine,
// which outlives it.
#pragma once

#include "widgets/runs/run_query.h"

#include <QObject>
#include <QTimer>

#include <vector>

namespace orrery::ui {

class EngineSession;

class FilterSettings : public QObject {
    Q_OBJECT
public:
    explicit FilterSettings(EngineSession &session, QObject *parent = nullptr);
    /// Asks for what is not known of these runs, if the query names a setting. What could not be read is asked for again
    /// when a filter about settings begins, or when the runs are others.
    void want(const RunQuery &query, const QStringList &runs);
    [[nodiscard]] const RunSpecs *specs() const { return m_specs; }
    /// Runs are hidden because their settings have not come yet.
    [[nodiscard]] bool isWaiting(const RunQuery &query) const;
    /// What of the filter has no effect, or that it hides runs without knowing. Empty: nothing to say.
    [[nodiscard]] QString problem(const RunQuery &query) const;
    /// "“val<1” hides 3, “seed:2” waits for settings": each term by itself, as that is the one to take out.
    [[nodiscard]] QStringList whatHides(const RunQuery &query, const std::vector<RunFacts> &runs) const;

Q_SIGNALS:
    void changed(); ///< settings have come; hundreds of answers are told together

private:
    RunSpecs *m_specs;
    QTimer m_timer;
    QStringList m_wanted; ///< asked for last
};

} // namespace orrery::ui

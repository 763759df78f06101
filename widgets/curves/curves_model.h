// SPDX-License-Identifier: GPL-3.0-or-later
// The series of the runs that are being looked at, as values: history from the store merged with what comes
// live. It holds buckets in bounded memory, knows no client, and asks for nothing. GUI thread only; owned by
// the panel.
#pragma once

#include "widgets/curves/series_buffer.h"

#include <QObject>
#include <QString>

#include <map>
#include <string>

namespace orrery::ui {

class CurvesModel : public QObject {
    Q_OBJECT
public:
    enum class Append {
        Complete,
        NeedsHistory, ///< a new attempt began: the store knows which old points it supersedes
    };
    using QObject::QObject;

    /// Replaces the series up to the history's end; live points that came meanwhile stay behind it.
    void setHistory(const QString &run, const std::string &series, std::vector<SeriesBucket> buckets);
    /// Reports in the order in which they came. What is known already is skipped.
    Append appendReports(const QString &run, const std::vector<StepReport> &reports);
    /// Finer buckets of steps from … to, in place of the coarse ones; replaces the window before.
    void setDetail(const QString &run, const std::string &series, int64_t from, int64_t to,
                   std::vector<SeriesBucket> buckets);
    void removeRun(const QString &run);

    [[nodiscard]] std::vector<SeriesBucket> buckets(const QString &run, const std::string &series) const;
    [[nodiscard]] bool hasPoints(const QString &run) const;
    [[nodiscard]] uint64_t numPoints(const QString &run, const std::string &series) const;
    /// Whether a window between the steps would show more than is known here.
    [[nodiscard]] bool isCoarse(const QString &run, int64_t from, int64_t to) const;
    /// Newest step of any series, -1 before the first report, and its wall time.
    [[nodiscard]] int64_t lastStep(const QString &run) const;
    [[nodiscard]] double lastWallTime(const QString &run) const;
    /// Wall time of the first report; 0 before it. Times on the axis are relative to it.
    [[nodiscard]] double startWallTime(const QString &run) const;

    /// Colour of the run for Theme::runColor(); 0 until set.
    void setColorIndex(const QString &run, int index);
    [[nodiscard]] int colorIndex(const QString &run) const;

Q_SIGNALS:
    void changed(const QString &run);

private:
    struct Run {
        std::map<std::string, SeriesBuffer> series;
        int colorIndex = 0;
    };
    [[nodiscard]] const Run *find(const QString &run) const;
    std::map<QString, Run> m_runs;
};

} // namespace orrery::ui

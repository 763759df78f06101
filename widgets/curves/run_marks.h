// SPDX-License-Identifier: GPL-3.0-or-later
// What happened to a run, as marks on its curves: events, checkpoints, notes as they are now, alarms with their ends, and
// where branches leave and begin. Pure; any thread.
#pragma once

#include "core/spec/run_notes.h"
#include "widgets/plots/plot_types.h"

#include <QString>

#include <optional>
#include <string>
#include <vector>

namespace orrery::ui {

/// An event or a checkpoint on the curves.
struct RunMark {
    int64_t step = 0;
    double wallTime = 0; ///< 0: that of its step, which the curve knows
    MarkKind kind = MarkKind::Note;
    QString text;
    int64_t note = 0;     ///< id of the note that it is, to correct it; 0: it is none of a person
    int64_t endStep = -1; ///< until when it lasted; negative: it is of a moment, or nobody knows
    double endTime = 0;   ///< Unix seconds
    bool isOpen = false;  ///< it lasts still, to the step that is its end for now
    bool operator==(const RunMark &) const = default;
};

/// Nothing for what is not drawn.
std::optional<RunMark> eventMark(const RunEvent &event);
RunMark checkpointMark(const CheckpointInfo &checkpoint);
/// Where the run was branched from another one, and where others were branched from it.
std::vector<RunMark> branchMarks(const std::string &run, const std::vector<RunStatus> &runs);
/// As it is drawn.   @param title before its text, or empty   @param run for its key
PlotMark plotMark(const RunMark &mark, double x, double xEnd, const QString &title, const QString &run);

/// A note as the key of its mark names it.
struct NoteRef {
    QString run;
    int64_t note = 0;
};
std::optional<NoteRef> noteOfKey(const QString &key);

/// The marks that the events and the status of a run make together.
class EventMarks {
public:
    void clear() { *this = {}; }
    /// In their order. @return whether the marks are others now
    bool add(const std::vector<RunEvent> &events);
    /// Which alarms hold; and of a run that does not report, which no event tells. @param now Unix seconds
    /// @return whether the marks are others now
    bool takeStatus(const RunStatus &status, double now);
    [[nodiscard]] std::vector<RunMark> marks() const;

private:
    struct Alarm {
        AlarmKind kind = AlarmKind::Unknown;
        RunMark begin;
        int64_t endStep = -1;
        double endTime = 0;
    };
    bool addNote(const RunEvent &event, int64_t corrected);
    bool addAlarm(const RunEvent &event);
    [[nodiscard]] RunMark markOf(const Alarm &alarm) const;

    NoteCorrections m_corrections;
    std::vector<RunMark> m_marks; ///< without alarms
    std::vector<Alarm> m_alarms;  ///< in the order in which they began
    std::vector<Alarm> m_silences; ///< that were seen: there are no events of them
    std::vector<AlarmKind> m_holding;
    bool m_isLive = false;
    int64_t m_step = 0; ///< how far the run is
    double m_time = 0;
};

} // namespace orrery::ui

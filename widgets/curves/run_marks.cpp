// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/run_marks.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStringList>

#include <algorithm>
#include <cstddef>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("orrery::ui::RunMarks", text); }

std::optional<MarkKind> markKind(EventKind kind)
{
    switch (kind) {
    case EventKind::Resumed:
        return MarkKind::Resumed;
    case EventKind::Setting:
        return MarkKind::Setting;
    case EventKind::NonFinite:
    case EventKind::Failed:
        return MarkKind::Error;
    case EventKind::Warning:
    case EventKind::Breakpoint:
    case EventKind::Alarm:
        return MarkKind::Warning;
    case EventKind::Paused:
    case EventKind::Stopped:
    case EventKind::EarlyStop:
    case EventKind::Note:
        return MarkKind::Note;
    case EventKind::Unknown:
    case EventKind::Started:
    case EventKind::Continued:
    case EventKind::Checkpoint: // the list of checkpoints says which of them still exist
    case EventKind::CheckpointDeleted:
    case EventKind::Sample:
    case EventKind::Finished:
        break;
    }
    return std::nullopt;
}

/// What the event of an alarm says for programs.
struct AlarmPayload {
    AlarmKind kind = AlarmKind::Unknown;
    bool isOver = false;
};

AlarmPayload alarmPayload(const RunEvent &event)
{
    const QJsonObject json = QJsonDocument::fromJson(QByteArray::fromStdString(event.payload)).object();
    return {alarmKindFromName(toStd(json.value("alarm"_L1).toString())), json.value("over"_L1).toBool()};
}

/// "from step 1,200 (14:03:27) until step 1,234 (14:05:10)"
QString lastedText(const RunMark &mark)
{
    const QString begin = tr("step %1 (%2)").arg(integerText(mark.step), clockTimeText(mark.wallTime));
    if (mark.isOpen) return tr("Since %1, and still").arg(begin);
    return tr("From %1 until step %2 (%3), %4")
        .arg(begin, integerText(mark.endStep), clockTimeText(mark.endTime),
             exactDurationText(std::max(0.0, mark.endTime - mark.wallTime)));
}

constexpr QChar kKeySeparator = u' ';

} // namespace

std::optional<RunMark> eventMark(const RunEvent &event)
{
    const auto kind = markKind(event.kind);
    if (!kind) return std::nullopt;
    return RunMark{event.step, isAnnotation(event) ? 0 : event.wallTime, *kind, fromStd(event.text)};
}

PlotMark plotMark(const RunMark &mark, double x, double xEnd, const QString &title, const QString &run)
{
    PlotMark drawn{x, mark.kind, title.isEmpty() ? mark.text : tr("%1: %2").arg(title, mark.text)};
    if (mark.note > 0) drawn.key = QString::number(mark.note) + kKeySeparator + run;
    if (mark.endStep >= 0) drawn.xEnd = xEnd;
    drawn.isOpen = mark.isOpen;
    return drawn;
}

std::optional<NoteRef> noteOfKey(const QString &key)
{
    const qsizetype end = key.indexOf(kKeySeparator);
    bool isNumber = false;
    const NoteRef note{key.mid(end + 1), key.left(std::max<qsizetype>(end, 0)).toLongLong(&isNumber)};
    return isNumber && !note.run.isEmpty() ? std::optional(note) : std::nullopt;
}

bool EventMarks::add(const std::vector<RunEvent> &events)
{
    bool isChanged = false;
    for (const RunEvent &event : events) {
        if (isAnnotation(event)) {
            isChanged = addNote(event, m_corrections.add(event)) || isChanged;
        } else if (event.kind == EventKind::Alarm) {
            isChanged = addAlarm(event) || isChanged;
        } else if (auto mark = eventMark(event)) {
            m_marks.push_back(*std::move(mark));
            isChanged = true;
        }
    }
    return isChanged;
}

bool EventMarks::addNote(const RunEvent &event, int64_t corrected)
{
    const int64_t note = corrected > 0 ? corrected : event.id;
    const auto known = std::find_if(m_marks.begin(), m_marks.end(),
                                    [note](const RunMark &mark) { return note > 0 && mark.note == note; });
    if (event.text.empty()) {
        if (known == m_marks.end()) return false;
        m_marks.erase(known);
        return true;
    }
    auto mark = eventMark(event);
    mark->note = std::max<int64_t>(0, note);
    if (known == m_marks.end())
        m_marks.push_back(*std::move(mark));
    else
        *known = *std::move(mark);
    return true;
}

bool EventMarks::addAlarm(const RunEvent &event)
{
    const AlarmPayload payload = alarmPayload(event);
    if (!payload.isOver) {
        m_alarms.push_back({payload.kind, *eventMark(event)});
        return true;
    }
    const auto begun = std::find_if(m_alarms.rbegin(), m_alarms.rend(),
                                    [&payload](const Alarm &alarm) { return alarm.kind == payload.kind; });
    if (begun == m_alarms.rend() || begun->endStep >= 0) return false;
    begun->endStep = event.step;
    begun->endTime = event.wallTime;
    return true;
}

bool EventMarks::takeStatus(const RunStatus &status, double now)
{
    std::vector<AlarmKind> holding;
    const RunAlarm *silence = nullptr;
    for (const RunAlarm &alarm : status.alarms) {
        holding.push_back(alarm.kind);
        if (alarm.kind == AlarmKind::NoReport) silence = &alarm;
    }
    const bool isLive = isLiveState(status.state);
    bool isChanged = holding != m_holding || (!holding.empty() && isLive != m_isLive);
    m_isLive = isLive;
    m_holding = std::move(holding);
    const bool hasOpen = !m_silences.empty() && m_silences.back().endStep < 0;
    if (silence) {
        const bool isKnown = std::any_of(m_silences.begin(), m_silences.end(), [silence](const Alarm &one) {
            return one.begin.step == silence->step && one.begin.wallTime == silence->wallTime;
        });
        if (!isKnown) // a list that is older than the last update tells of one that is over
            m_silences.push_back({AlarmKind::NoReport, {silence->step, silence->wallTime, MarkKind::Warning, fromStd(silence->text)}});
        isChanged = isChanged || !isKnown;
    } else if (hasOpen) {
        Alarm &over = m_silences.back();
        over.endStep = std::max(over.begin.step, status.step);
        over.endTime = status.lastReportAt > over.begin.wallTime ? status.lastReportAt : now;
        isChanged = true;
    }
    // What lasts still grows with the run.
    const double time = silence ? now : status.lastReportAt;
    isChanged = isChanged || (!m_holding.empty() && (m_step != status.step || m_time != time));
    m_step = status.step;
    m_time = time;
    return isChanged;
}

RunMark EventMarks::markOf(const Alarm &alarm) const
{
    RunMark mark = alarm.begin;
    mark.endStep = alarm.endStep;
    mark.endTime = alarm.endTime;
    // The newest of its kind, and the status says that it holds.
    if (mark.endStep < 0 && std::find(m_holding.begin(), m_holding.end(), alarm.kind) != m_holding.end()) {
        mark.isOpen = m_isLive;
        mark.endStep = std::max(mark.step, m_step);
        mark.endTime = std::max(mark.wallTime, m_time);
        mark.text += u'\n' + lastedText(mark);
        if (!m_isLive) mark.text += u' ' + tr("(the end of the run)");
        return mark;
    }
    if (mark.endStep >= 0) mark.text += u'\n' + lastedText(mark);
    return mark;
}

std::vector<RunMark> EventMarks::marks() const
{
    std::vector<RunMark> marks = m_marks;
    for (size_t i = 0; i < m_alarms.size(); ++i) {
        const bool isNewest = std::none_of(m_alarms.begin() + std::ptrdiff_t(i) + 1, m_alarms.end(),
                                           [&](const Alarm &later) { return later.kind == m_alarms[i].kind; });
        marks.push_back(isNewest || m_alarms[i].endStep >= 0 ? markOf(m_alarms[i]) : m_alarms[i].begin);
    }
    for (const Alarm &silence : m_silences) marks.push_back(markOf(silence));
    std::stable_sort(marks.begin(), marks.end(), [](const RunMark &a, const RunMark &b) { return a.step < b.step; });
    return marks;
}

RunMark checkpointMark(const CheckpointInfo &checkpoint)
{
    RunMark mark{checkpoint.step,
                 checkpoint.wallTime,
                 checkpoint.isBest ? MarkKind::BestCheckpoint : MarkKind::Checkpoint,
                 {}};
    QStringList facts;
    if (checkpoint.isBest) facts << tr("best");
    facts << (checkpoint.isVerified ? tr("verified") : tr("not verified"));
    mark.text = tr("Checkpoint at step %1 (%2)")
                    .arg(integerText(checkpoint.step), facts.join(QStringLiteral(", ")));
    return mark;
}

std::vector<RunMark> branchMarks(const std::string &run, const std::vector<RunStatus> &runs)
{
    std::vector<RunMark> marks;
    const auto titleOf = [&runs](const std::string &id) {
        const auto found =
            std::find_if(runs.begin(), runs.end(), [&id](const RunStatus &one) { return one.id == id; });
        return found == runs.end() ? fromStd(id) : runTitle(*found);
    };
    for (const RunStatus &one : runs) {
        if (one.parent.empty() || one.parentStep < 0) continue;
        if (one.id == run)
            marks.push_back({one.parentStep, 0, MarkKind::Branch,
                             tr("Branched from “%1” at step %2")
                                 .arg(titleOf(one.parent), integerText(one.parentStep))});
        else if (one.parent == run)
            marks.push_back({one.parentStep, 0, MarkKind::Branch,
                             tr("“%1” was branched from here, step %2")
                                 .arg(runTitle(one), integerText(one.parentStep))});
    }
    return marks;
}

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/event_model.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {
namespace {

Tone kindTone(EventKind kind)
{
    switch (kind) {
    case EventKind::NonFinite:
    case EventKind::Failed:
        return Tone::Error;
    case EventKind::Warning:
        return Tone::Warning;
    case EventKind::Finished:
        return Tone::Good;
    default:
        return Tone::Secondary;
    }
}

} // namespace

QString eventKindText(EventKind kind)
{
    switch (kind) {
    case EventKind::Unknown:
        return EventModel::tr("other");
    case EventKind::Started:
        return EventModel::tr("started");
    case EventKind::Resumed:
        return EventModel::tr("resumed");
    case EventKind::Paused:
        return EventModel::tr("paused");
    case EventKind::Continued:
        return EventModel::tr("continued");
    case EventKind::Checkpoint:
        return EventModel::tr("checkpoint");
    case EventKind::CheckpointDeleted:
        return EventModel::tr("thinned");
    case EventKind::Setting:
        return EventModel::tr("setting");
    case EventKind::Sample:
        return EventModel::tr("sample");
    case EventKind::NonFinite:
        return EventModel::tr("not finite");
    case EventKind::Warning:
        return EventModel::tr("warning");
    case EventKind::Finished:
        return EventModel::tr("finished");
    case EventKind::Stopped:
        return EventModel::tr("stopped");
    case EventKind::Failed:
        return EventModel::tr("failed");
    case EventKind::Note:
        return EventModel::tr("note");
    case EventKind::Breakpoint:
        return EventModel::tr("breakpoint");
    case EventKind::Alarm:
        return EventModel::tr("alarm");
    case EventKind::EarlyStop:
        return EventModel::tr("stopped early");
    }
    return EventModel::tr("other");
}

int EventModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_shown.size());
}

int EventModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : kNumColumns; }

QVariant EventModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const RunEvent &event = this->event(index.row());
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case TimeColumn:
            return clockTimeText(event.wallTime);
        case StepColumn:
            return integerText(event.step);
        case KindColumn:
            return eventKindText(event.kind);
        case TextColumn:
            return fromStd(event.text).simplified();
        default:
            return {};
        }
    case Qt::ToolTipRole: {
        const QString text = clockTimeText(event.wallTime) + u'\n' + fromStd(event.text);
        const auto note = m_notes.find(event.id);
        if (note == m_notes.end() || note->second.correctedAt <= 0) return text;
        return QString(text + u'\n' +
                       tr("corrected %1; first it said: %2")
                           .arg(clockTimeText(note->second.correctedAt), fromStd(note->second.first)));
    }
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::Alignment(
            Qt::AlignVCenter | (index.column() == StepColumn ? Qt::AlignRight : Qt::AlignLeft)));
    case Qt::ForegroundRole:
        if (index.column() == TextColumn) {
            const bool isLoud = kindTone(event.kind) == Tone::Error || kindTone(event.kind) == Tone::Warning;
            return toneColor(isLoud ? kindTone(event.kind) : Tone::Text);
        }
        return toneColor(index.column() == KindColumn ? kindTone(event.kind) : Tone::Secondary);
    case KindRole:
        return static_cast<int>(event.kind);
    default:
        return {};
    }
}

QVariant EventModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment(Qt::AlignVCenter | (section == StepColumn ? Qt::AlignRight : Qt::AlignLeft)));
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case TimeColumn:
        return tr("Time");
    case StepColumn:
        return tr("Step");
    case KindColumn:
        return tr("Kind");
    case TextColumn:
        return tr("What happened");
    default:
        return {};
    }
}

bool EventModel::isShown(size_t index) const
{
    const RunEvent &event = m_events[index];
    if (const auto note = m_notes.find(event.id); note != m_notes.end() && note->second.isGone) return false;
    if (m_kind >= 0 && static_cast<int>(event.kind) != m_kind) return false;
    if (m_filter.isEmpty()) return true;
    return QString::number(event.step).contains(m_filter) || integerText(event.step).contains(m_filter) ||
           eventKindText(event.kind).contains(m_filter, Qt::CaseInsensitive) ||
           fromStd(event.text).contains(m_filter, Qt::CaseInsensitive);
}

void EventModel::addRows(std::vector<size_t> rows)
{
    if (rows.empty()) return;
    beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(rows.size()) - 1);
    m_shown.insert(m_shown.end(), rows.begin(), rows.end());
    endInsertRows();
}

void EventModel::removeAllRows()
{
    if (m_shown.empty()) return;
    beginRemoveRows({}, 0, rowCount() - 1);
    m_shown.clear();
    endRemoveRows();
}

void EventModel::appendEvents(const std::vector<RunEvent> &events)
{
    std::vector<size_t> rows;
    for (const RunEvent &event : events) {
        const bool isNote = isAnnotation(event);
        if (isNote) {
            if (const auto corrected = m_notes.find(m_corrections.add(event)); corrected != m_notes.end()) {
                addRows(std::exchange(rows, {}));
                correct(corrected->second.event, event);
                continue;
            }
            if (event.text.empty()) continue; // takes away what is not here
            if (event.id > 0) m_notes[event.id] = {m_events.size(), event.text};
        }
        m_events.push_back(event);
        if (isShown(m_events.size() - 1)) rows.push_back(m_events.size() - 1);
    }
    addRows(std::move(rows));
}

void EventModel::correct(size_t index, const RunEvent &correction)
{
    RunEvent &event = m_events[index];
    Note &note = m_notes[event.id];
    note.isGone = correction.text.empty();
    note.correctedAt = correction.text == note.first ? 0 : correction.wallTime;
    if (!note.isGone) event.text = correction.text;
    event.step = correction.step;
    const auto place = std::lower_bound(m_shown.begin(), m_shown.end(), index);
    const int row = static_cast<int>(place - m_shown.begin());
    const bool wasShown = place != m_shown.end() && *place == index, isNow = isShown(index);
    if (wasShown && isNow) {
        Q_EMIT dataChanged(this->index(row, 0), this->index(row, kNumColumns - 1));
    } else if (wasShown) {
        beginRemoveRows({}, row, row);
        m_shown.erase(place);
        endRemoveRows();
    } else if (isNow) {
        beginInsertRows({}, row, row);
        m_shown.insert(place, index);
        endInsertRows();
    }
}

void EventModel::clear()
{
    removeAllRows();
    m_events.clear();
    m_notes.clear();
    m_corrections.clear();
}

void EventModel::setFilter(const QString &text, int kind)
{
    if (text == m_filter && kind == m_kind) return;
    m_filter = text;
    m_kind = kind;
    removeAllRows();
    std::vector<size_t> rows;
    for (size_t i = 0; i < m_events.size(); ++i)
        if (isShown(i)) rows.push_back(i);
    addRows(std::move(rows));
}

} // namespace orrery::ui

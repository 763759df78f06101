// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/event_model.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"

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
    case Qt::ToolTipRole:
        return QString(clockTimeText(event.wallTime) + u'\n' + fromStd(event.text));
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

bool EventModel::isShown(const RunEvent &event) const
{
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
        if (isShown(event)) rows.push_back(m_events.size());
        m_events.push_back(event);
    }
    addRows(std::move(rows));
}

void EventModel::clear()
{
    removeAllRows();
    m_events.clear();
}

void EventModel::setFilter(const QString &text, int kind)
{
    if (text == m_filter && kind == m_kind) return;
    m_filter = text;
    m_kind = kind;
    removeAllRows();
    std::vector<size_t> rows;
    for (size_t i = 0; i < m_events.size(); ++i)
        if (isShown(m_events[i])) rows.push_back(i);
    addRows(std::move(rows));
}

} // namespace orrery::ui

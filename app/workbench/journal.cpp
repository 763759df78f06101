// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/journal.h"

#include "widgets/common/number_text.h"

#include <QCoreApplication>
#include <QEvent>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSettings>

#include <algorithm>
#include <utility>

namespace orrery::ui {
namespace {

qsizetype lengthOf(const QVariant &state)
{
    return state.typeId() == QMetaType::QByteArray ? state.toByteArray().size() : state.toString().size();
}

/// What a person does.
bool isDoing(QEvent::Type type)
{
    switch (type) {
    case QEvent::KeyPress:
    case QEvent::KeyRelease:
    case QEvent::InputMethod:
    case QEvent::MouseButtonPress:
    case QEvent::MouseButtonRelease:
    case QEvent::MouseButtonDblClick:
    case QEvent::Wheel:
    case QEvent::Drop:
    case QEvent::Shortcut:
    case QEvent::TouchEnd:
    case QEvent::NativeGesture:
        return true;
    default:
        return false;
    }
}

} // namespace

Journal::Journal(QSettings &settings, QObject *parent) : QObject(parent), m_settings(settings)
{
    m_timer.setSingleShot(true);
    m_timer.setInterval(kDelayMs);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &Journal::saveNow);
    QCoreApplication::instance()->installEventFilter(this);
}

Journal::~Journal() = default;

void Journal::keep(const QString &key, std::function<QVariant()> state) { m_parts.insert_or_assign(key, std::move(state)); }

void Journal::noteChange()
{
    if (!m_isStopped && !m_timer.isActive()) m_timer.start();
}

void Journal::stop()
{
    m_isStopped = true;
    m_timer.stop();
}

void Journal::saveNow()
{
    if (m_isStopped) return;
    m_timer.stop();
    for (const auto &[key, state] : m_parts) {
        QVariant now = state();
        if (!now.isValid() || lengthOf(now) > kMaxLetters) continue;
        const auto kept = m_kept.find(key);
        if (kept != m_kept.end() && kept->second == now) continue;
        m_settings.setValue(key, now);
        m_kept.insert_or_assign(key, std::move(now));
    }
    m_settings.sync();
    const bool hasFailed = m_settings.status() == QSettings::AccessError;
    if (hasFailed && !m_hasFailed)
        Q_EMIT failed({ErrorCode::Io,
                       toStd(tr("Cannot keep place and drafts of the window in “%1”: the file cannot be written.").arg(m_settings.fileName())),
                       toStd(tr("Free some space, or make the folder writable. It is tried again at the next change."))});
    m_hasFailed = hasFailed;
}

QString Journal::textOf(const QVariantMap &state)
{
    return QString::fromUtf8(QJsonDocument(QJsonObject::fromVariantMap(state)).toJson(QJsonDocument::Compact));
}

QVariantMap Journal::stateOf(const QString &text)
{
    QVariantMap state = QJsonDocument::fromJson(text.toUtf8()).object().toVariantMap();
    for (QVariant &value : state) {
        if (value.typeId() != QMetaType::QVariantList) continue;
        const QVariantList list = value.toList();
        const bool isOfTexts = std::all_of(list.begin(), list.end(), [](const QVariant &one) { return one.typeId() == QMetaType::QString; });
        if (isOfTexts) value = value.toStringList();
    }
    return state;
}

bool Journal::eventFilter(QObject *watched, QEvent *event)
{
    if (isDoing(event->type())) noteChange();
    return QObject::eventFilter(watched, event);
}

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/recent_things.h"

#include <QFontMetrics>
#include <QMenu>
#include <QSettings>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMenuWidth = 420;

} // namespace

RecentThings::RecentThings(QSettings &settings, std::function<QString()> host, QObject *parent)
    : QObject(parent), m_settings(settings), m_host(std::move(host))
{
}

QString RecentThings::key() const
{
    const QString host = m_host ? m_host() : QString();
    // A name may hold what settings take for a group.
    return host.isEmpty() ? u"recent/here"_s
                          : u"recent/host-"_s + QString::fromLatin1(QUrl::toPercentEncoding(host, {}, "-._~"));
}

QStringList RecentThings::things() const { return m_settings.value(key()).toStringList().mid(0, kMaxThings); }

void RecentThings::keep(const QStringList &things)
{
    m_settings.setValue(key(), things);
    Q_EMIT changed();
}

void RecentThings::add(const QString &thing)
{
    if (thing.isEmpty()) return;
    QStringList all = things();
    all.removeAll(thing);
    all.prepend(thing);
    keep(all.mid(0, kMaxThings));
}

void RecentThings::remove(const QString &thing)
{
    QStringList all = things();
    if (all.removeAll(thing) > 0) keep(all);
}

void RecentThings::clear() { keep({}); }

void RecentThings::fill(QMenu &menu)
{
    connect(&menu, &QMenu::aboutToShow, this, [this, &menu] {
        menu.clear();
        const QStringList all = things();
        for (const QString &thing : all) {
            QString text = QFontMetrics(menu.font()).elidedText(thing, Qt::ElideMiddle, kMenuWidth);
            text.replace(u'&', u"&&"_s);
            QAction *action = menu.addAction(text, this, [this, thing] { Q_EMIT chosen(thing); });
            action->setToolTip(thing);
        }
        if (all.isEmpty()) {
            menu.addAction(tr("Nothing was opened yet"))->setEnabled(false);
            return;
        }
        menu.addSeparator();
        menu.addAction(tr("Clear this list"), this, &RecentThings::clear);
    });
}

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/theme/theme_icons.h"

#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"

#include <QFile>
#include <QHash>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

namespace orrery::ui {
namespace {

QString iconPath(const QString &name) { return QStringLiteral(":/orrery/icons/%1.svg").arg(name); }

const QByteArray &iconSource(const QString &name)
{
    static QHash<QString, QByteArray> sources;
    auto found = sources.find(name);
    if (found == sources.end()) {
        QFile file(iconPath(name));
        found = sources.insert(name, file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray());
    }
    return *found;
}

} // namespace

QColor LineIconEngine::tint(QIcon::Mode mode, QIcon::State state) const
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    if (mode == QIcon::Disabled) return mixed(tokens.secondary, tokens.surface, 0.55);
    if (m_ground == IconGround::Accent) return tokens.accentText;
    return state == QIcon::On ? tokens.accent : tokens.text;
}

bool hasLineIcon(const QString &name) { return !iconSource(name).isEmpty(); }

void LineIconEngine::paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State state)
{
    QByteArray source = iconSource(m_name);
    if (source.isEmpty()) return;
    source.replace("currentColor", tint(mode, state).name().toLatin1());
    QSvgRenderer renderer(source);
    const int side = std::min(rect.width(), rect.height());
    const QRectF square(rect.x() + (rect.width() - side) / 2.0, rect.y() + (rect.height() - side) / 2.0, side,
                        side);
    painter->setRenderHint(QPainter::Antialiasing);
    renderer.render(painter, square);
}

QPixmap LineIconEngine::pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state)
{
    const QString key = QStringLiteral("orrery/%1/%2x%3/%4")
                            .arg(m_name)
                            .arg(size.width())
                            .arg(size.height())
                            .arg(tint(mode, state).rgb());
    QPixmap result;
    if (QPixmapCache::find(key, &result)) return result;
    result = QPixmap(size);
    result.fill(Qt::transparent);
    QPainter painter(&result);
    paint(&painter, QRect(QPoint(0, 0), size), mode, state);
    painter.end();
    QPixmapCache::insert(key, result);
    return result;
}

QPixmap LineIconEngine::scaledPixmap(const QSize &size, QIcon::Mode mode, QIcon::State state, qreal /*scale*/)
{
    // Qt passes the size in device pixels already; `scale` only tells which artwork would be chosen.
    return pixmap(size, mode, state);
}

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
// Line icons drawn in the colours of the theme at the moment of painting. GUI thread only.
#pragma once

#include <QIconEngine>
#include <QString>

namespace orrery::ui {

/// What an icon is drawn on.
enum class IconGround : uint8_t { Surface, Accent };

/// Renders resources/icons/<name>.svg at the asked size and pixel ratio, tinted by mode and state, so that
/// one QIcon stays right when the theme changes.
class LineIconEngine : public QIconEngine {
public:
    explicit LineIconEngine(QString name, IconGround ground = IconGround::Surface)
        : m_name(std::move(name)), m_ground(ground)
    {
    }
    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State state) override;
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override;
    QPixmap scaledPixmap(const QSize &size, QIcon::Mode mode, QIcon::State state, qreal scale) override;
    [[nodiscard]] QIconEngine *clone() const override { return new LineIconEngine(m_name, m_ground); }
    bool isNull() override { return m_name.isEmpty(); }
    QString key() const override { return QStringLiteral("orrery-line"); }

private:
    [[nodiscard]] QColor tint(QIcon::Mode mode, QIcon::State state) const;

    QString m_name;
    IconGround m_ground;
};

/// Whether resources hold an icon of that name.
bool hasLineIcon(const QString &name);

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/attachment_painter.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QPainter>
#include <QStringList>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

class Texts {
    Q_DECLARE_TR_FUNCTIONS(Attachment)
};

constexpr double kTilePadding = 4, kSignSize = 20;

void paintWave(QPainter &painter, const QRectF &area, const std::vector<float> &peaks)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(Theme::instance().tokens().accent);
    const double step = 2; // a line and a gap as wide
    const auto numLines = static_cast<size_t>(std::max(1.0, area.width() / step));
    for (size_t i = 0; i < numLines; ++i) {
        const size_t from = i * peaks.size() / numLines;
        const size_t to = std::max(from + 1, (i + 1) * peaks.size() / numLines);
        const float peak =
            *std::max_element(peaks.begin() + static_cast<std::ptrdiff_t>(from),
                              peaks.begin() + static_cast<std::ptrdiff_t>(std::min(to, peaks.size())));
        const double height = std::max(1.0, static_cast<double>(peak) * area.height());
        painter.drawRect(QRectF(area.left() + static_cast<double>(i) * step, area.center().y() - height / 2,
                                step / 2, height));
    }
}

} // namespace

QString attachmentDetail(const Attachment &attachment)
{
    if (attachment.isMissing()) return Texts::tr("not found");
    QStringList parts{mediaKindText(attachment.kind)};
    if (attachment.pixels.isValid())
        parts << u"%1 × %2"_s.arg(integerText(attachment.pixels.width()),
                                  integerText(attachment.pixels.height()));
    if (attachment.wave.seconds >= 0)
        parts << Texts::tr("%1 s").arg(significantText(attachment.wave.seconds, 2));
    parts << bytesText(attachment.bytes.size());
    return parts.join(u"  ·  "_s);
}

void paintAttachment(QPainter &painter, const QRectF &area, const Attachment &attachment)
{
    if (!attachment.wave.peaks.empty())
        return paintWave(painter, area.adjusted(1, 4, -1, -4), attachment.wave.peaks);
    if (attachment.thumbnail.isNull()) {
        QRectF sign(0, 0, kSignSize, kSignSize);
        sign.moveCenter(area.center());
        Theme::instance()
            .icon(isPicture(attachment.kind) || attachment.isMissing() ? u"image"_s : u"audio"_s)
            .paint(&painter, sign.toRect());
        return;
    }
    QRectF target(QPointF(), QSizeF(attachment.thumbnail.size()).scaled(area.size(), Qt::KeepAspectRatio));
    target.moveCenter(area.center());
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.drawImage(target, attachment.thumbnail);
}

void paintAttachmentTile(QPainter &painter, const QRectF &area, const Attachment &attachment)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    painter.setPen(QPen(tokens.border, 1));
    painter.setBrush(tokens.surface);
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
    const double side = area.height() - 2 * kTilePadding;
    paintAttachment(painter, {area.left() + kTilePadding, area.top() + kTilePadding, side, side}, attachment);
    const QFontMetricsF metrics(typeFont(TypeSize::Small));
    QRectF line(area.left() + 2 * kTilePadding + side + space::kHalf, area.center().y() - metrics.height(), 0,
                metrics.height());
    line.setRight(area.right() - 2 * kTilePadding);
    painter.setFont(typeFont(TypeSize::Small));
    painter.setPen(tokens.text);
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(attachment.name, Qt::ElideMiddle, line.width()));
    painter.setPen(attachment.isMissing() ? tokens.error : tokens.secondary);
    painter.drawText(line.translated(0, metrics.height()), Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(attachmentDetail(attachment), Qt::ElideRight, line.width()));
}

} // namespace orrery::ui

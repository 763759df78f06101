// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/attachment_painter.h"

#include "widgets/common/level_painter.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QPainter>
#include <QStringList>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

class Texts {
    Q_DECLARE_TR_FUNCTIONS(Attachment)
};

QString lossText(AttachmentLoss loss)
{
    switch (loss) {
    case AttachmentLoss::Pasted:
        return Texts::tr("pasted, not kept");
    case AttachmentLoss::Changed:
        return Texts::tr("changed since");
    case AttachmentLoss::NotKept:
        return Texts::tr("not kept");
    case AttachmentLoss::None:
    case AttachmentLoss::Gone:
        break;
    }
    return Texts::tr("not found");
}

constexpr double kTilePadding = 4, kSignSize = 20;
constexpr double kWaveStep = 2; // a line and a gap as wide

} // namespace

QString attachmentDetail(const Attachment &attachment)
{
    if (attachment.isBeingRead) return Texts::tr("being read …");
    if (attachment.isMissing()) return lossText(attachment.loss);
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
        return paintLevels(painter, area.adjusted(1, 4, -1, -4), attachment.wave.peaks, kWaveStep);
    if (attachment.thumbnail.isNull()) {
        QRectF sign(0, 0, kSignSize, kSignSize);
        sign.moveCenter(area.center());
        Theme::instance()
            .icon(isPicture(attachment) ? u"image"_s : u"audio"_s)
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

// SPDX-License-Identifier: GPL-3.0-or-later
// A picture or recording as it is shown beside a prompt and in a conversation: small, with its name and what
// it is. GUI thread only.
#pragma once

#include "widgets/play/attachment.h"

#include <QRectF>

class QPainter;

namespace orrery::ui {

/// "PNG  ·  48 × 48  ·  1.2 kB", "WAV  ·  0.5 s  ·  8.0 kB", "being read …", "not found", "pasted, not kept".
QString attachmentDetail(const Attachment &attachment);
/// The picture, the recording's outline, or a sign for what has neither.
void paintAttachment(QPainter &painter, const QRectF &area, const Attachment &attachment);
/// That, its name and its detail in a frame.
void paintAttachmentTile(QPainter &painter, const QRectF &area, const Attachment &attachment);
inline constexpr double kTileWidth = 210, kTileHeight = 52;

} // namespace orrery::ui

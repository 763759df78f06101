// SPDX-License-Identifier: GPL-3.0-or-later
// A picture or a recording that goes with a prompt: its bytes as they are, what they are by their signature,
// and a small picture of it. Values; any thread: reading and scaling belong on a worker's.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"
#include "widgets/play/wave_outline.h"

#include <QImage>
#include <QSize>
#include <QString>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::ui {

enum class MediaKind : uint8_t { Unknown, Png, Jpeg, Wav, Flac };

/// By the first bytes, whatever the name says.
MediaKind mediaKindOf(std::string_view bytes);
QString mediaKindText(MediaKind kind); ///< "PNG"
bool isPicture(MediaKind kind);

/// Why a kept session's file has no bytes.
enum class AttachmentLoss : uint8_t {
    None,
    Gone,    ///< nothing that can be read stands at its path
    Pasted,  ///< it stood in no file
    Changed, ///< the file is there, and no longer what the answer was asked with
    NotKept, ///< an older program kept the name alone
};

/// Of one prompt or turn, at most.
inline constexpr int kMaxAttachments = 16;

struct Attachment {
    std::string bytes;
    QString name;
    QString path; ///< empty: pasted
    MediaKind kind = MediaKind::Unknown;
    QString digest; ///< SHA-256 of the bytes in hex; of a kept answer that is not read yet, of those it was asked with
    bool isBeingRead = false; ///< of a kept session, and its bytes are still to come
    AttachmentLoss loss = AttachmentLoss::None;
    QSize pixels;             ///< of a picture, as its head says
    QImage thumbnail;         ///< null: of recordings, and of pictures that are too large or broken
    WaveOutline wave;         ///< of a recording
    /// Of a kept session, and its file is gone, or it was pasted and stood in none.
    [[nodiscard]] bool isMissing() const { return bytes.empty() && !isBeingRead; }
};
using AttachmentPtr = std::shared_ptr<const Attachment>;
/// By its bytes; without any, by its ending.
bool isPicture(const Attachment &attachment);

/// Longest side of a thumbnail in pixels.
inline constexpr int kThumbnailPixels = 128;
/// Pictures with more pixels are not decoded for a thumbnail.
inline constexpr qint64 kMaxThumbnailSource = 24'000'000;

/// @param room bytes that the request still has  @error InvalidInput: no PNG, JPEG, WAV or FLAC, or too
/// large; NotFound, Io as readFile()
Result<AttachmentPtr> readAttachment(const QString &path, qint64 room);
/// A picture of the clipboard as PNG. @error as above
Result<AttachmentPtr> pasteAttachment(const QImage &image, const QString &name, qint64 room);

/// In the place of a file that a session names, until it is read. @param digest empty: any bytes will do
AttachmentPtr unreadAttachment(const QString &path, const QString &digest = {});
/// The file, now; what is left of it where it cannot be read, or has other bytes than its digest says. One that
/// is not being read stays as it is. Blocks.
AttachmentPtr readAgain(const AttachmentPtr &attachment);
/// What is left of a picture that was pasted: a session has its name and not its bytes.
AttachmentPtr lostAttachment(const QString &name, AttachmentLoss loss = AttachmentLoss::Pasted);
/// Before the text of a prompt or a turn, in order.
/// Paths: for commands, without what was pasted; of the bytes only those that say what it is.
enum class MediaNames : uint8_t { Short, Paths };
std::vector<PromptMedia> mediaOf(const std::vector<AttachmentPtr> &attachments,
                                 MediaNames names = MediaNames::Short);
/// Options of the command line that stand before the prompt: "--image", "a.png". What was pasted has none.
QStringList mediaArguments(const std::vector<AttachmentPtr> &attachments);

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/attachment.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/play/media_files.h"
#include "widgets/play/request_size.h"
#include "widgets/play/upright_picture.h"

#include "core/base/files.h"

#include <QBuffer>
#include <QCoreApplication>
#include <QCryptographicHash>
#include <QFileInfo>
#include <QImageReader>
#include <QStringList>

#include <algorithm>
#include <filesystem>

using namespace Qt::StringLiterals;
using namespace std::string_view_literals;

namespace orrery::ui {
namespace {

constexpr size_t kSignatureSize = 16;

class Texts {
    Q_DECLARE_TR_FUNCTIONS(Attachment)
};

Error refused(const QString &name, const QString &why, const QString &hint)
{
    return {ErrorCode::InvalidInput, toStd(Texts::tr("Cannot attach \"%1\": %2.").arg(name, why)),
            toStd(hint)};
}

Error tooLarge(const QString &name, quint64 numBytes, qint64 room)
{
    return refused(name,
                   Texts::tr("it has %1, and of the %2 for one prompt %3 are left")
                       .arg(bytesText(numBytes), bytesText(kMaxRequestBytes),
                            bytesText(static_cast<quint64>(std::max<qint64>(0, room)))),
                   Texts::tr("Scale the picture down, shorten the recording, or remove another one."));
}

void addThumbnail(Attachment &attachment)
{
    QByteArray bytes =
        QByteArray::fromRawData(attachment.bytes.data(), static_cast<qsizetype>(attachment.bytes.size()));
    QBuffer buffer(&bytes);
    QImageReader reader(&buffer, attachment.kind == MediaKind::Png ? "png" : "jpeg");
    reader.setAutoTransform(false);
    const int orientation = pictureOrientation(attachment.bytes);
    const QSize size = reader.size();
    attachment.pixels = isOnItsSide(orientation) ? size.transposed() : size;
    if (!size.isValid() || qint64(size.width()) * size.height() > kMaxThumbnailSource) return;
    reader.setScaledSize(
        size.scaled(kThumbnailPixels, kThumbnailPixels, Qt::KeepAspectRatio).expandedTo(QSize(1, 1)));
    attachment.thumbnail = turnedUpright(reader.read(), orientation);
}

Result<AttachmentPtr> makeAttachment(std::string bytes, const QString &name, const QString &path)
{
    auto attachment = std::make_shared<Attachment>();
    attachment->bytes = std::move(bytes);
    attachment->name = name;
    attachment->path = path;
    attachment->kind = mediaKindOf(attachment->bytes);
    if (attachment->kind == MediaKind::Unknown)
        return refused(name,
                       attachment->bytes.empty() ? Texts::tr("it is empty, expected a picture or a recording")
                                                 : Texts::tr("it begins like no PNG, JPEG, WAV or FLAC file"),
                       Texts::tr("Save it as one of these, or paste a text into the prompt."));
    const auto content = QByteArray::fromRawData(attachment->bytes.data(), std::ssize(attachment->bytes));
    attachment->digest =
        QString::fromLatin1(QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex());
    if (isPicture(attachment->kind))
        addThumbnail(*attachment);
    else
        attachment->wave = waveOutlineOf(attachment->bytes);
    return AttachmentPtr(std::move(attachment));
}

} // namespace

MediaKind mediaKindOf(std::string_view bytes)
{
    if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv)) return MediaKind::Png;
    if (bytes.starts_with("\xFF\xD8\xFF"sv)) return MediaKind::Jpeg;
    if (bytes.starts_with("fLaC"sv)) return MediaKind::Flac;
    if (bytes.size() >= 12 && bytes.starts_with("RIFF"sv) && bytes.substr(8, 4) == "WAVE"sv)
        return MediaKind::Wav;
    return MediaKind::Unknown;
}

QString mediaKindText(MediaKind kind)
{
    switch (kind) {
    case MediaKind::Png:
        return u"PNG"_s;
    case MediaKind::Jpeg:
        return u"JPEG"_s;
    case MediaKind::Wav:
        return u"WAV"_s;
    case MediaKind::Flac:
        return u"FLAC"_s;
    case MediaKind::Unknown:
        break;
    }
    return Texts::tr("unknown");
}

bool isPicture(MediaKind kind) { return kind == MediaKind::Png || kind == MediaKind::Jpeg; }

bool isPicture(const Attachment &attachment)
{
    return attachment.bytes.empty() ? hasPictureEnding(attachment.name) : isPicture(attachment.kind);
}

Result<AttachmentPtr> readAttachment(const QString &path, qint64 room)
{
    const QFileInfo info(path);
    // Before it is read: files have the size of a film, too.
    if (info.isFile() && info.size() > room)
        return tooLarge(info.fileName(), static_cast<quint64>(info.size()), room);
    ORRERY_ASSIGN(std::string bytes, readFile(std::filesystem::path(path.toStdString()),
                                              static_cast<uint64_t>(std::max<qint64>(0, room))));
    noteMediaFile(bytes, info);
    return makeAttachment(std::move(bytes), info.fileName(), path);
}

Result<AttachmentPtr> pasteAttachment(const QImage &image, const QString &name, qint64 room)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (!image.save(&buffer, "PNG"))
        return refused(name, Texts::tr("the clipboard's picture cannot be read"),
                       Texts::tr("Copy it again."));
    if (bytes.size() > room) return tooLarge(name, static_cast<quint64>(bytes.size()), room);
    return makeAttachment(bytes.toStdString(), name, {});
}

AttachmentPtr unreadAttachment(const QString &path, const QString &digest)
{
    auto attachment = std::make_shared<Attachment>();
    attachment->name = QFileInfo(path).fileName();
    attachment->path = path;
    attachment->digest = digest;
    attachment->isBeingRead = true;
    return attachment;
}

AttachmentPtr readAgain(const AttachmentPtr &attachment)
{
    if (!attachment->isBeingRead) return attachment;
    const Result<AttachmentPtr> read = readAttachment(attachment->path, kMaxRequestBytes);
    const bool isSame = read && (attachment->digest.isEmpty() || (*read)->digest == attachment->digest);
    if (isSame) return *read;
    auto lost = std::make_shared<Attachment>(*attachment);
    lost->isBeingRead = false;
    lost->loss = QFileInfo(attachment->path).isFile() && !attachment->digest.isEmpty()
                     ? AttachmentLoss::Changed
                     : AttachmentLoss::Gone;
    return lost;
}

AttachmentPtr lostAttachment(const QString &name, AttachmentLoss loss)
{
    auto attachment = std::make_shared<Attachment>();
    attachment->name = name;
    attachment->loss = loss;
    return attachment;
}

std::vector<PromptMedia> mediaOf(const std::vector<AttachmentPtr> &attachments, MediaNames names)
{
    std::vector<PromptMedia> media;
    for (const AttachmentPtr &attachment : attachments) {
        if (names == MediaNames::Short)
            media.push_back({attachment->bytes, toStd(attachment->name), 0});
        else if (!attachment->path.isEmpty())
            media.push_back({attachment->bytes.substr(0, kSignatureSize), toStd(attachment->path), 0});
    }
    return media;
}

QStringList mediaArguments(const std::vector<AttachmentPtr> &attachments)
{
    QStringList arguments;
    for (const AttachmentPtr &attachment : attachments)
        if (!attachment->path.isEmpty())
            arguments << (isPicture(*attachment) ? u"--image"_s : u"--audio"_s) << attachment->path;
    return arguments;
}

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation that is given pictures and recordings, shared by the tests of that.
#pragma once

#include "media_bytes.h"
#include "talk_setup.h"

#include "widgets/play/attachment_bar.h"

#include <QDropEvent>
#include <QFile>
#include <QMimeData>
#include <QTemporaryDir>
#include <QUrl>

namespace orrery::ui {

inline constexpr int kPatience = 60'000; // a loaded machine reads files late

/// Files come into the turn that is written.
struct MediaTalk : Talk {
    MediaTalk() : bar(panel->messageAttachments()) {}
    QString write(const QString &name, const QByteArray &content)
    {
        QFile file(folder.filePath(name));
        if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write %s", qPrintable(name));
        file.write(content);
        return file.fileName();
    }
    void drop(const QStringList &paths)
    {
        QMimeData data;
        QList<QUrl> urls;
        for (const QString &path : paths) urls << QUrl::fromLocalFile(path);
        data.setUrls(urls);
        QWidget *target = panel->messageEditor()->viewport();
        QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(target, &enter);
        if (!enter.isAccepted()) return;
        QDropEvent event(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(target, &event);
    }
    bool attach(const QStringList &paths)
    {
        const size_t wanted = bar->attachments().size() + static_cast<size_t>(paths.size());
        drop(paths);
        return QTest::qWaitFor([&] { return bar->attachments().size() == wanted; }, kPatience);
    }
    [[nodiscard]] static QStringList names(const std::vector<AttachmentPtr> &attachments)
    {
        QStringList names;
        for (const AttachmentPtr &attachment : attachments) names << attachment->name;
        return names;
    }

    QTemporaryDir folder;
    AttachmentBar *bar;
};

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/prompt_edit.h"

#include <QMimeData>
#include <QUrl>

namespace orrery::ui {
namespace {

QStringList localFiles(const QMimeData &source)
{
    QStringList paths;
    for (const QUrl &url : source.urls())
        if (url.isLocalFile()) paths << url.toLocalFile();
    return paths;
}

/// Tables and documents copy a picture beside their text: there the text is meant.
bool isImageOnly(const QMimeData &source) { return source.hasImage() && !source.hasText(); }

} // namespace

bool PromptEdit::canInsertFromMimeData(const QMimeData *source) const
{
    if (m_takesMedia && (isImageOnly(*source) || !localFiles(*source).isEmpty())) return true;
    return QPlainTextEdit::canInsertFromMimeData(source);
}

void PromptEdit::insertFromMimeData(const QMimeData *source)
{
    if (m_takesMedia) {
        if (const QStringList paths = localFiles(*source); !paths.isEmpty()) {
            Q_EMIT filesGiven(paths);
            return;
        }
        if (isImageOnly(*source)) {
            Q_EMIT imageGiven(qvariant_cast<QImage>(source->imageData()));
            return;
        }
    }
    QPlainTextEdit::insertFromMimeData(source);
}

} // namespace orrery::ui

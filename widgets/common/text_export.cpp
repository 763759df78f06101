// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/text_export.h"

#include "core/spec/field_values.h"
#include "widgets/common/number_text.h"

#include <QFileInfo>
#include <QLocale>
#include <QSaveFile>

#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {

QString csvLine(const QStringList &fields)
{
    QStringList quoted;
    for (const QString &field : fields) {
        const bool mustQuote =
            field.contains(u',') || field.contains(u'"') || field.contains(u'\n') || field.contains(u'\r');
        QString text = field;
        quoted << (mustQuote ? u'"' + text.replace(u'"', u"\"\""_s) + u'"' : text);
    }
    return quoted.join(u',') + u'\n';
}

QString csvNumber(double value)
{
    return std::isfinite(value) ? QString::number(value, 'g', QLocale::FloatingPointShortest) : QString();
}

Result<void> saveTextFile(const QString &text, const QString &path)
{
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly)) {
        file.write(text.toUtf8());
        if (file.commit()) return {};
    }
    return Error{ErrorCode::Io,
                 "Cannot save " + quotedValue(toStd(QFileInfo(path).fileName())) + ": " +
                     toStd(file.errorString()) + ".",
                 "Choose another folder."};
}

} // namespace orrery::ui

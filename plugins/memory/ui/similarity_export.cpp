// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/similarity_export.h"

#include "widgets/common/number_text.h"
#include "widgets/common/svg_text_paths.h"

#include <QBuffer>
#include <QCoreApplication>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

constexpr QSize kSize(680, 520);
constexpr int kMargin = 16;

void paint(const SimilarityMap &map, QPainter &painter)
{
    painter.translate(kMargin, kMargin);
    map.paintFigure(painter, QSizeF(kSize.width() - 2 * kMargin, kSize.height() - 2 * kMargin));
}

Error badPath(const QString &path, const QString &reason)
{
    return {ErrorCode::Io, "Cannot write \"" + ui::toStd(path) + "\": " + ui::toStd(reason) + ".",
            "Choose a folder that you may write to and that has room."};
}

bool paintInto(const SimilarityMap &map, const QString &ending, QIODevice &device)
{
    if (ending == u"png") return similarityFigure(map).save(&device, "PNG");
    if (ending == u"svg") {
        QBuffer written;
        QSvgGenerator generator;
        generator.setOutputDevice(&written);
        generator.setSize(kSize);
        generator.setViewBox(QRect(QPoint(0, 0), kSize));
        QPainter painter(&generator);
        paint(map, painter);
        painter.end();
        const QByteArray bytes = ui::withTextAsPaths(written.data(), QCoreApplication::translate("SimilarityExport", "Likeness of the events"));
        return device.write(bytes) == bytes.size();
    }
    QPdfWriter writer(&device);
    writer.setPageSize(QPageSize(QSizeF(kSize) * 0.75, QPageSize::Point));
    writer.setPageMargins(QMarginsF());
    writer.setResolution(96);
    QPainter painter(&writer);
    paint(map, painter);
    return true;
}

} // namespace

QImage similarityFigure(const SimilarityMap &map)
{
    if (map.similarity().size() < 2) return {};
    constexpr int kScale = 2;
    QImage image(kSize * kScale, QImage::Format_RGB32);
    image.setDevicePixelRatio(kScale);
    image.fill(Qt::white);
    QPainter painter(&image);
    paint(map, painter);
    return image;
}

Result<void> saveSimilarity(const SimilarityMap &map, const QString &path)
{
    const QString ending = path.section(u'.', -1).toLower();
    if (ending != u"svg" && ending != u"pdf" && ending != u"png")
        return Error{ErrorCode::InvalidInput,
                     "Cannot save a figure to \"" + ui::toStd(path) + "\": the ending is \"" +
                         ui::toStd(ending) + "\", expected svg, pdf or png.",
                     "Choose another name."};
    if (map.similarity().size() < 2)
        return Error{ErrorCode::NotFound,
                     "Cannot save a figure to \"" + ui::toStd(path) +
                         "\": the events were not compared yet, expected a map of two or more.",
                     "Choose Likeness first."};
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    if (!paintInto(map, ending, buffer)) return badPath(path, u"the picture could not be encoded"_s);
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly) && file.write(buffer.data()) == buffer.data().size() && file.commit())
        return {};
    return badPath(path, file.errorString());
}

} // namespace orrery::memory_ui

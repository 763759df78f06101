// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/paper_figure.h"

#include "core/spec/field_values.h"
#include "widgets/common/number_text.h"
#include "widgets/common/svg_text_paths.h"

#include <QBuffer>
#include <QFileInfo>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kPixelsPerInch = 96;
constexpr double kPointsPerPixel = 72.0 / kPixelsPerInch;

void paintOn(QPaintDevice &device, const PaperFigure &figure)
{
    QPainter painter(&device);
    painter.setRenderHint(QPainter::Antialiasing);
    figure.paint(painter);
}

void writeSvg(QIODevice &file, const PaperFigure &figure)
{
    QBuffer written;
    QSvgGenerator generator;
    generator.setOutputDevice(&written);
    generator.setSize(figure.size.toSize());
    generator.setViewBox(QRectF(QPointF(), figure.size));
    generator.setResolution(kPixelsPerInch);
    paintOn(generator, figure);
    file.write(withTextAsPaths(written.data(), figure.title));
}

void writePdf(QIODevice &file, const PaperFigure &figure)
{
    QPdfWriter writer(&file);
    writer.setResolution(kPixelsPerInch);
    writer.setTitle(figure.title);
    writer.setPageSize(
        QPageSize(figure.size * kPointsPerPixel, QPageSize::Point, QString(), QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF());
    paintOn(writer, figure);
}

} // namespace

QImage paperImage(const PaperFigure &figure)
{
    constexpr double kRatio = 2;
    QImage image((figure.size * kRatio).toSize(), QImage::Format_RGB32);
    image.setDevicePixelRatio(kRatio);
    image.fill(Qt::white);
    paintOn(image, figure);
    return image;
}

Result<void> savePaper(const PaperFigure &figure, const QString &path)
{
    const std::string name = quotedValue(toStd(QFileInfo(path).fileName()));
    const QString ending = QFileInfo(path).suffix().toLower();
    if (ending != u"png" && ending != u"svg" && ending != u"pdf")
        return Error{ErrorCode::InvalidInput,
                     "Cannot save " + name + ": ending \"" + toStd(ending) +
                         "\" found, expected png, svg or pdf.",
                     "Choose another name."};
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly)) {
        if (ending == u"png")
            paperImage(figure).save(&file, "PNG");
        else if (ending == u"svg")
            writeSvg(file, figure);
        else
            writePdf(file, figure);
        if (file.commit()) return {};
    }
    return Error{ErrorCode::Io, "Cannot save " + name + ": " + toStd(file.errorString()) + ".",
                 "Choose another folder."};
}

} // namespace orrery::ui

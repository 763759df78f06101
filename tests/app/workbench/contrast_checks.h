// SPDX-License-Identifier: GPL-3.0-or-later
// Which texts of a window stand out too little from what is behind them, whoever paints them: a label, a style, a delegate or
// a view of ours. The window is painted twice, once for its pixels and once into a device that notes each text with its pen.
// GUI thread only.
#pragma once

#include "tests/app/workbench/window_checks.h"
#include "widgets/theme/contrast.h"

#include <QHash>
#include <QImage>
#include <QPaintEngine>
#include <QPainter>
#include <QPixmap>

namespace orrery::ui {

struct PaintedText {
    QString text;
    QColor color;
    QRect place; ///< in the pixels of the picture
    const QWidget *owner = nullptr;
};

/// Notes texts and paints nothing.
class TextNotes : public QPaintEngine {
public:
    TextNotes() : QPaintEngine(QPaintEngine::AllFeatures) {}
    bool begin(QPaintDevice *) override { return true; }
    bool end() override { return true; }
    void updateState(const QPaintEngineState &) override {}
    void drawPixmap(const QRectF &, const QPixmap &, const QRectF &) override {}
    void drawPath(const QPainterPath &) override {}
    void drawPolygon(const QPointF *, int, PolygonDrawMode) override {}
    void drawTextItem(const QPointF &at, const QTextItem &item) override
    {
        QColor color = painter()->pen().color();
        color.setAlphaF(color.alphaF() * float(painter()->opacity()));
        const QRectF box(at.x(), at.y() - item.ascent(), item.width(), item.ascent() + item.descent());
        QRectF place = painter()->deviceTransform().mapRect(box);
        if (painter()->hasClipping()) place &= painter()->deviceTransform().mapRect(painter()->clipBoundingRect());
        texts.append({item.text(), color, place.toAlignedRect(), dynamic_cast<QWidget *>(painter()->device())});
    }
    [[nodiscard]] Type type() const override { return User; }

    QList<PaintedText> texts;
};

class NotingDevice : public QPaintDevice {
public:
    explicit NotingDevice(QSize size) : m_size(size) {}
    [[nodiscard]] QPaintEngine *paintEngine() const override { return &m_notes; }
    [[nodiscard]] const QList<PaintedText> &texts() const { return m_notes.texts; }

protected:
    [[nodiscard]] int metric(PaintDeviceMetric what) const override
    {
        switch (what) {
        case PdmWidth:
            return m_size.width();
        case PdmHeight:
            return m_size.height();
        case PdmDepth:
            return 32;
        case PdmDevicePixelRatio:
            return 1;
        case PdmDevicePixelRatioScaled:
            return int(devicePixelRatioFScale());
        default:
            return 96;
        }
    }

private:
    QSize m_size;
    mutable TextNotes m_notes;
};

/// Most of what is behind a text is not the text.
inline QColor groundOf(const QImage &picture, const QRect &place)
{
    QHash<QRgb, int> counts;
    for (int y = place.top(); y <= place.bottom(); ++y)
        for (int x = place.left(); x <= place.right(); ++x) ++counts[picture.pixel(x, y)];
    QRgb most = picture.pixel(place.topLeft());
    for (auto count = counts.cbegin(); count != counts.cend(); ++count)
        if (count.value() > counts[most]) most = count.key();
    return QColor(most);
}

/// @param numTexts is raised by what was measured
inline QStringList paleTexts(QWidget &window, qsizetype &numTexts)
{
    QImage picture(window.size(), QImage::Format_RGB32);
    window.render(&picture);
    NotingDevice device(window.size());
    window.render(&device);
    QStringList found;
    for (const PaintedText &one : device.texts()) {
        QRect place = one.place & picture.rect();
        if (one.owner) { // what is scrolled away is not seen
            const QRect seen = one.owner->visibleRegion().boundingRect();
            place &= QRect(one.owner->mapTo(&window, seen.topLeft()), seen.size());
        }
        if (one.text.trimmed().isEmpty() || place.width() < 3 || 2 * place.height() < one.place.height()) continue;
        ++numTexts;
        const QColor ground = groundOf(picture, place);
        if (ground == QApplication::palette().color(QPalette::Highlight)) continue; // selected: Qt paints it twice
        const QColor color = mixed(one.color, ground, one.color.alphaF());
        // What cannot be used now has the disabled colour, or is on a widget that is off.
        const QPalette palette = one.owner ? one.owner->palette() : QApplication::palette();
        const bool isOff = (one.owner && !one.owner->isEnabled()) ||
                           one.color == palette.color(QPalette::Disabled, QPalette::Text) ||
                           one.color == palette.color(QPalette::Disabled, QPalette::HighlightedText);
        const double contrast = contrastRatio(color, ground);
        if (contrast >= (isOff ? kMinDisabledContrast : kMinTextContrast)) continue;
        found << u"“%1” %2 on %3: contrast %4, in %5"_s.arg(one.text.left(40), color.name(), ground.name())
                     .arg(contrast, 0, 'f', 2)
                     .arg(one.owner ? nameOf(one.owner) : QString());
    }
    found.removeDuplicates();
    return found;
}

inline QStringList paleTexts(QWidget &window)
{
    qsizetype numTexts = 0;
    return paleTexts(window, numTexts);
}

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/microscope_export.h"

#include "widgets/common/paper_figure.h"
#include "widgets/common/text_export.h"
#include "widgets/microscope/scale_bar.h"
#include "widgets/microscope/table_figure.h"

#include <QFontMetricsF>
#include <QPainter>

#include <cmath>
#include <memory>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kMargin = 16, kWidth = 520, kSectionGap = 14;

/// Measured once, painted on whatever.
class Page {
public:
    explicit Page(const MicroscopeFigure &figure) : m_figure(figure), m_style(FigureStyle::ofPaper())
    {
        for (const MicroscopeFigure::Part &part : figure.parts)
            m_tables.emplace_back(part.content.table, kWidth, m_style);
        m_height = paintOn(nullptr);
    }
    [[nodiscard]] QSizeF size() const { return {kWidth + 2 * kMargin, std::ceil(m_height) + 2 * kMargin}; }
    void paint(QPainter &painter) const
    {
        painter.fillRect(QRectF(QPointF(), size()), Qt::white);
        painter.translate(kMargin, kMargin);
        paintOn(&painter);
    }

private:
    /// @return the height
    double paintOn(QPainter *painter) const
    {
        double y = 0;
        QFont heading = m_style.base;
        heading.setWeight(QFont::DemiBold);
        y += paragraph(painter, m_figure.title, heading, m_style.tokens.text, y);
        y += paragraph(painter, m_figure.subtitle, m_style.small, m_style.tokens.secondary, y);
        for (size_t i = 0; i < m_figure.parts.size(); ++i) {
            const MicroscopeFigure::Part &part = m_figure.parts[i];
            y += kSectionGap;
            y += paragraph(painter, part.title, heading, m_style.tokens.text, y) + 4;
            if (painter) {
                painter->save();
                painter->translate(0, y);
                m_tables[i].paint(*painter, m_style, -1, 0, m_tables[i].height());
                painter->restore();
            }
            if (!part.content.table.isEmpty()) y += m_tables[i].height() + 4;
            if (part.hasScale) {
                const double height = QFontMetricsF(m_style.small).height() + 4;
                const HeatScale scale{.kind = ScaleKind::Linear, .isDifference = false, .limit = 1};
                if (painter)
                    paintScaleBar(*painter, QRectF(0, y, kWidth, height), scale, u"probability"_s, m_style);
                y += height;
            }
            y += paragraph(painter, part.content.sentence, m_style.small, m_style.tokens.secondary, y);
        }
        return y;
    }
    static double paragraph(QPainter *painter, const QString &text, const QFont &font, const QColor &color,
                            double y)
    {
        if (text.isEmpty()) return 0;
        const int flags = Qt::TextWordWrap | Qt::AlignLeft | Qt::AlignTop;
        const QRectF area = QFontMetricsF(font).boundingRect(QRectF(0, 0, kWidth, 10'000), flags, text);
        if (painter) {
            painter->setFont(font);
            painter->setPen(color);
            painter->drawText(QRectF(0, y, kWidth, std::ceil(area.height()) + 1), flags, text);
        }
        return std::ceil(area.height()) + 1;
    }

    const MicroscopeFigure &m_figure;
    FigureStyle m_style;
    std::vector<TableFigure> m_tables;
    double m_height = 0;
};

} // namespace

namespace {

PaperFigure paperOf(const MicroscopeFigure &figure)
{
    const auto page = std::make_shared<const Page>(figure);
    return {.title = figure.title, .size = page->size(), .paint = [page](QPainter &painter) {
                page->paint(painter);
            }};
}

} // namespace

QImage microscopeImage(const MicroscopeFigure &figure) { return paperImage(paperOf(figure)); }

Result<void> saveMicroscope(const MicroscopeAnswer &answer, const MicroscopeFigure &figure,
                            const QString &path)
{
    const QString ending = path.section(u'.', -1).toLower();
    if (ending == u"csv"_s) return saveTextFile(microscopeCsv(answer), path);
    if (ending == u"json"_s) return saveTextFile(microscopeJson(answer), path);
    return savePaper(paperOf(figure), path);
}

} // namespace orrery::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/attention_export.h"

#include "widgets/common/number_text.h"
#include "widgets/common/paper_figure.h"
#include "widgets/common/text_export.h"

#include <QCoreApplication>
#include <QFile>
#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <memory>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kMargin = 12;

/// Measured once, painted on whatever.
class Figure {
public:
    explicit Figure(const FigurePage &page)
        : m_title(page.title), m_subtitle(page.subtitle), m_pinnedRow(page.pinnedRow),
          m_style(FigureStyle::ofPaper())
    {
        m_titleHeight = QFontMetricsF(m_style.base).height() + QFontMetricsF(m_style.small).height() + 10;
        if (page.head) {
            m_head.setContent(*page.head);
            constexpr double kHeight = 640;
            m_size = QSizeF(m_head.widthForHeight(kHeight, m_style) + 8, kHeight);
            m_headLayout = m_head.layout(m_size, {}, m_style);
            m_size = QSizeF(std::max(m_headLayout.legend.right(), m_headLayout.plot.right() + 40) + 4,
                            std::max(m_headLayout.plot.bottom(), m_headLayout.legend.bottom()) + 4);
        } else if (page.overview) {
            m_overview.setContent(*page.overview, m_style);
            m_overviewLayout = m_overview.layout(QSizeF(1100, 900), m_style);
            m_size = m_overviewLayout.size;
        }
        if (page.modalities) addGrids(page.modalities);
        const QFontMetricsF metrics(m_style.base);
        m_size.setWidth(std::max(m_size.width(), metrics.horizontalAdvance(m_title)));
    }
    [[nodiscard]] QSizeF size() const { return m_size + QSizeF(2 * kMargin, 2 * kMargin + m_titleHeight); }
    void paint(QPainter &painter) const
    {
        painter.fillRect(QRectF(QPointF(), size()), Qt::white);
        painter.translate(kMargin, kMargin);
        QFont title = m_style.base;
        title.setWeight(QFont::DemiBold);
        const QFontMetricsF heading(title), small(m_style.small);
        painter.setPen(m_style.tokens.text);
        painter.setFont(title);
        painter.drawText(QPointF(0, heading.ascent()),
                         heading.elidedText(m_title, Qt::ElideRight, m_size.width()));
        painter.setPen(m_style.tokens.secondary);
        painter.setFont(m_style.small);
        painter.drawText(QPointF(0, heading.height() + small.ascent()),
                         small.elidedText(m_subtitle, Qt::ElideRight, m_size.width()));
        painter.translate(0, m_titleHeight);
        if (!m_head.isEmpty())
            m_head.paint(painter, m_headLayout, {.pinnedRow = m_pinnedRow}, m_style);
        else if (!m_overview.tiles().empty())
            m_overview.paint(painter, m_overviewLayout, QRectF(QPointF(), m_overviewLayout.size), {},
                             m_style);
        for (const auto &[grid, layout, width] : m_grids) {
            painter.setPen(m_style.tokens.text);
            painter.setFont(m_style.small);
            painter.drawText(QPointF(0, small.ascent()), gridTitle(grid));
            painter.translate(0, kGridTitle);
            grid.paint(painter, layout, {}, m_style);
            painter.translate(width + kGridGap, -kGridTitle);
        }
    }

private:
    static constexpr double kGridTitle = 22, kGridGap = 32;
    static QString gridTitle(const ModalityGrid &grid)
    {
        QStringList names;
        for (Modality modality : grid.modalities()) names << modalityTitle(modality);
        const QString what =
            grid.scale().kind == FlowKind::Mass
                ? QCoreApplication::translate("AttentionExport", "Share of a row's attention; rows look")
                : QCoreApplication::translate("AttentionExport", "Learned factor before the softmax");
        return QCoreApplication::translate("AttentionExport", "%1. Rows and columns: %2")
            .arg(what, names.join(u", "_s));
    }
    void addGrids(const SnapshotPtr &now)
    {
        m_size = QSizeF(0, 0);
        for (const FlowKind kind : {FlowKind::Mass, FlowKind::Learned}) {
            ModalityGrid grid;
            grid.setContent(now, kind);
            const bool isThere =
                std::any_of(grid.flows().begin(), grid.flows().end(), [kind](const auto &flow) {
                    return !(kind == FlowKind::Mass ? flow.mass : flow.weights).empty();
                });
            if (!isThere) continue;
            const ModalityGridLayout layout = grid.layout(QSizeF(560, 640), m_style);
            const double title = QFontMetricsF(m_style.small).horizontalAdvance(gridTitle(grid));
            const double width = std::max(layout.size.width(), std::ceil(title));
            m_size.rwidth() += width + kGridGap;
            m_size.setHeight(std::max(m_size.height(), kGridTitle + layout.size.height()));
            m_grids.push_back({std::move(grid), layout, width});
        }
    }

    struct Grid {
        ModalityGrid grid;
        ModalityGridLayout layout;
        double width; ///< of it and its title
    };
    QString m_title, m_subtitle;
    int m_pinnedRow = -1;
    FigureStyle m_style;
    HeadFigure m_head;
    HeadLayout m_headLayout;
    OverviewScene m_overview;
    OverviewLayout m_overviewLayout;
    std::vector<Grid> m_grids;
    QSizeF m_size{300, 100};
    double m_titleHeight = 0;
};

PaperFigure paperOf(const FigurePage &page)
{
    const auto figure = std::make_shared<const Figure>(page);
    return {.title = page.title, .size = figure->size(), .paint = [figure](QPainter &painter) {
                figure->paint(painter);
            }};
}

/// A map is a picture with a pixel a cell: its cells stay sharp.
Result<void> sharpenCells(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) return {}; // it is there, and may be soft
    QString text = QString::fromUtf8(file.readAll());
    file.close();
    if (text.isEmpty()) return {};
    return saveTextFile(text.replace("<image "_L1, "<image style=\"image-rendering:pixelated\" "_L1), path);
}

QString quotedCsv(QString text)
{
    text.replace(u'"', u"\"\""_s);
    return u'"' + text + u'"';
}

QString number(double value) { return std::isfinite(value) ? QString::number(value, 'g', 7) : QString(); }

} // namespace

QImage figureImage(const FigurePage &page) { return paperImage(paperOf(page)); }

Result<void> saveFigure(const FigurePage &page, const QString &path)
{
    ORRERY_TRY(savePaper(paperOf(page), path));
    return path.endsWith(".svg"_L1, Qt::CaseInsensitive) ? sharpenCells(path) : Result<void>();
}

QString headCsv(const HeadContent &content)
{
    QString text = u"row,row_text,column,column_text"_s;
    for (const HeadMatrix &head : content.heads) {
        const QString name = QString::fromStdString(headName(head.head));
        text += u",mean_%1,max_%1"_s.arg(name);
    }
    text += u'\n';
    if (content.heads.empty()) return text;
    const HeadMatrix &first = content.heads.front();
    const auto namesOf = [&content](const std::vector<TokenRange> &ranges) { // each stands in many lines
        QStringList names;
        for (const TokenRange &range : ranges)
            names << QString::number(range.begin) + u',' + quotedCsv(rangeLabel(content.tokens, range));
        return names;
    };
    const QStringList looks = namesOf(first.rows), seen = namesOf(first.columns);
    for (int row = 0; row < first.height(); ++row)
        for (int column = 0; column < first.width(); ++column) {
            text += looks[row] + u',' + seen[column];
            for (const HeadMatrix &head : content.heads)
                text += u',' + number(head.meanAt(row, column)) + u',' + number(head.maximumAt(row, column));
            text += u'\n';
        }
    return text;
}

QString overviewCsv(const OverviewScene &scene)
{
    QString text = u"layer,head,entropy_nats,distance_tokens,first_mass,self_mass,difference\n"_s;
    for (const HeadTile &tile : scene.tiles()) {
        const double unknown = std::nan("");
        const HeadSummary &one = tile.summary;
        text += QString::number(tile.head.layer) + u',' + QString::number(tile.head.head);
        for (double value : {one.entropy, one.distance, one.firstMass, one.selfMass})
            text += u',' + number(tile.hasSummary ? value : unknown);
        text += u',' + number(tile.difference) + u'\n';
    }
    return text;
}

} // namespace orrery::ui
